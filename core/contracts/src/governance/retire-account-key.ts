/** A key of an account stops speaking for it: lost, stolen, or replaced. */

import { ACTION_FIELDS } from '@oppidum/formats/action-fields';
import { type Bytes, toHex } from '@oppidum/formats/bytes';
import { type Rejection, reject } from '@oppidum/formats/errors';
import { type AccountKeyRecord, accountKeyKind } from '@oppidum/formats/state-governance';
import { at } from '@oppidum/formats/state-layout';
import { defineAction } from '@oppidum/ledger/action';
import type { City } from '@oppidum/ledger/city';
import { checkAccount, checkRole } from '../authority.ts';
import { fullKeysOf } from './account-keys.ts';

/**
 * Retires one key from this height on.
 * Rule: the account itself, by a full key; an everyday key also a registrar, by a full key, for who lost the browser that held it may
 * have no other. The last full key stays until another is added: without one the account could never change a key again, and would be
 * lost to every body it is a member of (GOVERNANCE_DEADLOCK cannot arise here).
 * Refuses, in this order: NOT_AUTHORIZED, KEY_CLASS_TOO_LOW, KEY_UNKNOWN, KEY_REVOKED, KEY_LAST.
 */
export const retireAccountKey = defineAction({
  kind: 'account/retire-key',
  body: ACTION_FIELDS['account/retire-key'],

  check({ account, keyNumber }, city) {
    const facts = { account: toHex(account), keyNumber };
    const key = city.read(at(accountKeyKind, account, keyNumber));
    const refused = checkRetirer(city, account, key);
    if (refused !== null) return refused;
    if (key === null) return reject('KEY_UNKNOWN', facts);
    if (key.to !== undefined) return reject('KEY_REVOKED', facts);
    if (key.class === 'everyday') return null;
    const keepsOne = fullKeysOf(city, account).some((other) => other.keyNumber !== keyNumber);
    return keepsOne ? null : reject('KEY_LAST', facts);
  },

  // COMMIT POINT
  apply({ account, keyNumber }, city) {
    const place = at(accountKeyKind, account, keyNumber);
    city.write(place, { ...city.get(place), to: city.height });
    city.emit('account/key-retired', { account, keyNumber });
  },
});

/** The account itself, or a registrar where no full key would go. */
function checkRetirer(city: City, account: Bytes, key: AccountKeyRecord | null): Rejection | null {
  const asAccount = checkAccount(city, account, 'full');
  if (asAccount === null || key?.class === 'full') return asAccount;
  const asRegistrar = checkRole(city, 'registrar', 'full');
  if (asRegistrar === null) return null;
  // Who may, but with another key, is told so.
  return asRegistrar.code === 'KEY_CLASS_TOO_LOW' ? asRegistrar : asAccount;
}
