/** An account gets a further key: for another device of the same holder, or to replace one. */

import { ACTION_FIELDS } from '@oppidum/formats/action-fields';
import { equalBytes, toHex } from '@oppidum/formats/bytes';
import { assertPublicKey } from '@oppidum/formats/common-schemas';
import { reject } from '@oppidum/formats/errors';
import { LIMITS } from '@oppidum/formats/limits';
import { accountKeyKind, accountKind } from '@oppidum/formats/state-governance';
import { at } from '@oppidum/formats/state-layout';
import { defineAction } from '@oppidum/ledger/action';
import { checkAccount } from '../authority.ts';
import { keysOf } from './account-keys.ts';

/**
 * Adds a key under the account's next number; numbers are never used again.
 * Rule: only the account itself, by a full key; a key that it ever had does not come back.
 * Refuses, in this order: NOT_AUTHORIZED, KEY_CLASS_TOO_LOW, KEY_INVALID, KEY_IN_USE, TOO_LARGE (too many keys).
 */
export const addAccountKey = defineAction({
  kind: 'account/add-key',
  body: ACTION_FIELDS['account/add-key'],

  check({ account, key }, city) {
    const refused = checkAccount(city, account, 'full');
    if (refused !== null) return refused;
    assertPublicKey(key);
    const keys = keysOf(city, account);
    const known = keys.find((other) => equalBytes(other.key.publicKey, key.publicKey));
    if (known !== undefined) return reject('KEY_IN_USE', { account: toHex(account), keyNumber: known.keyNumber });
    const keyCountMax = LIMITS.accountKeyCountMax;
    return keys.length < keyCountMax ? null : reject('TOO_LARGE', { account: toHex(account), keyCountMax });
  },

  // COMMIT POINT
  apply({ account, key, class: keyClass }, city) {
    const record = city.get(at(accountKind, account));
    const keyNumber = record.keyCount;
    city.write(at(accountKind, account), { ...record, keyCount: keyNumber + 1 });
    city.write(at(accountKeyKind, account, keyNumber), { ...key, class: keyClass, from: city.height });
    city.emit('account/key-added', { account, keyNumber });
  },
});
