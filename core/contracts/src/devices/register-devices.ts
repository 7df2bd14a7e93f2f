/** A maker registers a delivery of devices at once. */

import { ACTION_FIELDS } from '@oppidum/formats/action-fields';
import { toHex } from '@oppidum/formats/bytes';
import { type Rejection, reject } from '@oppidum/formats/errors';
import { defineAction } from '@oppidum/ledger/action';
import type { City } from '@oppidum/ledger/city';
import { checkAt } from '../positions.ts';
import { applyRegistration, checkModelOfMaker, checkNewDevice, type NewDevice } from './registrations.ts';

/**
 * Registers up to 1,000 devices of one model, all or none, as `device/register` does one. A refusal names the position in the list,
 * counted from 0, of the first device that is refused.
 * Refuses, in this order: MODEL_UNKNOWN, NOT_AUTHORIZED, MANUFACTURER_REVOKED, MODEL_REVOKED, then device by device KEY_INVALID,
 * DEVICE_ID_WRONG, DEVICE_EXISTS (twice in the list, too), KEY_IN_USE.
 */
export const registerDevices = defineAction({
  kind: 'device/register-many',
  body: ACTION_FIELDS['device/register-many'],

  check({ model, devices }, city) {
    return checkModelOfMaker(city, model) ?? checkNewDevices(city, devices);
  },

  // COMMIT POINT
  apply({ model, devices }, city) {
    for (const device of devices) applyRegistration(city, model, device);
  },
});

function checkNewDevices(city: City, devices: readonly NewDevice[]): Rejection | null {
  const seen = new Set<string>();
  for (const [position, device] of devices.entries()) {
    const refused = checkAt(position, () => checkNewDevice(city, device));
    if (refused !== null) return refused;
    const name = toHex(device.id);
    // An id stands for its key: two of one key are two of one id.
    if (seen.has(name)) return reject('DEVICE_EXISTS', { position, device: name });
    seen.add(name);
  }
  return null;
}
