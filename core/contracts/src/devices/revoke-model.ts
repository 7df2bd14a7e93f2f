/** A model turns out to be bad: none of its devices is believed any more. */

import { ACTION_FIELDS } from '@oppidum/formats/action-fields';
import { reject } from '@oppidum/formats/errors';
import { modelKind } from '@oppidum/formats/state-devices';
import { at } from '@oppidum/formats/state-layout';
import { defineAction } from '@oppidum/ledger/action';
import { checkOperatorOrMaker, readMake } from './makers.ts';

/**
 * Revokes a model for good, and its devices by this record.
 * Rule: the operator, or the maker for its own.
 * Refuses, in this order: MODEL_UNKNOWN, NOT_AUTHORIZED, KEY_CLASS_TOO_LOW, MODEL_REVOKED.
 */
export const revokeModel = defineAction({
  kind: 'model/revoke',
  body: ACTION_FIELDS['model/revoke'],

  check({ id: model }, city) {
    const make = readMake(city, model);
    if ('code' in make) return make;
    const refused = checkOperatorOrMaker(city, make.manufacturer.account, 'full');
    if (refused !== null) return refused;
    return make.model.to === undefined ? null : reject('MODEL_REVOKED', { revokedAt: make.model.to });
  },

  // COMMIT POINT
  apply({ id: model, reason }, city) {
    const place = at(modelKind, model);
    city.write(place, { ...city.get(place), to: city.height });
    city.emit('model/revoked', { model, reason });
  },
});
