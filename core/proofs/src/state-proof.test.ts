import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { type Bytes, compareBytes, concatBytes, equalBytes, toHex } from '@oppidum/formats/bytes';
import { encodeCbor } from '@oppidum/formats/cbor';
import type { Crypto } from '@oppidum/formats/crypto';
import { type ErrorCode, FormatError, type Rejection } from '@oppidum/formats/errors';
import type { KeyRange } from '@oppidum/formats/state-layout';
import fc from 'fast-check';
import { stateBranchHash, stateLeafHash } from './state-hash.ts';
import { checkStateProof, encodeStateProof, type ProofNode, type ProvenLeaf, parseStateProof } from './state-proof.ts';
import { StateTree } from './state-tree.ts';

const sha256 = (data: Bytes): Bytes => new Uint8Array(createHash('sha256').update(data).digest());
const crypto = {
  sha256,
  sha256Into: (data: Bytes, out: Bytes, offset: number) => out.set(sha256(data), offset),
} as unknown as Crypto;

/** Three kinds: (1,1) a number, (1,2) one byte, (2,1) six bytes of a hash. */
const SIZES: Readonly<Record<number, number>> = { 257: 4, 258: 3, 513: 8 };
const keySizeOf = (area: number, kind: number): number | null => SIZES[area * 256 + kind] ?? null;

const key = fc.oneof(
  fc.nat(40).map((n) => Uint8Array.of(1, 1, 0, n)),
  fc.nat(12).map((n) => Uint8Array.of(1, 2, n)),
  fc.nat(60).map((n) => concatBytes(Uint8Array.of(2, 1), sha256(Uint8Array.of(n)).slice(0, 6))),
);
const map = fc.uniqueArray(key, { selector: toHex, maxLength: 60 });
const range = fc.tuple(key, key).map(([a, b]) => (compareBytes(a, b) <= 0 ? { lo: a, hi: b } : { lo: b, hi: a }));
const ranges = fc.oneof(
  key.map((one) => [{ lo: one, hi: one }]),
  fc.array(range, { maxLength: 3 }),
  fc.constant([prefixOf(Uint8Array.of(1, 1))]),
);

function prefixOf(prefix: Bytes): KeyRange {
  const rest = (keySizeOf(prefix[0] as number, prefix[1] as number) as number) - prefix.length;
  return { lo: concatBytes(prefix, new Uint8Array(rest)), hi: concatBytes(prefix, new Uint8Array(rest).fill(255)) };
}

function treeOf(keys: readonly Bytes[]): StateTree {
  const tree = new StateTree(crypto);
  tree.apply(keys.map((one) => ({ key: one, valueDigest: sha256(one) })));
  return tree;
}

const isInside = (one: Bytes, list: readonly KeyRange[]) =>
  list.some(({ lo, hi }) => compareBytes(one, lo) >= 0 && compareBytes(one, hi) <= 0);

function truth(keys: readonly Bytes[], list: readonly KeyRange[]): string[] {
  return keys
    .filter((one) => isInside(one, list))
    .map((one) => `${toHex(one)} ${toHex(sha256(one))}`)
    .sort();
}

const written = (leaves: readonly ProvenLeaf[]): string[] =>
  leaves.map((leaf) => `${toHex(leaf.key)} ${toHex(leaf.valueDigest)}`);

function check(
  tree: StateTree,
  nodes: readonly ProofNode[],
  list: readonly KeyRange[],
): { readonly leaves: readonly ProvenLeaf[] } | Rejection {
  return checkStateProof(crypto, { root: tree.rootHash(tree.newest), proof: { nodes }, ranges: list, keySizeOf });
}

function assertRefused(tree: StateTree, nodes: readonly ProofNode[], list: readonly KeyRange[], code: ErrorCode): void {
  const answer = check(tree, nodes, list);
  assert.equal('code' in answer ? answer.code : 'accepted', code);
}

const at = (one: Bytes): KeyRange[] => [{ lo: one, hi: one }];
const opaque = (hash: Bytes): ProofNode => ({ kind: 'opaque', hash });
const leafOf = (one: Bytes): ProofNode => ({ kind: 'leaf', key: one, valueDigest: sha256(one) });
const hashOf = (one: Bytes): Bytes => stateLeafHash(crypto, one, sha256(one));
const branch = (bit: number): ProofNode => ({ kind: 'branch', bit });

