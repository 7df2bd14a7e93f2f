/** The city asks devices of a model to attest what they are before it believes them. */

import { ACTION_FIELDS } from '@oppidum/formats/action-fields';
import { assertPublicKey } from '@oppidum/formats/common-schemas';
import { at } from '@oppidum/formats/state-layout';
import { modelAttestationKind } from '@oppidum/formats/state-trust';
import { defineAction } from '@oppidum/ledger/action';
import { checkRole } from '../authority.ts';
import { checkMade, readMake } from '../devices/makers.ts';

/**
 * Says by whose keys tokens of a model's devices are signed (none: by each device's own) and what they claim. It is asked at activation,
 * of every device that is not active yet; asked anew, older tokens no longer suffice.
 * Rule: the city's operator with a full key, for it is the city's condition, and no maker loosens it.
 * Refuses, in this order: NOT_AUTHORIZED, KEY_CLASS_TOO_LOW, MODEL_UNKNOWN, MANUFACTURER_REVOKED, MODEL_REVOKED, KEY_INVALID.
 */
export const requireAttestation = defineAction({
  kind: 'model/require-attestation',
  body: ACTION_FIELDS['model/require-attestation'],

  check({ id: model, keys }, city) {
    const refused = checkRole(city, 'operator', 'full');
    if (refused !== null) return refused;
    const make = readMake(city, model);
    if ('code' in make) return make;
    const ended = checkMade(make);
    if (ended !== null) return ended;
    for (const key of keys) assertPublicKey(key);
    return null;
  },

  // COMMIT POINT
  apply({ id: model, ...demand }, city) {
    city.write(at(modelAttestationKind, model), { ...demand, from: city.height });
    city.emit('model/attestation-required', { model, claims: Object.keys(demand.claims) });
  },
});
