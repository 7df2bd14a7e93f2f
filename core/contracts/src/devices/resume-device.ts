/** A suspended device is believed again. */

import { ACTION_FIELDS } from '@oppidum/formats/action-fields';
import { reject } from '@oppidum/formats/errors';
import { defineAction } from '@oppidum/ledger/action';
import { checkRole } from '../authority.ts';
import { readStanding } from './standing.ts';
import { applyResumption } from './suspensions.ts';

/**
 * Ends the suspension of a device, from this height on.
 * Rule: the operator alone, whoever suspended it: no maker lifts what the city found.
 * Refuses, in this order: NOT_AUTHORIZED, DEVICE_UNKNOWN, DEVICE_REVOKED, DEVICE_NOT_SUSPENDED.
 */
export const resumeDevice = defineAction({
  kind: 'device/resume',
  body: ACTION_FIELDS['device/resume'],

  check({ id: device }, city) {
    const refused = checkRole(city, 'operator');
    if (refused !== null) return refused;
    const standing = readStanding(city, device);
    if ('code' in standing) return standing;
    const { status, to } = standing.device;
    if (to !== undefined) return reject('DEVICE_REVOKED', { revokedAt: to });
    return status === 'suspended' ? null : reject('DEVICE_NOT_SUSPENDED', { status });
  },

  // COMMIT POINT
  apply({ id: device }, city) {
    applyResumption(city, device);
  },
});
