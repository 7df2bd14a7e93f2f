/** The council names the body that admits makers from now on. */

import { ACTION_FIELDS } from '@oppidum/formats/action-fields';
import { toHex } from '@oppidum/formats/bytes';
import { reject } from '@oppidum/formats/errors';
import { bodyKind, cityKind } from '@oppidum/formats/state-governance';
import { at } from '@oppidum/formats/state-layout';
import { defineAction } from '@oppidum/ledger/action';
import { checkCouncil } from '../authority.ts';
import { checkTwoThirds, TRUSTEES_SINCE } from './trustees.ts';

/**
 * Makes a body the trustees of the city, in place of the one before. There is no way back to a registrar who admits makers alone.
 * Refuses, in this order: NOT_AUTHORIZED, BODY_UNKNOWN, TRUSTEES_THRESHOLD.
 */
export const appointTrustees = defineAction({
  kind: 'trustees/appoint',
  body: ACTION_FIELDS['trustees/appoint'],
  dangerous: true,
  since: TRUSTEES_SINCE,

  check({ body: id }, city) {
    const refused = checkCouncil(city);
    if (refused !== null) return refused;
    const body = city.read(at(bodyKind, id));
    if (body === null) return reject('BODY_UNKNOWN', { body: toHex(id) });
    return checkTwoThirds(id, body.threshold, body.memberCount);
  },

  // COMMIT POINT
  apply({ body }, city) {
    city.write(at(cityKind), { ...city.get(at(cityKind)), trustees: body });
    city.emit('trustees/appointed', { body });
  },
});