describe('state proofs', () => {
  test('every true statement has a proof that verifies, through its encoding', () => {
    fc.assert(
      fc.property(map, ranges, (keys, list) => {
        const tree = treeOf(keys);
        const proof = parseStateProof(encodeStateProof(tree.prove(tree.newest, list)));
        const answer = check(tree, proof.nodes, list);
        assert.ok('leaves' in answer, JSON.stringify(answer));
        assert.deepEqual(written(answer.leaves), truth(keys, list));
      }),
      { numRuns: 1000 },
    );
  });

  test('no flipped bit verifies', () => {
    fc.assert(
      fc.property(map, ranges, fc.nat(), (keys, list, at) => {
        const tree = treeOf(keys);
        const data = encodeStateProof(tree.prove(tree.newest, list));
        const bit = at % (8 * data.length);
        data[bit >> 3] = (data[bit >> 3] as number) ^ (1 << (bit & 7));
        assert.notEqual(verdictOf(tree, data, list), 'accepted');
      }),
      { numRuns: 3000 },
    );
  });

  test('whatever is done to a proof or its claim, what verifies is true', () => {
    const edit = fc.record({ place: fc.nat(), other: fc.nat(), what: fc.nat(7), key });
    fc.assert(
      fc.property(map, ranges, ranges, fc.array(edit, { minLength: 1, maxLength: 3 }), (keys, list, asked, edits) => {
        const tree = treeOf(keys);
        let nodes = [...tree.prove(tree.newest, list).nodes];
        for (const { place, other, what, key } of edits) nodes = mutate(nodes, place, other, what, key);
        const answer = check(tree, nodes, asked);
        if ('leaves' in answer) assert.deepEqual(written(answer.leaves), truth(keys, asked));
      }),
      { numRuns: 5000 },
    );
  });
});

function verdictOf(tree: StateTree, data: Bytes, list: readonly KeyRange[]): string {
  try {
    const answer = check(tree, parseStateProof(data).nodes, list);
    return 'code' in answer ? answer.code : 'accepted';
  } catch (error) {
    assert.ok(error instanceof FormatError);
    return error.code;
  }
}

/** End of the subtree that begins at `from`. */
function endOf(nodes: readonly ProofNode[], from: number): number {
  let [open, i] = [1, from];
  for (; open > 0 && i < nodes.length; i++) open += nodes[i]?.kind === 'branch' ? 1 : -1;
  return i;
}

function subtreeHash(nodes: readonly ProofNode[], from: number): Bytes {
  const node = nodes[from];
  if (node === undefined) return new Uint8Array(32);
  if (node.kind === 'opaque') return node.hash;
  if (node.kind === 'leaf') return stateLeafHash(crypto, node.key, node.valueDigest);
  return stateBranchHash(crypto, node.bit & 0xffff, subtreeHash(nodes, from + 1), subtreeHash(nodes, endOf(nodes, from + 1)));
}

/** One cheat: hide a subtree behind its true hash, drop, double, swap, shift a bit, rename a key, replace a hash. */
function mutate(nodes: readonly ProofNode[], place: number, other: number, what: number, key: Bytes): ProofNode[] {
  if (nodes.length === 0) return [leafOf(key)];
  const from = place % nodes.length;
  const node = nodes[from] as ProofNode;
  const put = (...replaced: ProofNode[]) => [...nodes.slice(0, from), ...replaced, ...nodes.slice(from + 1)];
  if (what <= 2) return [...nodes.slice(0, from), opaque(subtreeHash(nodes, from)), ...nodes.slice(endOf(nodes, from))];
  if (what === 3) return [...nodes.slice(0, from), ...nodes.slice(endOf(nodes, from))];
  if (what === 4) return put(node, nodes[other % nodes.length] as ProofNode);
  if (what === 5) return put(nodes[other % nodes.length] as ProofNode);
  if (node.kind === 'branch') return put(branch([node.bit + 65536, node.bit + 1, node.bit - 1, 0, 31][other % 5] as number));
  if (node.kind === 'leaf') return put(what === 6 ? { ...node, key } : { ...node, valueDigest: sha256(key) });
  return put(what === 6 ? leafOf(key) : opaque(sha256(node.hash)));
}

