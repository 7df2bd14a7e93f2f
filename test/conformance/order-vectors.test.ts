import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { encodeUtf8, equalBytes, parseHex, toHex } from '@oppidum/formats/bytes';
import { parseCityPolicy } from '@oppidum/formats/city-policy';
import { parseCompactOrder } from '@oppidum/formats/compact-order';
import { parseEnvelope } from '@oppidum/formats/envelope';
import { FormatError } from '@oppidum/formats/errors';
import { nobleCrypto } from '@oppidum/formats/noble-crypto';
import { checkStatement, type StatementUse } from '@oppidum/formats/statement';
import { parseKeySet } from '@oppidum/formats/zone-statements';
import { checkChallenged, makeChallengeTree } from '@oppidum/proofs/challenge-tree';
import { challengeOf, type OrderPins, verifyOrder } from '@oppidum/proofs/verify-order';
import { renderOrderVectors } from '../../tools/order-vectors.ts';

const rendered = new Map(renderOrderVectors());
const fileOf = (name: string): string => readFileSync(new URL(`../../vectors/orders/${name}`, import.meta.url), 'utf8');
const cryptos = { native: nativeCrypto, noble: nobleCrypto };

test('vectors/orders are what their script writes', () => {
  for (const [name, text] of rendered) assert.ok(fileOf(name) === text, `${name}: run \`node tools/order-vectors.ts\``);
});

type Pinned = { readonly device: string; readonly keySet: string; readonly envelope: string; readonly policy: string };
type OrderCase = {
  readonly why: string;
  readonly pinned?: Partial<Pinned>;
  readonly order: string;
  readonly code: string | null;
  readonly challenge: string | null;
};

/** From texts alone, as a device would. */
function pinsOf({ device, keySet, envelope, policy }: Pinned): OrderPins {
  const file = encodeUtf8(policy);
  const digest = nativeCrypto.sha256(file);
  const parsed = parseCityPolicy(nativeCrypto, file);
  return {
    device: parseHex(device),
    keySet: parseKeySet(parseHex(keySet)),
    envelope: parseEnvelope(parseHex(envelope)),
    policyOf: (asked) => (equalBytes(asked, digest) ? parsed : null),
  };
}

describe('vectors/orders/orders.json', () => {
  const { pinned, cases } = JSON.parse(fileOf('orders.json')) as { pinned: Pinned; cases: readonly OrderCase[] };
  for (const { why, order, code, challenge, ...one } of cases)
    for (const [name, crypto] of Object.entries(cryptos))
      test(`${why}: ${code ?? 'obeyed'} (${name})`, () => {
        const pins = pinsOf({ ...pinned, ...one.pinned });
        try {
          const compact = parseCompactOrder(parseHex(order));
          assert.equal(verifyOrder(crypto, compact, pins)?.code ?? null, code);
          if (code === null) assert.equal(toHex(challengeOf(compact)), challenge);
        } catch (error) {
          if (!(error instanceof FormatError)) throw error;
          assert.equal(error.code, code);
        }
      });
});

describe('vectors/orders/statements.json', () => {
  type Case = {
    readonly why: string;
    readonly use: StatementUse;
    readonly statement: string;
    readonly signatures: readonly { readonly key: number; readonly signature: string }[];
    readonly count: number;
    readonly code: string | null;
  };
  const { keys, cases } = JSON.parse(fileOf('statements.json')) as { keys: readonly string[]; cases: readonly Case[] };
  for (const { why, use, statement, signatures, count, code } of cases)
    test(why, () => {
      const signed = {
        statement: parseHex(statement),
        signatures: signatures.map(({ key, signature }) => ({ key, signature: parseHex(signature) })),
      };
      const by = { keys: keys.map((key) => parseHex(key)), count };
      for (const crypto of Object.values(cryptos)) assert.equal(checkStatement(crypto, use, signed, by)?.code ?? null, code);
    });
});

test('vectors/orders/trees.json: roots and paths', () => {
  type Leaf = { readonly device: string; readonly challenge: string; readonly path: readonly string[] };
  const { cases } = JSON.parse(fileOf('trees.json')) as { cases: readonly { root: string; leaves: readonly Leaf[] }[] };
  assert.ok(cases.length > 3);
  for (const { root, leaves } of cases) {
    const entries = leaves.map(({ device, challenge }) => ({ device: parseHex(device), challenge: parseHex(challenge) }));
    assert.equal(toHex(makeChallengeTree(nativeCrypto, entries).root), root);
    for (const [index, { path }] of leaves.entries()) {
      const place = { index, path: path.map((hash) => parseHex(hash)) };
      const tree = { root: parseHex(root), count: leaves.length };
      assert.equal(checkChallenged(nativeCrypto, tree, entries[index]!, place), null);
    }
  }
});
