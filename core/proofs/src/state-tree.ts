/**
 * The state map in memory: a Merkle crit-bit tree (specs/state-map.md §Tree) with versions. A batch of changes makes a new version
 * that shares every unchanged node with the one before; each changed branch is hashed once per batch. Versions are a queue:
 * the newest may be taken back until the next batch, the oldest are released, and what only they used is used again.
 */

import { type Bytes, compareBytes } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import type { KeyRange } from '@oppidum/formats/state-layout';
import { HASH_SIZE } from './merkle-hash.ts';
import { BYTE_KEYS, bitAt, firstDifference, isInRange, type KeyUnit } from './state-bits.ts';
import { emptyStateRoot } from './state-hash.ts';
import { NodeHasher } from './state-node-hash.ts';
import { EMPTY, NumberList, StateNodes } from './state-nodes.ts';
import type { StateProof } from './state-proof.ts';
import { type MapNodes, type NodeRef, proveRanges } from './state-prove.ts';

/** One changed key; `valueDigest` null removes it. `tag` is a number kept beside the leaf and not hashed: where the value is stored. */
export type TreeChange = { readonly key: Bytes; readonly valueDigest: Bytes | null; readonly tag?: number };

/** `stale`: nodes of the version before that this one no longer has. */
type Version = { readonly root: NodeRef; readonly keyCount: number; readonly stale: Int32Array };

/** Marks a leaf, in a list of nodes, whose key goes with it; leaves that replace one another share the key. */
const WITH_KEY = 2 ** 30;

/** A key that equals the leaf it was found at. */
const SAME = -1;

/** One map through its versions; leaves and branches are named by numbers (`NodeRef`). */
export class StateTree implements MapNodes {
  readonly unit: KeyUnit;
  readonly #crypto: Crypto;
  readonly #nodes = new StateNodes();
  readonly #hasher: NodeHasher;
  readonly #versions: Version[] = [{ root: EMPTY, keyCount: 0, stale: new Int32Array(0) }];
  #oldest = 0;
  #staleCount = 0;

  // The batch being applied: its changes ascending, and for each the bit at which it leaves the tree, or SAME.
  #changes: readonly TreeChange[] = [];
  #leavesAt: Int32Array = new Int32Array(0);
  #keyCount = 0;
  readonly #created = new NumberList();
  readonly #stale = new NumberList();
  #canRollBack = false;

  /** An empty map, version 0. */
  constructor(crypto: Crypto, unit: KeyUnit = BYTE_KEYS) {
    this.#crypto = crypto;
    this.unit = unit;
    this.#hasher = new NodeHasher(crypto, this.#nodes);
  }

  get oldest(): number {
    return this.#oldest;
  }

  get newest(): number {
    return this.#oldest + this.#versions.length - 1;
  }

  /** Keys of a version. */
  keyCount(version: number): number {
    return this.#version(version).keyCount;
  }

  /** Leaves of all kept versions together. */
  get leafCount(): number {
    return this.#nodes.leafCount;
  }

  /** Nodes that only older versions still use: what keeping them costs. */
  get staleCount(): number {
    return this.#staleCount;
  }

  /** Bytes of the node arrays. */
  get size(): number {
    return this.#nodes.size;
  }

  /**
   * Makes a new version from the newest one and returns its number. Removing an absent key changes nothing.
   * Each key at most once, and no key a prefix of another: else it throws a plain Error and nothing changed.
   */
  apply(changes: readonly TreeChange[]): number {
    const before = this.#version(this.newest);
    this.#prepare(before.root, changes);
    this.#created.clear();
    this.#stale.clear();
    this.#keyCount = before.keyCount;
    const root = this.#merge(before.root, 0, this.#changes.length);
    this.#changes = [];
    this.#versions.push({ root, keyCount: this.#keyCount, stale: this.#stale.toArray() });
    this.#staleCount += this.#stale.length;
    this.#canRollBack = true;
    return this.newest;
  }

