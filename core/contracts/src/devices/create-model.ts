/** A maker announces a model of device. */

import { ACTION_FIELDS } from '@oppidum/formats/action-fields';
import { toHex } from '@oppidum/formats/bytes';
import { reject } from '@oppidum/formats/errors';
import { manufacturerKind, modelKind } from '@oppidum/formats/state-devices';
import { at } from '@oppidum/formats/state-layout';
import { defineAction } from '@oppidum/ledger/action';
import { checkAccount } from '../authority.ts';

/**
 * Creates a model. What it says holds for every device of it and never changes: whether its readings are about people, whether a
 * machine stands behind them.
 * Refuses, in this order: MANUFACTURER_UNKNOWN, NOT_AUTHORIZED, MANUFACTURER_REVOKED, MODEL_EXISTS.
 */
export const createModel = defineAction({
  kind: 'model/create',
  body: ACTION_FIELDS['model/create'],

  check(body, city) {
    const maker = city.read(at(manufacturerKind, body.manufacturer));
    if (maker === null) return reject('MANUFACTURER_UNKNOWN', { manufacturer: toHex(body.manufacturer) });
    const refused = checkAccount(city, maker.account);
    if (refused !== null) return refused;
    if (maker.to !== undefined) return reject('MANUFACTURER_REVOKED', { revokedAt: maker.to });
    return city.read(at(modelKind, body.id)) === null ? null : reject('MODEL_EXISTS', { model: toHex(body.id) });
  },

  // COMMIT POINT
  apply({ id: model, ...body }, city) {
    city.write(at(modelKind, model), { ...body, from: city.height });
    city.emit('model/created', { model, manufacturer: body.manufacturer });
  },
});
