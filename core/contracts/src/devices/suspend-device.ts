/** A device is set aside while somebody finds out what is wrong with it. */

import { ACTION_FIELDS } from '@oppidum/formats/action-fields';
import { reject } from '@oppidum/formats/errors';
import { defineAction } from '@oppidum/ledger/action';
import { checkOperatorOrOwner } from '../trust/owners.ts';
import { readStanding } from './standing.ts';
import { applySuspension } from './suspensions.ts';

/**
 * Suspends an active device from this height on.
 * Rule: the operator, or the owner, who is the maker until it sold the device; an everyday key suffices, for this errs on the safe side.
 * Refuses, in this order: DEVICE_UNKNOWN, NOT_AUTHORIZED, DEVICE_REVOKED, DEVICE_NOT_ACTIVE, DEVICE_SUSPENDED.
 */
export const suspendDevice = defineAction({
  kind: 'device/suspend',
  body: ACTION_FIELDS['device/suspend'],

  check({ id: device }, city) {
    const standing = readStanding(city, device);
    if ('code' in standing) return standing;
    const refused = checkOperatorOrOwner(city, device, standing, 'everyday');
    if (refused !== null) return refused;
    const { status, to } = standing.device;
    if (to !== undefined) return reject('DEVICE_REVOKED', { revokedAt: to });
    if (status === 'registered') return reject('DEVICE_NOT_ACTIVE', { status });
    return status === 'active' ? null : reject('DEVICE_SUSPENDED', { status });
  },

  // COMMIT POINT
  apply({ id: device, reason }, city) {
    applySuspension(city, device, reason);
  },
});