  /** Forgets the newest version; only directly after the `apply` that made it. */
  rollBack(): void {
    if (!this.#canRollBack) throw new Error('nothing to roll back');
    this.#staleCount -= this.#versions.pop()?.stale.length ?? 0;
    for (let i = 0; i < this.#created.length; i++) this.#free(this.#created.at(i));
    this.#created.clear();
    this.#canRollBack = false;
  }

  /** Forgets all versions older than `version`. */
  releaseBefore(version: number): void {
    if (version > this.newest) throw new Error(`no version ${version}`);
    const released = this.#versions.splice(0, Math.max(0, version - this.#oldest));
    if (released.length === 0) return;
    const oldest = this.#versions[0] as Version;
    // The oldest version's own list names nodes of a version that is gone already.
    for (const { stale } of [...released.slice(1), oldest]) {
      for (let i = 0; i < stale.length; i++) this.#free(stale[i] as number);
      this.#staleCount -= stale.length;
    }
    this.#versions[0] = { ...oldest, stale: new Int32Array(0) };
    this.#oldest = version;
    if (this.#versions.length === 1) this.#canRollBack = false;
  }

  /** Root hash of a version. */
  rootHash(version: number): Bytes {
    return this.#hashOrEmpty(this.#version(version).root);
  }

  /**
   * Hash of the part of the tree that holds all keys beginning with `prefix` (the empty map's root when there is none): equal
   * exactly when those keys and values are equal.
   */
  prefixHash(version: number, prefix: Bytes): Bytes {
    let ref = this.#version(version).root;
    while (ref >= 0 && this.bit(ref) < prefix.length << this.unit) ref = this.child(ref, bitAt(prefix, this.bit(ref), this.unit));
    if (ref === EMPTY) return this.#hashOrEmpty(ref);
    const key = this.#nodes.keyOf(this.#firstLeaf(ref));
    return this.#hashOrEmpty(compareBytes(key.subarray(0, prefix.length), prefix) === 0 ? ref : EMPTY);
  }

  /** The leaf of this key, or null. A leaf names the same key and value as long as one version that has it is kept. */
  find(version: number, key: Bytes): NodeRef | null {
    const leaf = this.#nodes.descend(this.#version(version).root, key, this.unit);
    return leaf !== EMPTY && this.#firstDifference(key, leaf) === SAME ? leaf : null;
  }

  /** `find` for many, which go down the tree side by side: EMPTY where there is no such key. */
  findAll(version: number, items: readonly { readonly key: Bytes }[]): Int32Array {
    const leaves = this.#nodes.descendAll(this.#version(version).root, items, this.unit);
    this.#nodes.keepWithKeys(leaves, items);
    return leaves;
  }

  /** Leaves of the keys in [lo, hi], ascending. */
  *leaves(version: number, range: KeyRange): Generator<NodeRef> {
    const pending = this.#seek(this.#version(version).root, range.lo);
    for (let ref = pending.pop(); ref !== undefined; ref = pending.pop()) {
      while (ref >= 0) {
        pending.push(this.child(ref, 1));
        ref = this.child(ref, 0);
      }
      if (!isInRange(this.#nodes.keyOf(ref), range, this.unit)) return;
      yield ref;
    }
  }

  /** All leaves, ascending. */
  *allLeaves(version: number): Generator<NodeRef> {
    const root = this.#version(version).root;
    const pending = root === EMPTY ? [] : [root];
    for (let ref = pending.pop(); ref !== undefined; ref = pending.pop()) {
      if (ref < 0) yield ref;
      else pending.push(this.child(ref, 1), this.child(ref, 0));
    }
  }

  /** Proves which keys are in the ranges, all of them. Throws TOO_LARGE. */
  prove(version: number, ranges: readonly KeyRange[]): StateProof {
    return proveRanges(this, this.root(version), ranges);
  }

  /** The root node of a version, or null in an empty map. */
  root(version: number): NodeRef | null {
    const { root } = this.#version(version);
    return root === EMPTY ? null : root;
  }

  isLeaf(node: NodeRef): boolean {
    return node < 0;
  }

  bit(branch: NodeRef): number {
    return this.#nodes.bit(branch);
  }

  child(branch: NodeRef, side: 0 | 1): NodeRef {
    return this.#nodes.child(branch, side);
  }

  hash(node: NodeRef): Bytes {
    const hash = new Uint8Array(HASH_SIZE);
    this.#hasher.hashInto(node, hash, 0);
    return hash;
  }

  key(leaf: NodeRef): Bytes {
    return this.#nodes.keyOf(leaf).slice();
  }

  valueDigest(leaf: NodeRef): Bytes {
    return this.#nodes.digestOf(leaf).slice();
  }

  tag(leaf: NodeRef): number {
    return this.#nodes.tag(leaf);
  }

  /** Replaces the tag in all versions that have this leaf. */
  setTag(leaf: NodeRef, tag: number): void {
    this.#nodes.setTag(leaf, tag);
  }

  #version(version: number): Version {
    const found = this.#versions[version - this.#oldest];
    if (found === undefined) throw new Error(`version ${version} is not kept`);
    return found;
  }

  #free(marked: number): void {
    if (marked >= 0) return this.#nodes.freeBranch(marked);
    const leaf = marked < -WITH_KEY ? marked + WITH_KEY : marked;
    if (leaf !== marked) this.#nodes.freeKey(this.#nodes.keyOffset(leaf));
    this.#nodes.freeLeaf(leaf);
  }

  /** Sorts the batch, drops removals of absent keys and finds where each change leaves the tree. */
  #prepare(root: NodeRef, changes: readonly TreeChange[]): void {
    const sorted = isAscending(changes) ? changes : [...changes].sort((a, b) => compareBytes(a.key, b.key));
    const kept: TreeChange[] = [];
    const leavesAt = new Int32Array(sorted.length);
    const leaves = this.#nodes.descendAll(root, sorted, this.unit);
    let previous: Bytes | null = null;
    for (let i = 0; i < sorted.length; i++) {
      const change = sorted[i] as TreeChange;
      if (previous !== null) this.#assertApart(previous, change.key, firstDifference(previous, change.key, this.unit));
      previous = change.key;
      const leaf = leaves[i] as NodeRef;
      const at = leaf === EMPTY ? 0 : this.#firstDifference(change.key, leaf);
      if (leaf !== EMPTY && at !== SAME) this.#assertApart(this.#nodes.keyOf(leaf), change.key, at);
      if (change.valueDigest === null && (leaf === EMPTY || at !== SAME)) continue;
      leavesAt[kept.length] = at;
      kept.push(change);
    }
    this.#changes = kept;
    this.#leavesAt = leavesAt;
  }

  /** Keys of one map differ inside the shorter one: none is a prefix of another, none comes twice. */
  #assertApart(a: Bytes, b: Bytes, at: number): void {
    if (at < 0 || at >= Math.min(a.length, b.length) << this.unit)
      throw new Error('a key is a prefix of another, or occurs twice in one batch');
  }

  /** The subtree after changes [from, to), all of which belong on the edge into it or below. Depth is at most the bits of a key. */
  #merge(ref: NodeRef, from: number, to: number): NodeRef {
    if (from === to) return ref;
    if (ref === EMPTY) return this.#build(from, to);
    const bit = ref < 0 ? Number.POSITIVE_INFINITY : this.bit(ref);
    let first = bit;
    for (let i = from; i < to; i++) {
      const at = this.#leavesAt[i] as number;
      if (at !== SAME && at < first) first = at;
    }
    if (first < bit) return this.#splitEdge(ref, first, from, to);
    if (ref < 0) return this.#replaceLeaf(ref, from);

    const [left, right] = [this.child(ref, 0), this.child(ref, 1)];
    this.#stale.push(ref);
    const middle = this.#partition(bit, from, to);
    return this.#join(bit, this.#merge(left, from, middle), this.#merge(right, middle, to));
  }

