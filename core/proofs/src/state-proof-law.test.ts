/**
 * The law of state proofs, exhaustively: over keys of single bits the same prover and checker meet every map, every range and every
 * pruning, against the true list. Up to 3 bits everything; of the 458,329 maps and 722 million prunings up to 4 bits a fixed sample.
 */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import type { Bytes } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import type { KeyRange } from '@oppidum/formats/state-layout';
import { BIT_KEYS, isInRange } from './state-bits.ts';
import { checkMinimalProof, checkPrunedMap, type ProofNode, type StateProof } from './state-proof.ts';
import type { NodeRef } from './state-prove.ts';
import { StateTree } from './state-tree.ts';

const sha256 = (data: Bytes): Bytes => new Uint8Array(createHash('sha256').update(data).digest());

/** SHA-256 that remembers: the same few thousand nodes are hashed millions of times. */
function rememberingCrypto(): Crypto {
  const known = new Map<string, Bytes>();
  const remember = (data: Bytes): Bytes => {
    const name = String.fromCharCode(...data);
    const hash = known.get(name) ?? sha256(data);
    known.set(name, hash);
    return hash;
  };
  return {
    sha256: remember,
    sha256Into: (data: Bytes, out: Bytes, offset: number) => out.set(remember(data), offset),
  } as unknown as Crypto;
}
const crypto = rememberingCrypto();
const digest = sha256(new Uint8Array(0));

/** All prefix-free sets of keys that begin with `prefix` and have at most `bits` bits; keys have at least one bit. */
function mapsBelow(prefix: readonly number[], bits: number): number[][][] {
  const maps: number[][][] = prefix.length > 0 ? [[[...prefix]]] : [];
  if (prefix.length === bits) return [[], ...maps];
  const left = mapsBelow([...prefix, 0], bits);
  const right = mapsBelow([...prefix, 1], bits);
  for (const a of left) for (const b of right) maps.push([...a, ...b]);
  return maps;
}

function rangesOf(bits: number): KeyRange[] {
  const ends = Array.from({ length: 2 ** bits }, (_, n) =>
    Uint8Array.from({ length: bits }, (_, i) => (n >> (bits - 1 - i)) & 1),
  );
  return ends.flatMap((lo, i) => ends.slice(i).map((hi) => ({ lo, hi })));
}

function treeOf(keys: readonly number[][]): StateTree {
  const tree = new StateTree(crypto, BIT_KEYS);
  tree.apply(keys.map((key) => ({ key: Uint8Array.from(key), valueDigest: digest })));
  return tree;
}

/** Every way to prune a subtree, the whole of it hidden first. */
function pruningsOf(tree: StateTree, node: NodeRef): ProofNode[][] {
  const hidden: ProofNode[] = [{ kind: 'opaque', hash: tree.hash(node) }];
  if (tree.isLeaf(node)) return [hidden, [{ kind: 'leaf', key: tree.key(node), valueDigest: tree.valueDigest(node) }]];
  const right = pruningsOf(tree, tree.child(node, 1));
  const open = pruningsOf(tree, tree.child(node, 0)).flatMap((a) =>
    right.map((b): ProofNode[] => [{ kind: 'branch', bit: tree.bit(node) }, ...a, ...b]),
  );
  return [hidden, ...open];
}

const show = (keys: Iterable<Bytes | number[]>): string => [...keys].map((key) => [...key].join('')).join(' ');

function judge(tree: StateTree, nodes: readonly ProofNode[], range: KeyRange): string | null {
  const claim = { root: tree.rootHash(tree.newest), nodes, ranges: [range], hasItsSize: () => true, unit: BIT_KEYS };
  const answer = checkPrunedMap(crypto, claim);
  return 'code' in answer ? null : show(answer.leaves.map((leaf) => leaf.key));
}

/** Of larger maps the sample says nothing new. */
const MINIMAL_KEYS_MAX = 5;

/** One claim has one proof without anything to spare: the prover's. */
function assertOneMinimal(nodes: readonly ProofNode[], proven: StateProof, range: KeyRange): void {
  const refusal = checkMinimalProof({ nodes }, [range], BIT_KEYS);
  if (refusal === null) assert.deepEqual(nodes, proven.nodes);
  else assert.equal(refusal.code, 'NOT_CANONICAL');
}

/** Both halves of the law for one map. Returns how many prunings were judged and how many accepted. */
function assertLaw(
  keys: readonly number[][],
  ranges: readonly KeyRange[],
  prunings: (tree: StateTree, root: NodeRef) => ProofNode[][],
) {
  const tree = treeOf(keys);
  const root = tree.root(tree.newest);
  const all = root === null ? [[]] : prunings(tree, root);
  let accepted = 0;
  for (const range of ranges) {
    const truth = show(keys.filter((key) => isInRange(Uint8Array.from(key), range, BIT_KEYS)));
    const proven = tree.prove(tree.newest, [range]);
    assert.equal(judge(tree, proven.nodes, range), truth);
    assert.equal(checkMinimalProof(proven, [range], BIT_KEYS), null);
    for (const nodes of all) {
      const shown = judge(tree, nodes, range);
      if (shown === null) continue;
      accepted++;
      if (shown !== truth)
        assert.fail(`false proof: map ${show(keys)}, range ${show([range.lo, range.hi])}: ${JSON.stringify(nodes)}`);
      if (keys.length <= MINIMAL_KEYS_MAX) assertOneMinimal(nodes, proven, range);
    }
  }
  return { prunings: all.length, accepted };
}

test('all maps of up to 3 bits, every range, every pruning', () => {
  const ranges = rangesOf(3);
  const maps = mapsBelow([], 3);
  assert.equal(maps.length, 676);
  let [prunings, accepted] = [0, 0];
  for (const keys of maps) {
    const seen = assertLaw(keys, ranges, pruningsOf);
    prunings += seen.prunings;
    accepted += seen.accepted;
  }
  assert.equal(prunings, 26_869);
  assert.ok(accepted > maps.length * ranges.length);
});

/** A fixed sequence of numbers below `limit` (Numerical Recipes' linear congruence; its high bits). */
function sequence(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

test('five hundred maps of up to 4 bits, every range, twenty prunings each', () => {
  const next = sequence(1);
  const below = mapsBelow([], 3);
  const pick = (side: number) => (below[next(below.length)] as number[][]).map((key) => [side, ...key]);
  const ranges = rangesOf(4);
  const prune = (tree: StateTree, node: NodeRef): ProofNode[] => {
    if (next(5) === 0) return [{ kind: 'opaque', hash: tree.hash(node) }];
    if (tree.isLeaf(node)) return [{ kind: 'leaf', key: tree.key(node), valueDigest: tree.valueDigest(node) }];
    return [{ kind: 'branch', bit: tree.bit(node) }, ...prune(tree, tree.child(node, 0)), ...prune(tree, tree.child(node, 1))];
  };
  let accepted = 0;
  for (let i = 0; i < 500; i++) {
    const keys = [...pick(0), ...pick(1)];
    accepted += assertLaw(keys, ranges, (tree, root) => Array.from({ length: 20 }, () => prune(tree, root))).accepted;
  }
  assert.ok(accepted > 10_000);
});
