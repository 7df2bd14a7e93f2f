/** A device in quarantine counts again. */

import { ACTION_FIELDS } from '@oppidum/formats/action-fields';
import { reject } from '@oppidum/formats/errors';
import { defineAction } from '@oppidum/ledger/action';
import { checkRole } from '../authority.ts';
import { applyRelease, openQuarantine } from './quarantines.ts';
import { readStanding } from './standing.ts';

/**
 * Ends the quarantine of a device, from this height on.
 * Rule: the operator alone, with a full key, whatever caused it: a device that lies would release itself, its maker might.
 * Refuses, in this order: NOT_AUTHORIZED, KEY_CLASS_TOO_LOW, DEVICE_UNKNOWN, DEVICE_REVOKED, DEVICE_NOT_QUARANTINED.
 */
export const releaseDevice = defineAction({
  kind: 'device/release',
  body: ACTION_FIELDS['device/release'],

  check({ id: device }, city) {
    const refused = checkRole(city, 'operator', 'full');
    if (refused !== null) return refused;
    const standing = readStanding(city, device);
    if ('code' in standing) return standing;
    const { to } = standing.device;
    if (to !== undefined) return reject('DEVICE_REVOKED', { revokedAt: to });
    return openQuarantine(standing.device) === null ? reject('DEVICE_NOT_QUARANTINED') : null;
  },

  // COMMIT POINT
  apply({ id: device }, city) {
    applyRelease(city, device);
  },
});
