/** An account ends: its keys no longer sign, its roles are gone; what it signed before stays true. */

import { ACTION_FIELDS } from '@oppidum/formats/action-fields';
import { accountKeyKind, accountKind, roleKind } from '@oppidum/formats/state-governance';
import { at } from '@oppidum/formats/state-layout';
import { defineAction } from '@oppidum/ledger/action';
import { checkCouncil } from '../authority.ts';
import { checkOpen, keysOf } from './account-keys.ts';
import { checkLossOf } from './deadlock.ts';

/**
 * Closes an account for good: retires its keys, takes its roles. It stays a listed member of its bodies, but no longer counts.
 * Refuses, in this order: NOT_AUTHORIZED, ACCOUNT_UNKNOWN, ACCOUNT_CLOSED, GOVERNANCE_DEADLOCK.
 */
export const closeAccount = defineAction({
  kind: 'account/close',
  body: ACTION_FIELDS['account/close'],
  dangerous: true,

  check({ account }, city) {
    return checkCouncil(city) ?? checkOpen(city, account) ?? checkLossOf(city, account);
  },

  // COMMIT POINT
  apply({ account }, city) {
    city.write(at(accountKind, account), { ...city.get(at(accountKind, account)), to: city.height });
    for (const { keyNumber, key } of keysOf(city, account)) {
      if (key.to === undefined) city.write(at(accountKeyKind, account, keyNumber), { ...key, to: city.height });
    }
    for (const { segments } of city.scan(roleKind, account)) city.remove(at(roleKind, account, segments[1] as Uint8Array));
    city.emit('account/closed', { account });
  },
});
