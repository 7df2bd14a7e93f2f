/** Devices come under the envelope and the order keys of a zone. */

import { ACTION_FIELDS } from '@oppidum/formats/action-fields';
import { defineAction } from '@oppidum/ledger/action';
import { checkAt } from '../positions.ts';
import { applyJoins, checkJoins, checkRoom } from './zone-devices.ts';
import { openZone } from './zones.ts';

/**
 * Adds 1 to 1,000 devices to a zone, all of them or none. A device belongs to one zone, so one set of keys orders it.
 * Rule: who bought a device agrees to the keys that will order it, so its owner signs, too.
 * Refuses, in this order: NOT_AUTHORIZED, KEY_CLASS_TOO_LOW, ZONE_UNKNOWN; device by device DEVICE_UNKNOWN, DEVICE_REVOKED,
 * NOT_AUTHORIZED (not its owner), DEVICE_IN_ZONE; ZONE_FULL.
 */
export const addDevices = defineAction({
  kind: 'zone/add-devices',
  body: ACTION_FIELDS['zone/add-devices'],

  check({ zone: id, devices }, city) {
    const zone = openZone(city, id);
    if ('code' in zone) return zone;
    for (const [position, device] of devices.entries()) {
      const refused = checkAt(position, () => checkJoins(city, device));
      if (refused !== null) return refused;
    }
    return checkRoom(city, zone, devices);
  },

  // COMMIT POINT
  apply({ zone, devices }, city) {
    applyJoins(city, zone, devices);
    city.emit('zone/devices-added', { zone, count: devices.length });
  },
});
