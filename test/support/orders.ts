/** Order keys of test zones, and what they sign. */

import { type Bytes, compareBytes } from '@oppidum/formats/bytes';
import type { Signer } from '@oppidum/formats/crypto';
import type { Order } from '@oppidum/formats/order-statement';
import { type StatementSignature, type StatementUse, signStatement } from '@oppidum/formats/statement';
import type { KeySet } from '@oppidum/formats/zone-statements';
import { nodeCrypto } from './crypto.ts';
import { namedId } from './ledger.ts';
import { namedSigner } from './signers.ts';

/** Order keys by the name of who holds them, in the order in which a key set has them. */
export function orderSigners(...names: readonly string[]): readonly Signer[] {
  return names.map((name) => namedSigner(`order key ${name}`)).sort((a, b) => compareBytes(a.publicKey, b.publicKey));
}

/** The signatures of these holders, whose keys stand in the key set of `all`. */
export function signAs(use: StatementUse, statement: Bytes, all: readonly string[], names = all): StatementSignature[] {
  const set = orderSigners(...all);
  const own = names.map((name) => namedSigner(`order key ${name}`));
  const indexed = own.map((signer) => ({
    key: set.findIndex(({ publicKey }) => compareBytes(publicKey, signer.publicKey) === 0),
    signer,
  }));
  return signStatement(nodeCrypto, use, statement, indexed);
}

/** A key set of these holders: one signs an order, two what is dangerous. */
export function newKeySet(city: Bytes, names: readonly string[], changes: Partial<KeySet> = {}): KeySet {
  const keys = orderSigners(...names).map(({ publicKey }) => publicKey);
  const dangerousThreshold = Math.min(2, keys.length);
  return { city, zone: namedId('zone'), version: 1, keys, threshold: 1, dangerousThreshold, ...changes };
}

/** An order to a test lamp. */
export function newOrder(city: Bytes, changes: Partial<Order> = {}): Order {
  return {
    city,
    zone: namedId('zone'),
    keys: 1,
    envelope: 1,
    target: { device: namedId('lamp'), challenge: namedId('challenge') },
    command: 'light/level',
    arguments: [60],
    lifetimeMs: 30_000,
    expiresMs: 1_700_000_030_000,
    mode: 'ordinary',
    nonce: namedId('nonce').slice(0, 16),
    ...changes,
  };
}
