/** A maker registers a device. */

import { ACTION_FIELDS } from '@oppidum/formats/action-fields';
import { defineAction } from '@oppidum/ledger/action';
import { applyRegistration, checkModelOfMaker, checkNewDevice } from './registrations.ts';

/**
 * Registers a device with its first key, number 0. It is not believed yet: the key has no `from` until the device proved that it
 * holds it. The grade says who really signs, and the maker vouches for it.
 * Refuses, in this order: MODEL_UNKNOWN, NOT_AUTHORIZED, MANUFACTURER_REVOKED, MODEL_REVOKED, KEY_INVALID, DEVICE_ID_WRONG,
 * DEVICE_EXISTS, KEY_IN_USE.
 */
export const registerDevice = defineAction({
  kind: 'device/register',
  body: ACTION_FIELDS['device/register'],

  check({ model, ...device }, city) {
    return checkModelOfMaker(city, model) ?? checkNewDevice(city, device);
  },

  // COMMIT POINT
  apply({ model, ...device }, city) {
    applyRegistration(city, model, device);
  },
});
