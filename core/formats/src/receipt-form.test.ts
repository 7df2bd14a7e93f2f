import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { namedId } from '../../../test/support/ledger.ts';
import { type Bytes, concatBytes } from './bytes.ts';
import { encodeReceipt, encodeReceiptLeaf } from './receipt.ts';
import { type LeafContent, ReceiptChunks, ReceiptLeaves } from './receipt-form.ts';

const [audience, shard] = [namedId('city'), namedId('shard')];
const numbers = fc.oneof(fc.nat(0xffffffff), fc.constantFrom(0, 23, 24, 255, 256, 65_535, 65_536, 0xffffffff));
const large = fc.oneof(numbers, fc.constantFrom(2 ** 32, 2 ** 40, Number.MAX_SAFE_INTEGER));
const contents = fc.record({
  device: fc.constantFrom(namedId('lamp'), namedId('meter')),
  keyNumber: numbers,
  sequence: large.map((sequence) => Math.max(1, sequence)),
  digest: fc.constantFrom(namedId('reading 1'), namedId('reading 2')),
  outcome: fc.oneof(large, fc.constantFrom('TOO_LARGE', 'SEQUENCE_REUSED', `LONG_${'X'.repeat(59)}`)),
});

function leafOf({ outcome, ...rest }: LeafContent) {
  return { audience, shard, ...rest, ...(typeof outcome === 'number' ? { index: outcome } : { refusal: outcome }) };
}

test('leaves written in place are those encoded one by one, behind a zero', () => {
  fc.assert(
    fc.property(fc.array(contents, { maxLength: 20 }), fc.nat(3), (all, count) => {
      const leaves = new ReceiptLeaves(audience, shard, count);
      for (const content of all) leaves.add(content);
      for (const [i, content] of all.entries()) {
        const want = encodeReceiptLeaf(leafOf(content));
        assert.deepEqual(leaves.leaf(i), want);
        assert.deepEqual(leaves.hashed(i), concatBytes(Uint8Array.of(0), want));
      }
    }),
  );
  assert.throws(() => new ReceiptLeaves(audience, shard, 1).add({ ...sample, outcome: 'X'.repeat(65) }), RangeError);
});

const sample: LeafContent = { device: namedId('lamp'), keyNumber: 0, sequence: 1, digest: namedId('reading'), outcome: 0 };

test('receipts written in place are those encoded as a whole', () => {
  const sizes = fc.integer({ min: 1, max: 40 });
  fc.assert(
    fc.property(
      fc.array(contents, { minLength: 1, maxLength: 5 }),
      sizes,
      fc.uint8Array({ maxLength: 300 }),
      (all, size, signedHead) => {
        // Any hashes will do: what matters is which of them stand on the path.
        const levels: Bytes[] = [];
        for (let count = size; ; count = Math.ceil(count / 2)) {
          levels.push(concatBytes(...Array.from({ length: count }, (_, i) => namedId(`${levels.length}/${i}`))));
          if (count === 1) break;
        }
        const chunks = new ReceiptChunks(signedHead, all.length);
        for (const [n, content] of all.entries()) {
          const [leaf, position] = [leafOf(content), (7 * n) % size];
          const path = levels.flatMap((level, i) => {
            const from = ((position >> i) ^ 1) * 32;
            return from < level.length ? [level.slice(from, from + 32)] : [];
          });
          const receipt = chunks.make(encodeReceiptLeaf(leaf), position, levels);
          assert.deepEqual(receipt, encodeReceipt({ leaf, position, path, signedHead }));
        }
      },
    ),
  );
});

test('receipts keep no more memory than they need, however few are in a group and however many', () => {
  for (const count of [1, 2, 100, 5_000]) {
    const levels = [concatBytes(...Array.from({ length: count }, (_, i) => namedId(`${i}`)))];
    const chunks = new ReceiptChunks(new Uint8Array(200), count);
    const leaf = encodeReceiptLeaf(leafOf(sample));
    const receipts = Array.from({ length: count }, (_, position) => chunks.make(leaf, position, levels));
    const kept = [...new Set(receipts.map(({ buffer }) => buffer))].reduce((size, { byteLength }) => size + byteLength, 0);
    const needed = receipts.reduce((size, { length }) => size + length, 0);
    assert.ok(kept < 1.2 * needed, `${kept} bytes for ${needed}`);
    assert.ok(receipts.every(({ buffer }) => buffer.byteLength <= 262_144));
  }
});
