import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { namedId } from '../../../test/support/ledger.ts';
import { encodeCbor, parseCbor } from './cbor.ts';
import { encodeReceiptLeaf, type ReceiptLeaf } from './receipt.ts';

const numbers = fc.oneof(fc.nat(0xffffffff), fc.constantFrom(0, 23, 24, 255, 256, 65_535, 65_536));
const leaves = fc
  .record({
    keyNumber: numbers,
    sequence: fc.oneof(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), fc.constantFrom(1, 24, 2 ** 32)),
    outcome: fc.oneof(numbers, fc.constantFrom('TOO_LARGE', 'SEQUENCE_REUSED', `LONG_${'X'.repeat(59)}`)),
    seed: fc.nat(5),
  })
  .map(({ outcome, seed, ...rest }): ReceiptLeaf => {
    const ids = {
      audience: namedId('city'),
      shard: namedId('shard'),
      device: namedId(`device ${seed}`),
      digest: namedId(`reading ${seed}`),
    };
    return { ...ids, ...rest, ...(typeof outcome === 'number' ? { index: outcome } : { refusal: outcome }) };
  });

test('a leaf is encoded as any value is: the shortest forms, keys in order', () => {
  fc.assert(
    fc.property(leaves, (leaf) => {
      assert.deepEqual(encodeReceiptLeaf(leaf), encodeCbor(new Map(Object.entries(leaf))));
      assert.equal((parseCbor(encodeReceiptLeaf(leaf)) as Map<string, unknown>).size, 7);
    }),
  );
});
