/** An account comes into being: an organisation, a person (who is never named here) or a service of the city. */

import { ACTION_FIELDS } from '@oppidum/formats/action-fields';
import { toHex } from '@oppidum/formats/bytes';
import { assertPublicKey } from '@oppidum/formats/common-schemas';
import { reject } from '@oppidum/formats/errors';
import { accountKeyKind, accountKind } from '@oppidum/formats/state-governance';
import { at } from '@oppidum/formats/state-layout';
import { defineAction } from '@oppidum/ledger/action';
import { checkRole } from '../authority.ts';

/**
 * Creates an account with its first key, number 0.
 * Rule: a registrar vouches for it; a person's account carries a random id and no name, so nothing personal enters the ledger.
 * Refuses, in this order: NOT_AUTHORIZED, ACCOUNT_EXISTS, PERSON_NAMED, KEY_INVALID.
 */
export const createAccount = defineAction({
  kind: 'account/create',
  body: ACTION_FIELDS['account/create'],

  check(body, city) {
    const refused = checkRole(city, 'registrar');
    if (refused !== null) return refused;
    if (city.read(at(accountKind, body.id)) !== null) return reject('ACCOUNT_EXISTS', { account: toHex(body.id) });
    if (body.holder === 'person' && body.name !== undefined) return reject('PERSON_NAMED', { account: toHex(body.id) });
    assertPublicKey(body.key);
    return null;
  },

  // COMMIT POINT
  apply({ id: account, holder, name, key, class: keyClass }, city) {
    city.write(at(accountKind, account), { holder, ...(name === undefined ? {} : { name }), keyCount: 1, from: city.height });
    city.write(at(accountKeyKind, account, 0), { ...key, class: keyClass, from: city.height });
    city.emit('account/created', { account, holder });
  },
});
