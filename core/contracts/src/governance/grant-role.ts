/** An account gets a role: the standing right to a kind of everyday act. */

import { ACTION_FIELDS } from '@oppidum/formats/action-fields';
import { toHex } from '@oppidum/formats/bytes';
import { reject } from '@oppidum/formats/errors';
import { roleKind } from '@oppidum/formats/state-governance';
import { at } from '@oppidum/formats/state-layout';
import { defineAction } from '@oppidum/ledger/action';
import { checkCouncil, isRole, roleId } from '../authority.ts';
import { checkOpen } from './account-keys.ts';

/**
 * Grants a role to an open account.
 * Refuses, in this order: NOT_AUTHORIZED, ROLE_UNKNOWN, ACCOUNT_UNKNOWN, ACCOUNT_CLOSED, ROLE_HELD.
 */
export const grantRole = defineAction({
  kind: 'role/grant',
  body: ACTION_FIELDS['role/grant'],
  dangerous: true,

  check({ account, role }, city) {
    const refused = checkCouncil(city);
    if (refused !== null) return refused;
    if (!isRole(role)) return reject('ROLE_UNKNOWN', { role });
    const held = city.read(at(roleKind, account, roleId(city, role))) !== null;
    return checkOpen(city, account) ?? (held ? reject('ROLE_HELD', { account: toHex(account), role }) : null);
  },

  // COMMIT POINT
  apply({ account, role }, city) {
    city.write(at(roleKind, account, roleId(city, role)), { role, from: city.height });
    city.emit('role/granted', { account, role });
  },
});
