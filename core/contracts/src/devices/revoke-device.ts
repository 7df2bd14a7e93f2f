/** A device is out of service for good: broken, stolen, sold. */

import { ACTION_FIELDS } from '@oppidum/formats/action-fields';
import { reject } from '@oppidum/formats/errors';
import { deviceKind } from '@oppidum/formats/state-devices';
import { at } from '@oppidum/formats/state-layout';
import { defineAction } from '@oppidum/ledger/action';
import { checkOperatorOrOwner } from '../trust/owners.ts';
import { readStanding } from './standing.ts';

/**
 * Revokes a device from this height on, whether it was ever active or not. Nothing undoes it; its keys never speak for another.
 * Rule: the operator, or the owner, who is the maker until it sold the device.
 * Refuses, in this order: DEVICE_UNKNOWN, NOT_AUTHORIZED, KEY_CLASS_TOO_LOW, DEVICE_REVOKED.
 */
export const revokeDevice = defineAction({
  kind: 'device/revoke',
  body: ACTION_FIELDS['device/revoke'],

  check({ id: device }, city) {
    const standing = readStanding(city, device);
    if ('code' in standing) return standing;
    const refused = checkOperatorOrOwner(city, device, standing, 'full');
    if (refused !== null) return refused;
    const { to } = standing.device;
    return to === undefined ? null : reject('DEVICE_REVOKED', { revokedAt: to });
  },

  // COMMIT POINT
  apply({ id: device, reason }, city) {
    const place = at(deviceKind, device);
    city.write(place, { ...city.get(place), status: 'revoked', to: city.height, reason });
    city.emit('device/revoked', { device, reason });
  },
});
