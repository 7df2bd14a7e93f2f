/** An image turned out to be bad: devices that run it count no more. */

import { ACTION_FIELDS } from '@oppidum/formats/action-fields';
import { toHex } from '@oppidum/formats/bytes';
import { reject } from '@oppidum/formats/errors';
import { at } from '@oppidum/formats/state-layout';
import { firmwareKind } from '@oppidum/formats/state-trust';
import { defineAction } from '@oppidum/ledger/action';
import { checkOperatorOrMaker, readMake } from '../devices/makers.ts';

/**
 * Withdraws an image for good. Devices that reported it are distrusted at once, until they report a permitted one.
 * Rule: the operator, or the maker for its own, with a full key: it may silence all devices of a model.
 * Refuses, in this order: MODEL_UNKNOWN, NOT_AUTHORIZED, KEY_CLASS_TOO_LOW, FIRMWARE_UNKNOWN, FIRMWARE_WITHDRAWN.
 */
export const withdrawFirmware = defineAction({
  kind: 'model/withdraw-firmware',
  body: ACTION_FIELDS['model/withdraw-firmware'],

  check({ id: model, digest }, city) {
    const make = readMake(city, model);
    if ('code' in make) return make;
    const refused = checkOperatorOrMaker(city, make.manufacturer.account, 'full');
    if (refused !== null) return refused;
    const known = city.read(at(firmwareKind, model, digest));
    if (known === null) return reject('FIRMWARE_UNKNOWN', { digest: toHex(digest) });
    return known.to === undefined ? null : reject('FIRMWARE_WITHDRAWN', { digest: toHex(digest), withdrawnAt: known.to });
  },

  // COMMIT POINT
  apply({ id: model, digest, reason }, city) {
    const place = at(firmwareKind, model, digest);
    city.write(place, { ...city.get(place), to: city.height, reason });
    city.emit('model/firmware-withdrawn', { model, digest, reason });
  },
});
