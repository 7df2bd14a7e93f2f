import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { type Bytes, compareBytes, concatBytes, parseHex, toHex } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import fc from 'fast-check';
import { bitAt, firstDifference } from './state-bits.ts';
import { emptyStateRoot, stateBranchHash, stateLeafHash } from './state-hash.ts';
import { EMPTY } from './state-nodes.ts';
import { StateTree, type TreeChange } from './state-tree.ts';

const sha256 = (data: Bytes): Bytes => new Uint8Array(createHash('sha256').update(data).digest());
const crypto = {
  sha256,
  sha256Into: (data: Bytes, out: Bytes, offset: number) => out.set(sha256(data), offset),
} as unknown as Crypto;

type Model = Map<string, Bytes>;

/** specs/state-map.md §Tree, word for word, over a sorted list. */
function referenceRoot(model: Model): Bytes {
  const entries = [...model].map(([key, digest]) => ({ key: parseHex(key), digest })).sort((a, b) => compareBytes(a.key, b.key));
  const hashOf = (from: number, to: number): Bytes => {
    const first = entries[from]!;
    if (to - from === 1) return stateLeafHash(crypto, first.key, first.digest);
    const b = firstDifference(first.key, entries[to - 1]!.key, 3);
    let middle = from;
    while (bitAt(entries[middle]!.key, b, 3) === 0) middle++;
    return stateBranchHash(crypto, b, hashOf(from, middle), hashOf(middle, to));
  };
  return entries.length === 0 ? emptyStateRoot(crypto) : hashOf(0, entries.length);
}

/** Keys of three kinds with three sizes, dense enough that batches meet each other. */
const key = fc.oneof(
  fc.nat(40).map((n) => Uint8Array.of(1, 1, 0, n)),
  fc.nat(12).map((n) => Uint8Array.of(1, 2, n)),
  fc
    .nat(60)
    .map((n) => sha256(Uint8Array.of(n)).slice(0, 6))
    .map((rest) => concatBytes(Uint8Array.of(2, 1), rest)),
);
const change = fc.record({
  key,
  valueDigest: fc.option(
    fc.nat(9).map((n) => sha256(Uint8Array.of(n))),
    { nil: null, freq: 3 },
  ),
});
const batch = fc.uniqueArray(change, { selector: (one) => toHex(one.key), maxLength: 30 });

function applyToModel(model: Model, changes: readonly TreeChange[]): Model {
  const next = new Map(model);
  for (const { key, valueDigest } of changes) {
    if (valueDigest === null) next.delete(toHex(key));
    else next.set(toHex(key), valueDigest);
  }
  return next;
}

function assertVersion(tree: StateTree, version: number, model: Model): void {
  assert.equal(toHex(tree.rootHash(version)), toHex(referenceRoot(model)));
  assert.equal(tree.keyCount(version), model.size);
  const leaves = [...tree.allLeaves(version)].map((leaf) => [toHex(tree.key(leaf)), toHex(tree.valueDigest(leaf))]);
  assert.deepEqual(
    leaves,
    [...model].map(([key, digest]) => [key, toHex(digest)]).sort(([a], [b]) => ((a as string) < (b as string) ? -1 : 1)),
  );
}

describe('state tree', () => {
  test('has the reference root after every batch, in every kept version', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ batch, keep: fc.nat(4), rollBack: fc.boolean() }), { maxLength: 12 }), (steps) => {
        const tree = new StateTree(crypto);
        const models: Model[] = [new Map()];
        for (const { batch, keep, rollBack } of steps) {
          if (rollBack) {
            const before = tree.newest;
            tree.apply(batch.slice(1));
            tree.rollBack();
            assert.equal(tree.newest, before);
            assert.throws(() => tree.rollBack());
          }
          models.push(applyToModel(models.at(-1) as Model, batch));
          assert.equal(tree.apply(batch), models.length - 1);
          tree.releaseBefore(Math.max(tree.oldest, tree.newest - keep));
          for (let version = tree.oldest; version <= tree.newest; version++)
            assertVersion(tree, version, models[version] as Model);
        }
        // Whatever happened, nothing leaks: only the newest version's leaves stay.
        tree.releaseBefore(tree.newest);
        assert.equal(tree.leafCount, models.at(-1)?.size);
        assert.equal(tree.staleCount, 0);
      }),
      { numRuns: 300 },
    );
  });

  test('finds and lists as a sorted list does', () => {
    fc.assert(
      fc.property(batch, key, key, (changes, a, b) => {
        const tree = new StateTree(crypto);
        const version = tree.apply(changes);
        const model = applyToModel(new Map(), changes);
        const [lo, hi] = compareBytes(a, b) <= 0 ? [a, b] : [b, a];
        const expected = [...model.keys()]
          .sort()
          .filter((key) => compareBytes(parseHex(key), lo) >= 0 && compareBytes(parseHex(key), hi) <= 0);
        assert.deepEqual(
          [...tree.leaves(version, { lo, hi })].map((leaf) => toHex(tree.key(leaf))),
          expected,
        );
        const found = tree.find(version, a);
        assert.equal(
          found === null ? null : toHex(tree.valueDigest(found)),
          model.has(toHex(a)) ? toHex(model.get(toHex(a)) as Bytes) : null,
        );
        assert.equal(tree.find(version, concatBytes(a, Uint8Array.of(0))), null);
        const asked = [a, b, concatBytes(a, Uint8Array.of(0)), a, ...changes.map((change) => change.key)];
        const items = asked.map((each) => ({ key: each }));
        assert.deepEqual(
          [...tree.findAll(version, items)],
          asked.map((each) => tree.find(version, each) ?? EMPTY),
        );
        assert.deepEqual(
          [...tree.findAll(tree.oldest, items)],
          asked.map(() => EMPTY),
        );
        const prefix = a.slice(0, 2);
        const below = new Map([...model].filter(([key]) => key.startsWith(toHex(prefix))));
        assert.equal(toHex(tree.prefixHash(version, prefix)), toHex(referenceRoot(below)));
      }),
      { numRuns: 500 },
    );
  });

  test('keeps tags beside leaves', () => {
    const tree = new StateTree(crypto);
    const key = Uint8Array.of(1, 1, 7);
    const first = tree.apply([{ key, valueDigest: sha256(key), tag: 2 ** 40 }]);
    const second = tree.apply([{ key: Uint8Array.of(1, 1, 8), valueDigest: sha256(key), tag: 5 }]);
    const leaf = tree.find(second, key) as number;
    assert.equal(tree.tag(leaf), 2 ** 40);
    tree.setTag(leaf, 9);
    assert.equal(tree.tag(tree.find(first, key) as number), 9);
  });

  test('refuses keys that are prefixes of one another and changes nothing', () => {
    const tree = new StateTree(crypto);
    const digest = sha256(new Uint8Array(0));
    const keys = (...list: Bytes[]) => list.map((key) => ({ key, valueDigest: digest }));
    const version = tree.apply(keys(Uint8Array.of(1, 2, 0)));
    const root = tree.rootHash(version);
    for (const bad of [
      [Uint8Array.of(1, 2)],
      [Uint8Array.of(1, 2, 0, 0)],
      [Uint8Array.of(1, 2, 0, 9)],
      [Uint8Array.of(3), Uint8Array.of(3, 1)],
      [Uint8Array.of(3), Uint8Array.of(3)],
    ]) {
      assert.throws(() => tree.apply(keys(...bad)), /prefix/);
    }
    assert.equal(tree.newest, version);
    assert.equal(toHex(tree.rootHash(version)), toHex(root));
    assert.throws(() => tree.rootHash(version + 1), /not kept/);
  });
});
