/** The council decides from which block on the city executes by other rules. */

import { ACTION_FIELDS } from '@oppidum/formats/action-fields';
import { reject } from '@oppidum/formats/errors';
import { at } from '@oppidum/formats/state-layout';
import { upgradePlanKind } from '@oppidum/formats/state-upgrades';
import { defineAction } from '@oppidum/ledger/action';
import { rulesVersion } from '@oppidum/ledger/upgrade';
import { checkCouncil } from '../authority.ts';

/**
 * Plans the next version of the rules. The block of the height named is the first that executes by them; a program that does not know
 * them stops before it. Whether any program does is not asked: the ledger must not depend on which one runs it.
 * Rule: the version after the present one, at a later height than this block's; one plan at a time.
 * Refuses, in this order: NOT_AUTHORIZED, UPGRADE_PLANNED, UPGRADE_VERSION, UPGRADE_TOO_SOON.
 */
export const planUpgrade = defineAction({
  kind: 'upgrade/plan',
  body: ACTION_FIELDS['upgrade/plan'],
  dangerous: true,

  check({ version, height }, city) {
    const refused = checkCouncil(city);
    if (refused !== null) return refused;
    const plan = city.read(at(upgradePlanKind));
    if (plan !== null) return reject('UPGRADE_PLANNED', { version: plan.version, height: plan.height });
    const want = rulesVersion(city) + 1;
    if (version !== want) return reject('UPGRADE_VERSION', { want, got: version });
    return height > city.height ? null : reject('UPGRADE_TOO_SOON', { height, now: city.height });
  },

  // COMMIT POINT
  apply({ version, height }, city) {
    city.write(at(upgradePlanKind), { version, height, decidedAt: city.height });
    city.emit('upgrade/planned', { version, height });
  },
});
