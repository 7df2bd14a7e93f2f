/** A body comes into being: a set of accounts that decides by a threshold of its members. */

import { ACTION_FIELDS } from '@oppidum/formats/action-fields';
import { toHex } from '@oppidum/formats/bytes';
import { reject } from '@oppidum/formats/errors';
import { bodyKind, memberKind } from '@oppidum/formats/state-governance';
import { at } from '@oppidum/formats/state-layout';
import { defineAction } from '@oppidum/ledger/action';
import { checkCouncil } from '../authority.ts';
import { checkMembers } from './deadlock.ts';

/**
 * Creates a body.
 * Rule: at least `threshold` of its members are able (open, with a full key in force).
 * Refuses, in this order: NOT_AUTHORIZED, BODY_EXISTS, ACCOUNT_UNKNOWN, ACCOUNT_CLOSED, GOVERNANCE_DEADLOCK.
 */
export const createBody = defineAction({
  kind: 'body/create',
  body: ACTION_FIELDS['body/create'],
  dangerous: true,

  check(body, city) {
    const refused = checkCouncil(city);
    if (refused !== null) return refused;
    if (city.read(at(bodyKind, body.id)) !== null) return reject('BODY_EXISTS', { body: toHex(body.id) });
    return checkMembers(city, body.id, body.threshold, body.members);
  },

  // COMMIT POINT
  apply({ id: body, name, threshold, members }, city) {
    city.write(at(bodyKind, body), { name, threshold, memberCount: members.length });
    for (const member of members) city.write(at(memberKind, body, member), { from: city.height });
    city.emit('body/created', { body, threshold, memberCount: members.length });
  },
});