  /** New keys leave the edge above `ref` at bit `at`: they stand on one side of a new branch, `ref` on the other. */
  #splitEdge(ref: NodeRef, at: number, from: number, to: number): NodeRef {
    if (this.#leavesAt[from] === at && this.#bitOf(from, at) === 0) {
      let middle = from;
      while (middle < to && this.#leavesAt[middle] === at) middle++;
      return this.#join(at, this.#build(from, middle), this.#merge(ref, middle, to));
    }
    let middle = to;
    while (middle > from && this.#leavesAt[middle - 1] === at) middle--;
    return this.#join(at, this.#merge(ref, from, middle), this.#build(middle, to));
  }

  #replaceLeaf(ref: NodeRef, index: number): NodeRef {
    const { valueDigest, tag } = this.#changes[index] as TreeChange;
    if (valueDigest === null) {
      this.#stale.push(ref - WITH_KEY);
      this.#keyCount--;
      return EMPTY;
    }
    this.#stale.push(ref);
    const leaf = this.#nodes.addLeaf(this.#nodes.keyOffset(ref), valueDigest, tag ?? 0);
    this.#created.push(leaf);
    return leaf;
  }

  /** A subtree of new keys only. */
  #build(from: number, to: number): NodeRef {
    if (to - from === 1) {
      const { key, valueDigest, tag } = this.#changes[from] as TreeChange;
      const leaf = this.#nodes.addLeaf(this.#nodes.addKey(key), valueDigest as Bytes, tag ?? 0);
      this.#created.push(leaf - WITH_KEY);
      this.#keyCount++;
      return leaf;
    }
    const [first, last] = [this.#changes[from] as TreeChange, this.#changes[to - 1] as TreeChange];
    const bit = firstDifference(first.key, last.key, this.unit);
    const middle = this.#partition(bit, from, to);
    return this.#join(bit, this.#build(from, middle), this.#build(middle, to));
  }

