/** A maker says which images the devices of a model may run. */

import { ACTION_FIELDS } from '@oppidum/formats/action-fields';
import { toHex } from '@oppidum/formats/bytes';
import { reject } from '@oppidum/formats/errors';
import { at } from '@oppidum/formats/state-layout';
import { firmwareKind } from '@oppidum/formats/state-trust';
import { defineAction } from '@oppidum/ledger/action';
import { checkAccount } from '../authority.ts';
import { checkMade, readMake } from '../devices/makers.ts';

/**
 * Permits an image by its digest. What stands in `metadata` was verified by whoever signs this, as The Update Framework asks; the ledger
 * keeps its digest, so that everybody can do it again. What was withdrawn is never permitted again.
 * Refuses, in this order: MODEL_UNKNOWN, NOT_AUTHORIZED, KEY_CLASS_TOO_LOW, MANUFACTURER_REVOKED, MODEL_REVOKED, FIRMWARE_WITHDRAWN,
 * FIRMWARE_EXISTS.
 */
export const permitFirmware = defineAction({
  kind: 'model/permit-firmware',
  body: ACTION_FIELDS['model/permit-firmware'],

  check({ id: model, digest }, city) {
    const make = readMake(city, model);
    if ('code' in make) return make;
    const refused = checkAccount(city, make.manufacturer.account, 'full') ?? checkMade(make);
    if (refused !== null) return refused;
    const known = city.read(at(firmwareKind, model, digest));
    if (known === null) return null;
    return reject(known.to === undefined ? 'FIRMWARE_EXISTS' : 'FIRMWARE_WITHDRAWN', { digest: toHex(digest) });
  },

  // COMMIT POINT
  apply({ id: model, digest, ...image }, city) {
    city.write(at(firmwareKind, model, digest), { ...image, from: city.height });
    city.emit('model/firmware-permitted', { model, digest, version: image.version });
  },
});
