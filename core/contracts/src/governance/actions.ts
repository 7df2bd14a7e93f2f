/** All actions of governance. */

import type { AnyAction } from '@oppidum/ledger/action';
import { addAccountKey } from './add-account-key.ts';
import { appointTrustees } from './appoint-trustees.ts';
import { approveProposal } from './approve-proposal.ts';
import { cancelUpgrade } from './cancel-upgrade.ts';
import { changeBody } from './change-body.ts';
import { changePolicy } from './change-policy.ts';
import { closeAccount } from './close-account.ts';
import { createAccount } from './create-account.ts';
import { createBody } from './create-body.ts';
import { createProposal } from './create-proposal.ts';
import { grantRole } from './grant-role.ts';
import { planUpgrade } from './plan-upgrade.ts';
import { rejectProposal } from './reject-proposal.ts';
import { reportValidatorFork } from './report-validator-fork.ts';
import { retireAccountKey } from './retire-account-key.ts';
import { revokeRole } from './revoke-role.ts';
import { setParameter } from './set-parameter.ts';
import { withdrawProposal } from './withdraw-proposal.ts';

export const governanceActions: readonly AnyAction[] = [
  createAccount,
  closeAccount,
  addAccountKey,
  retireAccountKey,
  grantRole,
  revokeRole,
  createBody,
  changeBody,
  appointTrustees,
  setParameter,
  changePolicy,
  planUpgrade,
  cancelUpgrade,
  reportValidatorFork,
  createProposal,
  approveProposal,
  rejectProposal,
  withdrawProposal,
];
