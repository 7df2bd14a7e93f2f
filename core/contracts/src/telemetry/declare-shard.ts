/** The city opens a telemetry shard: one more log of readings under its own origin and keys. */

import { ACTION_FIELDS } from '@oppidum/formats/action-fields';
import { type Bytes, equalBytes, toHex } from '@oppidum/formats/bytes';
import { assertPublicKey } from '@oppidum/formats/common-schemas';
import { type Rejection, reject } from '@oppidum/formats/errors';
import { EDDSA, shardOrigin } from '@oppidum/formats/ids';
import { cityKind } from '@oppidum/formats/state-governance';
import { at } from '@oppidum/formats/state-layout';
import { shardKind, shardNumberKind } from '@oppidum/formats/state-telemetry';
import { defineAction } from '@oppidum/ledger/action';
import type { City } from '@oppidum/ledger/city';
import { checkRole } from '../authority.ts';
import { checkOpen } from '../governance/account-keys.ts';

/**
 * Declares a shard. `operator` is the account that signs its anchors; `logKey` signs its checkpoints, `receiptKey` its receipts.
 * Rule: neither number nor keys were ever another shard's, so no two logs can be taken for one; both keys are Ed25519.
 * Refuses, in this order: NOT_AUTHORIZED, KEY_CLASS_TOO_LOW, SHARD_EXISTS, ACCOUNT_UNKNOWN, ACCOUNT_CLOSED, KEY_INVALID, KEY_IN_USE.
 */
export const declareShard = defineAction({
  kind: 'shard/declare',
  body: ACTION_FIELDS['shard/declare'],

  check(body, city) {
    const refused = checkRole(city, 'operator', 'full');
    if (refused !== null) return refused;
    const known = city.read(at(shardKind, body.id)) !== null || city.read(at(shardNumberKind, body.number)) !== null;
    if (known) return reject('SHARD_EXISTS', { shard: toHex(body.id), number: body.number });
    return checkOpen(city, body.operator) ?? checkKeys(city, [body.logKey, body.receiptKey]);
  },

  // COMMIT POINT
  apply({ id: shard, number, ...keys }, city) {
    const { origin: cityOrigin } = city.get(at(cityKind));
    const origin = shardOrigin(cityOrigin, number);
    city.write(at(shardKind, shard), { number, origin, ...keys, status: 'active', from: city.height });
    city.write(at(shardNumberKind, number), { shard });
    city.emit('shard/declared', { shard, number });
  },
});

function checkKeys(city: City, keys: readonly [Bytes, Bytes]): Rejection | null {
  for (const publicKey of keys) assertPublicKey({ algorithm: EDDSA, publicKey });
  const taken = city.scan(shardKind).flatMap(({ value }) => [value.logKey, value.receiptKey]);
  const twice = equalBytes(...keys) || taken.some((other) => keys.some((key) => equalBytes(key, other)));
  return twice ? reject('KEY_IN_USE', { logKey: toHex(keys[0]), receiptKey: toHex(keys[1]) }) : null;
}
