/** A device is set apart: what it says is kept, and nothing acts on it. */

import { ACTION_FIELDS } from '@oppidum/formats/action-fields';
import { reject } from '@oppidum/formats/errors';
import { defineAction } from '@oppidum/ledger/action';
import { checkOperatorOrOwner } from '../trust/owners.ts';
import { applyQuarantine, openQuarantine } from './quarantines.ts';
import { readStanding } from './standing.ts';

/**
 * Puts a device into quarantine from this height on: its readings are taken and marked, no interlock counts them, no order goes to it.
 * Rule: the operator, or the owner, who is the maker until it sold the device; an everyday key suffices, for this errs on the safe side.
 * Refuses, in this order: DEVICE_UNKNOWN, NOT_AUTHORIZED, DEVICE_REVOKED, DEVICE_QUARANTINED.
 */
export const quarantineDevice = defineAction({
  kind: 'device/quarantine',
  body: ACTION_FIELDS['device/quarantine'],

  check({ id: device }, city) {
    const standing = readStanding(city, device);
    if ('code' in standing) return standing;
    const refused = checkOperatorOrOwner(city, device, standing, 'everyday');
    if (refused !== null) return refused;
    if (standing.device.to !== undefined) return reject('DEVICE_REVOKED', { revokedAt: standing.device.to });
    const open = openQuarantine(standing.device);
    return open === null ? null : reject('DEVICE_QUARANTINED', { from: open.from, cause: open.cause });
  },

  // COMMIT POINT
  apply({ id: device, reason }, city) {
    applyQuarantine(city, device, 'manual', reason);
  },
});
