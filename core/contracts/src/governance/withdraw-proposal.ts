/** The proposer takes a proposal back before it is decided. */

import { ACTION_FIELDS } from '@oppidum/formats/action-fields';
import { proposalKind } from '@oppidum/formats/state-governance';
import { at } from '@oppidum/formats/state-layout';
import { defineAction } from '@oppidum/ledger/action';
import { checkAccount } from '../authority.ts';
import { checkWaiting } from './approvals.ts';

/**
 * Withdraws a proposal for good.
 * Refuses, in this order: PROPOSAL_UNKNOWN, PROPOSAL_CLOSED, PROPOSAL_EXPIRED, NOT_AUTHORIZED, KEY_CLASS_TOO_LOW.
 */
export const withdrawProposal = defineAction({
  kind: 'proposal/withdraw',
  body: ACTION_FIELDS['proposal/withdraw'],

  check({ id: proposalId }, city) {
    const late = checkWaiting(city, proposalId);
    return late ?? checkAccount(city, city.get(at(proposalKind, proposalId)).proposer, 'full');
  },

  // COMMIT POINT
  apply({ id: proposalId }, city) {
    city.write(at(proposalKind, proposalId), { ...city.get(at(proposalKind, proposalId)), withdrawn: true });
    city.emit('proposal/withdrawn', { id: proposalId });
  },
});
