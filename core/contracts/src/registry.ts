/** The rules of a city: every area's actions in one table. */

import { actionTable, type Registry } from '@oppidum/ledger/action';
import { deviceActions } from './devices/actions.ts';
import { erasureActions } from './erasure/actions.ts';
import { governanceActions } from './governance/actions.ts';
import { beginBlock, hasPendingWork } from './governance/begin-block.ts';
import { applyGenesis } from './governance/genesis.ts';
import { telemetryActions } from './telemetry/actions.ts';
import { trustActions } from './trust/actions.ts';

export const cityRegistry: Registry = {
  actions: actionTable(governanceActions, deviceActions, trustActions, telemetryActions, erasureActions),
  applyGenesis,
  beginBlock,
  hasPendingWork,
  // By version, from the second on: what turns the state of the version before into this one's (specs/ledger.md §11).
  migrations: new Map(),
};
