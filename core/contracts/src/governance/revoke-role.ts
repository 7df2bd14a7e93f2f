/** An account loses a role; the acts it did under it stay. */

import { ACTION_FIELDS } from '@oppidum/formats/action-fields';
import { toHex } from '@oppidum/formats/bytes';
import { reject } from '@oppidum/formats/errors';
import { roleKind } from '@oppidum/formats/state-governance';
import { at } from '@oppidum/formats/state-layout';
import { defineAction } from '@oppidum/ledger/action';
import { checkCouncil, isRole, roleId } from '../authority.ts';

/**
 * Takes a role from an account, from the next action on.
 * Refuses, in this order: NOT_AUTHORIZED, ROLE_UNKNOWN, ROLE_NOT_HELD.
 */
export const revokeRole = defineAction({
  kind: 'role/revoke',
  body: ACTION_FIELDS['role/revoke'],
  dangerous: true,

  check({ account, role }, city) {
    const refused = checkCouncil(city);
    if (refused !== null) return refused;
    if (!isRole(role)) return reject('ROLE_UNKNOWN', { role });
    const held = city.read(at(roleKind, account, roleId(city, role))) !== null;
    return held ? null : reject('ROLE_NOT_HELD', { account: toHex(account), role });
  },

  // COMMIT POINT
  apply({ account, role }, city) {
    city.remove(at(roleKind, account, roleId(city, role)));
    city.emit('role/revoked', { account, role });
  },
});
