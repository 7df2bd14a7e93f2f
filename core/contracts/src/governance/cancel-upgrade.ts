/** The council takes an upgrade back before its block. */

import { ACTION_FIELDS } from '@oppidum/formats/action-fields';
import { reject } from '@oppidum/formats/errors';
import { at } from '@oppidum/formats/state-layout';
import { upgradePlanKind } from '@oppidum/formats/state-upgrades';
import { defineAction } from '@oppidum/ledger/action';
import { checkCouncil } from '../authority.ts';

/**
 * Cancels the planned upgrade; the city goes on by the rules in force.
 * Refuses, in this order: NOT_AUTHORIZED, UPGRADE_UNPLANNED.
 */
export const cancelUpgrade = defineAction({
  kind: 'upgrade/cancel',
  body: ACTION_FIELDS['upgrade/cancel'],
  dangerous: true,

  check(_body, city) {
    const refused = checkCouncil(city);
    if (refused !== null) return refused;
    return city.read(at(upgradePlanKind)) === null ? reject('UPGRADE_UNPLANNED') : null;
  },

  // COMMIT POINT
  apply(_body, city) {
    const { version, height } = city.get(at(upgradePlanKind));
    city.remove(at(upgradePlanKind));
    city.emit('upgrade/cancelled', { version, height });
  },
});