describe('false proofs that careless verifiers accept', () => {
  const [k0, k1, k2, k3] = [0x10, 0x20, 0x30, 0xf0].map((n) => Uint8Array.of(1, 2, n)) as [Bytes, Bytes, Bytes, Bytes];
  const tree = treeOf([k0, k1, k2, k3]);
  const root = tree.rootHash(tree.newest);
  // 0001, 0010, 0011, 1111: the top branches at bit 16, below it 18, below that 19.
  const upper = hashOf(k3);
  const pair = stateBranchHash(crypto, 19, hashOf(k1), hashOf(k2));
  const lower = stateBranchHash(crypto, 18, hashOf(k0), pair);

  test('the map is the one described', () => assert.ok(equalBytes(stateBranchHash(crypto, 16, lower, upper), root)));

  test('rejects-bare-opaque-root', () => {
    assertRefused(tree, [opaque(root)], at(Uint8Array.of(1, 2, 0x40)), 'STATE_HIDDEN');
    assertRefused(tree, [opaque(root)], at(k1), 'STATE_HIDDEN');
    assertRefused(tree, [opaque(root)], [], 'STATE_HIDDEN');
  });

  test('rejects-stub-left-of-lower-path', () => {
    // The map {0101, 0110} and the range [0010, 1111] in one byte: 0101 stands left of 0110 and yet inside the range.
    const [a, b] = [Uint8Array.of(1, 2, 0b0101), Uint8Array.of(1, 2, 0b0110)];
    const range = [{ lo: Uint8Array.of(1, 2, 0b0010), hi: Uint8Array.of(1, 2, 0b1111) }];
    assertRefused(treeOf([a, b]), [branch(22), opaque(hashOf(a)), leafOf(b)], range, 'STATE_HIDDEN');
  });

  test('rejects-opaque-inside-prefix', () => {
    assertRefused(
      tree,
      [branch(16), branch(18), leafOf(k0), opaque(pair), leafOf(k3)],
      [prefixOf(Uint8Array.of(1, 2))],
      'STATE_HIDDEN',
    );
  });

  test('rejects-branch-beyond-key', () => {
    // A branch at a bit past the end of the key below: every query would read 0 there and lie left of it.
    const forged = stateBranchHash(crypto, 24, hashOf(k1), hashOf(k3));
    const claim = { root: forged, ranges: at(k3), keySizeOf };
    const answer = checkStateProof(crypto, { ...claim, proof: { nodes: [branch(24), leafOf(k1), opaque(hashOf(k3))] } });
    assert.equal((answer as Rejection).code, 'STATE_BRANCH_INVALID');
  });

  test('rejects-sides-checked-against-shown-leaf', () => {
    // k1 is present; the proof opens k0 instead and hides the side where the query's own bits lead.
    assertRefused(tree, [branch(16), branch(18), leafOf(k0), opaque(pair), opaque(upper)], at(k1), 'STATE_HIDDEN');
    assertRefused(tree, [branch(16), opaque(lower), leafOf(k3)], at(k1), 'STATE_HIDDEN');
  });

  test('rejects-bit-plus-65536', () => {
    assertRefused(
      tree,
      [branch(16), branch(18 + 65536), leafOf(k0), opaque(pair), opaque(upper)],
      at(k1),
      'STATE_BRANCH_INVALID',
    );
    assertRefused(tree, [branch(16 + 65536), opaque(lower), leafOf(k3)], at(k1), 'STATE_BRANCH_INVALID');
  });

  test('rejects-leaf-hash-given', () => {
    // Absence of k1 by "another leaf" there: its hash cannot be given, it is recomputed from the key and digest shown.
    const other = Uint8Array.of(1, 2, 0x28);
    const nodes = [branch(16), branch(18), opaque(hashOf(k0)), branch(19), leafOf(other), opaque(hashOf(k2)), opaque(upper)];
    assertRefused(tree, nodes, at(k1), 'ROOT_MISMATCH');
    assert.throws(() => parseStateProof(encodeCbor([[other, sha256(other), hashOf(k1)]])), { code: 'WRONG_TYPE' });
  });

  test('rejects-query-of-wrong-length', () => {
    const { nodes } = tree.prove(tree.newest, at(Uint8Array.of(1, 2, 0x40)));
    for (const query of [Uint8Array.of(1, 2), Uint8Array.of(1, 2, 0x40, 0), Uint8Array.of(9, 9, 1), new Uint8Array(0)]) {
      assertRefused(tree, nodes, at(query), 'STATE_KEY_INVALID');
    }
    assertRefused(tree, nodes, [{ lo: k1, hi: k0 }], 'NUMBER_RANGE');
  });

  test('rejects-key-of-wrong-length', () => {
    const nodes = (one: Bytes): ProofNode[] => [branch(16), opaque(lower), leafOf(one)];
    assertRefused(tree, nodes(Uint8Array.of(1, 2, 0xf0, 0)), at(k3), 'STATE_KEY_INVALID');
    assertRefused(tree, nodes(Uint8Array.of(7, 2, 0xf0)), at(k3), 'STATE_KEY_INVALID');
  });

  test('rejects-unsorted-and-repeated-keys', () => {
    assertRefused(tree, [branch(16), leafOf(k3), leafOf(k0)], at(k3), 'UNSORTED');
    assertRefused(tree, [branch(16), leafOf(k0), leafOf(k0)], at(k3), 'UNSORTED');
  });

  test('rejects-leaf-on-the-wrong-side', () => {
    assertRefused(tree, [branch(16), opaque(lower), leafOf(k2)], at(k3), 'STATE_SIDE_WRONG');
    assertRefused(tree, [branch(17), leafOf(k0), leafOf(k3)], at(k3), 'STATE_SIDE_WRONG');
    // Each on its side at bit 19, but they differ before it.
    assertRefused(
      tree,
      [branch(19), leafOf(Uint8Array.of(1, 2, 0x20)), leafOf(Uint8Array.of(1, 2, 0xf0))],
      at(k3),
      'STATE_SIDE_WRONG',
    );
  });

  test('rejects-bits-that-do-not-increase', () => {
    assertRefused(tree, [branch(16), branch(16), leafOf(k0), opaque(pair), opaque(upper)], at(k0), 'STATE_BRANCH_INVALID');
    assertRefused(tree, [branch(18), branch(16), leafOf(k0), opaque(pair), opaque(upper)], at(k0), 'STATE_BRANCH_INVALID');
    for (const bit of [-1, 0.5, Number.NaN, 784])
      assertRefused(tree, [branch(bit), leafOf(k0), leafOf(k3)], at(k0), 'STATE_BRANCH_INVALID');
  });

  test('rejects-branch-that-reveals-nothing', () => {
    assertRefused(tree, [branch(16), opaque(lower), opaque(upper)], at(Uint8Array.of(1, 1, 0, 0)), 'STATE_HIDDEN');
    assertRefused(tree, [branch(16), branch(18), opaque(hashOf(k0)), opaque(pair), leafOf(k3)], at(k3), 'STATE_HIDDEN');
  });

  test('rejects-nodes-that-are-not-one-tree', () => {
    for (const nodes of [
      [branch(16)],
      [branch(16), leafOf(k0)],
      [leafOf(k0), leafOf(k3)],
      [branch(16), opaque(lower), leafOf(k3), leafOf(k3)],
    ]) {
      assertRefused(tree, nodes, at(k3), 'PROOF_MALFORMED');
    }
  });

  test('rejects-another-root', () => {
    assertRefused(tree, [], at(k0), 'ROOT_MISMATCH');
    assertRefused(treeOf([]), [leafOf(k0)], at(k0), 'ROOT_MISMATCH');
    assertRefused(tree, [branch(16), opaque(lower), { kind: 'leaf', key: k3, valueDigest: sha256(k0) }], at(k3), 'ROOT_MISMATCH');
    assertRefused(tree, [branch(16), opaque(lower.slice(1)), leafOf(k3)], at(k3), 'LENGTH_WRONG');
    assert.deepEqual(check(treeOf([]), [], at(k0)), { leaves: [] });
  });

  test('rejects-unreadable-proofs', () => {
    const hash = sha256(new Uint8Array(0));
    const table: readonly [Parameters<typeof encodeCbor>[0], ErrorCode][] = [
      [7, 'WRONG_TYPE'],
      [[-1], 'WRONG_TYPE'],
      [['leaf'], 'WRONG_TYPE'],
      [[2n ** 60n], 'WRONG_TYPE'],
      [[[k0]], 'WRONG_TYPE'],
      [[[k0, 7]], 'WRONG_TYPE'],
      [[hash.slice(1)], 'LENGTH_WRONG'],
      [[[k0, hash.slice(1)]], 'LENGTH_WRONG'],
      [[[new Uint8Array(0), hash]], 'LENGTH_WRONG'],
      [[[new Uint8Array(99), hash]], 'LENGTH_WRONG'],
    ];
    for (const [value, code] of table) assert.throws(() => parseStateProof(encodeCbor(value)), { code });
    assert.throws(() => parseStateProof(new Uint8Array(0)), { code: 'TRUNCATED' });
  });

  test('a proof of 65,536 nodes and no more', () => {
    const nodes = Array.from({ length: 65_536 }, () => leafOf(k0));
    assert.equal(parseStateProof(encodeStateProof({ nodes })).nodes.length, 65_536);
    assert.throws(() => parseStateProof(encodeStateProof({ nodes: [...nodes, leafOf(k0)] })), { code: 'TOO_LARGE' });
    assertRefused(tree, [...nodes, leafOf(k0)], at(k0), 'PROOF_MALFORMED');
  });
});
