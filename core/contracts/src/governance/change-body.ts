/** A body changes: its name, its threshold, its members. Also how the council renews itself. */

import { ACTION_FIELDS } from '@oppidum/formats/action-fields';
import { equalBytes, toHex } from '@oppidum/formats/bytes';
import { reject } from '@oppidum/formats/errors';
import { bodyKind, memberKind } from '@oppidum/formats/state-governance';
import { at } from '@oppidum/formats/state-layout';
import { defineAction } from '@oppidum/ledger/action';
import { checkCouncil } from '../authority.ts';
import { checkMembers, membersOf } from './deadlock.ts';
import { checkTwoThirds, trusteesOf } from './trustees.ts';

/**
 * Sets a body's threshold and its whole list of members, from the next count on. Who stays a member keeps the height since which.
 * Rule: at least `threshold` of the members are able (open, with a full key in force).
 * Refuses, in this order: NOT_AUTHORIZED, BODY_UNKNOWN, TRUSTEES_THRESHOLD (of the trustees), ACCOUNT_UNKNOWN, ACCOUNT_CLOSED, GOVERNANCE_DEADLOCK.
 */
export const changeBody = defineAction({
  kind: 'body/change',
  body: ACTION_FIELDS['body/change'],
  dangerous: true,

  check(body, city) {
    const refused = checkCouncil(city);
    if (refused !== null) return refused;
    if (city.read(at(bodyKind, body.id)) === null) return reject('BODY_UNKNOWN', { body: toHex(body.id) });
    const trustees = trusteesOf(city);
    const isTrustees = trustees !== null && equalBytes(trustees, body.id);
    const unfit = isTrustees ? checkTwoThirds(body.id, body.threshold, body.members.length) : null;
    if (unfit !== null) return unfit;
    return checkMembers(city, body.id, body.threshold, body.members);
  },

  // COMMIT POINT
  apply({ id: body, name, threshold, members }, city) {
    const before = membersOf(city, body);
    city.write(at(bodyKind, body), { name: name ?? city.get(at(bodyKind, body)).name, threshold, memberCount: members.length });
    for (const member of before) {
      if (!members.some((other) => equalBytes(other, member))) city.remove(at(memberKind, body, member));
    }
    for (const member of members) {
      if (!before.some((other) => equalBytes(other, member))) city.write(at(memberKind, body, member), { from: city.height });
    }
    city.emit('body/changed', { body, threshold, memberCount: members.length });
  },
});
