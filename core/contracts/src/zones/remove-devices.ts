/** Devices leave a zone: no order of its keys is issued for them any more. */

import { ACTION_FIELDS } from '@oppidum/formats/action-fields';
import { defineAction } from '@oppidum/ledger/action';
import { checkAt } from '../positions.ts';
import { applyLeaves, checkInZone } from './zone-devices.ts';
import { openZone } from './zones.ts';

/**
 * Removes 1 to 1,000 devices from a zone, all of them or none. They obey its keys until they are pinned to others by hand.
 * Refuses, in this order: NOT_AUTHORIZED, KEY_CLASS_TOO_LOW, ZONE_UNKNOWN; device by device DEVICE_NOT_IN_ZONE.
 */
export const removeDevices = defineAction({
  kind: 'zone/remove-devices',
  body: ACTION_FIELDS['zone/remove-devices'],

  check({ zone: id, devices }, city) {
    const zone = openZone(city, id);
    if ('code' in zone) return zone;
    for (const [position, device] of devices.entries()) {
      const refused = checkAt(position, () => checkInZone(city, id, device));
      if (refused !== null) return refused;
    }
    return null;
  },

  // COMMIT POINT
  apply({ zone, devices }, city) {
    applyLeaves(city, zone, devices);
    city.emit('zone/devices-removed', { zone, count: devices.length });
  },
});