  /** The first change whose bit is 1; the changes agree before it. */
  #partition(bit: number, from: number, to: number): number {
    let [low, high] = [from, to];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#bitOf(middle, bit) === 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #bitOf(index: number, bit: number): 0 | 1 {
    return bitAt((this.#changes[index] as TreeChange).key, bit, this.unit);
  }

  /** A branch over two parts; where one is empty the other stands alone. */
  #join(bit: number, left: NodeRef, right: NodeRef): NodeRef {
    if (left === EMPTY) return right;
    if (right === EMPTY) return left;
    const branch = this.#nodes.addBranch(bit, left, right);
    this.#created.push(branch);
    this.#hasher.hashBranch(branch);
    return branch;
  }

  #hashOrEmpty(ref: NodeRef): Bytes {
    return ref === EMPTY ? emptyStateRoot(this.#crypto) : this.hash(ref);
  }

  /** Where the key differs from the leaf's key, or SAME. A key that only reads like it (one is the other and zeros) differs at the end. */
  #firstDifference(key: Bytes, leaf: NodeRef): number {
    if (this.#nodes.hasKey(leaf, key)) return SAME;
    const present = this.#nodes.keyOf(leaf);
    const at = firstDifference(key, present, this.unit);
    return at < 0 ? Math.max(present.length, key.length) << this.unit : at;
  }

  #firstLeaf(node: NodeRef): NodeRef {
    let ref = node;
    while (ref >= 0) ref = this.child(ref, 0);
    return ref;
  }

  /** Subtrees that hold exactly the keys from `lo` on, the first on top. */
  #seek(root: NodeRef, lo: Bytes): NodeRef[] {
    const leaf = this.#nodes.descend(root, lo, this.unit);
    if (leaf === EMPTY) return [];
    const at = this.#firstDifference(lo, leaf);
    const pending: NodeRef[] = [];
    let ref = root;
    // Down to the edge on which `lo` leaves the tree, keeping what lies to the right.
    while (ref >= 0 && (at === SAME || this.bit(ref) < at)) {
      const side = bitAt(lo, this.bit(ref), this.unit);
      if (side === 0) pending.push(this.child(ref, 1));
      ref = this.child(ref, side);
    }
    if (at === SAME || bitAt(lo, at, this.unit) === 0) pending.push(ref);
    return pending;
  }
}

function isAscending(changes: readonly TreeChange[]): boolean {
  for (let i = 1; i < changes.length; i++) {
    if (compareBytes((changes[i - 1] as TreeChange).key, (changes[i] as TreeChange).key) > 0) return false;
  }
  return true;
}
