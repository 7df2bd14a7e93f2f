/** The rules of a city: every area's actions in one table. */

import { actionTable, type Registry } from '@oppidum/ledger/action';
import { alarmActions } from './alarms/actions.ts';
import { deviceActions } from './devices/actions.ts';
import { DOMAINS } from './domains/all.ts';
import { type DomainLookup, lookupIn } from './domains/domain.ts';
import { erasureActions } from './erasure/actions.ts';
import { governanceActions } from './governance/actions.ts';
import { beginBlock, hasPendingWork } from './governance/begin-block.ts';
import { applyGenesis } from './governance/genesis.ts';
import { MIGRATIONS } from './governance/migrations.ts';
import { orderActions } from './orders/actions.ts';
import { telemetryActions } from './telemetry/actions.ts';
import { trustActions } from './trust/actions.ts';
import { zoneActions } from './zones/actions.ts';

/** The rules with these domains of machines. */
export function registryWith(domains: DomainLookup): Registry {
  return {
    actions: actionTable(
      governanceActions,
      deviceActions,
      trustActions,
      telemetryActions,
      erasureActions,
      zoneActions(domains),
      orderActions(domains),
      alarmActions,
    ),
    applyGenesis,
    beginBlock,
    hasPendingWork,
    migrations: MIGRATIONS,
  };
}

export const cityRegistry: Registry = registryWith(lookupIn(DOMAINS));
