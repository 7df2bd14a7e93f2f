/**
 * Where the nodes of a state tree live: flat arrays instead of objects, so that a million keys take about 125 bytes each and the
 * garbage collector has nothing to walk. The arrays come in chunks, so that growing copies nothing; freed places form lists inside
 * the arrays themselves. What belongs to one node lies together: a walk down a large tree waits for memory at each node it meets.
 */

import type { Bytes } from '@oppidum/formats/bytes';
import { LIMITS } from '@oppidum/formats/limits';
import { HASH_SIZE } from './merkle-hash.ts';
import { bitAt, type KeyUnit } from './state-bits.ts';
import type { NodeRef } from './state-prove.ts';

/** The tree without keys. Branches are numbers from 0 up; leaves are their complements, from −1 down. */
export const EMPTY: NodeRef = -(2 ** 31);

const NONE = -1;

/** Nodes per chunk, as a power of two, and bytes per chunk of keys. */
const NODE_SHIFT = 13;
const NODE_MASK = 2 ** NODE_SHIFT - 1;
const KEY_SHIFT = 18;
const KEY_MASK = 2 ** KEY_SHIFT - 1;

const HASH_WORDS = HASH_SIZE / 4;
/** A branch in words of 32 bits: children (the first lists free places), bit, hash. */
const [BRANCH_BIT, BRANCH_HASH] = [2, 3] as const;
const BRANCH_WORDS = BRANCH_HASH + HASH_WORDS;
/** A leaf: where its key lies (lists free places), the caller's number (above and below 2^32), SHA-256 of the value. */
const [LEAF_TAG, LEAF_DIGEST] = [1, 3] as const;
const LEAF_WORDS = LEAF_DIGEST + HASH_WORDS;

/** Branches, leaves and keys by number. */
export class StateNodes {
  /** The words of each chunk, and the same memory as bytes. */
  readonly #branches: Int32Array[] = [];
  readonly #branchBytes: Bytes[] = [];
  #branchTop = 0;
  #freeBranch = NONE;
  readonly #leaves: Int32Array[] = [];
  readonly #leafBytes: Bytes[] = [];
  #leafTop = 0;
  #freeLeaf = NONE;
  #leafCount = 0;
  /** Keys, each once: size (u8) ‖ key; none spans two chunks. */
  readonly #keys: Bytes[] = [];
  #keyTop = 0;
  readonly #freeKeys: number[][] = Array.from({ length: LIMITS.stateKeySizeMax + 1 }, () => []);

  get leafCount(): number {
    return this.#leafCount;
  }

  /** Bytes that the arrays occupy. */
  get size(): number {
    const words = this.#branches.length * BRANCH_WORDS + this.#leaves.length * LEAF_WORDS;
    return words * 4 * (NODE_MASK + 1) + this.#keys.length * (KEY_MASK + 1);
  }

  /** A branch at bit `b`; its hash is still to be computed. */
  addBranch(b: number, left: NodeRef, right: NodeRef): NodeRef {
    let branch = this.#freeBranch;
    if (branch !== NONE) this.#freeBranch = this.child(branch, 0);
    else {
      branch = this.#branchTop++;
      if ((branch & NODE_MASK) === 0) addChunk(this.#branches, this.#branchBytes, BRANCH_WORDS);
    }
    const words = this.#branches[branch >> NODE_SHIFT] as Int32Array;
    const at = (branch & NODE_MASK) * BRANCH_WORDS;
    words[at] = left;
    words[at + 1] = right;
    words[at + BRANCH_BIT] = b;
    return branch;
  }

  freeBranch(branch: NodeRef): void {
    (this.#branches[branch >> NODE_SHIFT] as Int32Array)[(branch & NODE_MASK) * BRANCH_WORDS] = this.#freeBranch;
    this.#freeBranch = branch;
  }

  bit(branch: NodeRef): number {
    return (this.#branches[branch >> NODE_SHIFT] as Int32Array)[(branch & NODE_MASK) * BRANCH_WORDS + BRANCH_BIT] as number;
  }

  child(branch: NodeRef, side: 0 | 1): NodeRef {
    return (this.#branches[branch >> NODE_SHIFT] as Int32Array)[(branch & NODE_MASK) * BRANCH_WORDS + side] as NodeRef;
  }

  /** The leaf that the key's bits lead to from a node; EMPTY from EMPTY. */
  descend(from: NodeRef, key: Bytes, unit: KeyUnit): NodeRef {
    let ref = from;
    while (ref >= 0) {
      const words = this.#branches[ref >> NODE_SHIFT] as Int32Array;
      const at = (ref & NODE_MASK) * BRANCH_WORDS;
      ref = words[at + bitAt(key, words[at + BRANCH_BIT] as number, unit)] as NodeRef;
    }
    return ref;
  }

  /** The same for many: they go down side by side, so that the processor waits for the memory of several at once. */
  descendAll(from: NodeRef, items: readonly { readonly key: Bytes }[], unit: KeyUnit): Int32Array {
    const refs = new Int32Array(items.length).fill(from);
    for (let isOpen = from >= 0; isOpen; ) {
      isOpen = false;
      for (let i = 0; i < refs.length; i++) {
        const ref = refs[i] as NodeRef;
        if (ref < 0) continue;
        const words = this.#branches[ref >> NODE_SHIFT] as Int32Array;
        const at = (ref & NODE_MASK) * BRANCH_WORDS;
        const { key } = items[i] as { readonly key: Bytes };
        refs[i] = words[at + bitAt(key, words[at + BRANCH_BIT] as number, unit)] as NodeRef;
        isOpen = true;
      }
    }
    return refs;
  }

  /** The array that holds a branch's hash, from `hashOffset` on. */
  hashesOf(branch: NodeRef): Bytes {
    return this.#branchBytes[branch >> NODE_SHIFT] as Bytes;
  }

  hashOffset(branch: NodeRef): number {
    return ((branch & NODE_MASK) * BRANCH_WORDS + BRANCH_HASH) * 4;
  }

  /** Copies a branch's hash, word by word. */
  copyHash(branch: NodeRef, out: Int32Array, offset: number): void {
    const words = this.#branches[branch >> NODE_SHIFT] as Int32Array;
    const at = (branch & NODE_MASK) * BRANCH_WORDS + BRANCH_HASH;
    for (let i = 0; i < HASH_WORDS; i++) out[offset + i] = words[at + i] as number;
  }

  /** A leaf whose key is stored already. */
  addLeaf(keyOffset: number, valueDigest: Bytes, tag: number): NodeRef {
    let leaf = this.#freeLeaf;
    if (leaf !== NONE) this.#freeLeaf = this.#leafWord(~leaf, 0);
    else {
      leaf = this.#leafTop++;
      if ((leaf & NODE_MASK) === 0) addChunk(this.#leaves, this.#leafBytes, LEAF_WORDS);
    }
    const at = (leaf & NODE_MASK) * LEAF_WORDS;
    (this.#leaves[leaf >> NODE_SHIFT] as Int32Array)[at] = keyOffset;
    copyBytes(valueDigest, 0, this.#leafBytes[leaf >> NODE_SHIFT] as Bytes, 4 * (at + LEAF_DIGEST), HASH_SIZE);
    this.setTag(~leaf, tag);
    this.#leafCount++;
    return ~leaf;
  }

  freeLeaf(ref: NodeRef): void {
    (this.#leaves[~ref >> NODE_SHIFT] as Int32Array)[(~ref & NODE_MASK) * LEAF_WORDS] = this.#freeLeaf;
    this.#freeLeaf = ~ref;
    this.#leafCount--;
  }

  tag(ref: NodeRef): number {
    return this.#leafWord(ref, LEAF_TAG) * 2 ** 32 + (this.#leafWord(ref, LEAF_TAG + 1) >>> 0);
  }

  setTag(ref: NodeRef, tag: number): void {
    const words = this.#leaves[~ref >> NODE_SHIFT] as Int32Array;
    const at = (~ref & NODE_MASK) * LEAF_WORDS + LEAF_TAG;
    words[at] = Math.floor(tag / 2 ** 32);
    words[at + 1] = tag;
  }

  /** A view of the digest of a leaf's value. */
  digestOf(ref: NodeRef): Bytes {
    const at = 4 * ((~ref & NODE_MASK) * LEAF_WORDS + LEAF_DIGEST);
    return (this.#leafBytes[~ref >> NODE_SHIFT] as Bytes).subarray(at, at + HASH_SIZE);
  }

  keyOffset(ref: NodeRef): number {
    return this.#leafWord(ref, 0) >>> 0;
  }

  /** A view of a leaf's key. */
  keyOf(ref: NodeRef): Bytes {
    const offset = this.keyOffset(ref);
    const at = offset & KEY_MASK;
    const chunk = this.#keys[offset >>> KEY_SHIFT] as Bytes;
    return chunk.subarray(at + 1, at + 1 + (chunk[at] as number));
  }

  /** Writes keyLength: u8 ‖ key ‖ valueDigest to `out` and returns the key's size. */
  copyLeaf(ref: NodeRef, out: Bytes, offset: number): number {
    const keyOffset = this.keyOffset(ref);
    const chunk = this.#keys[keyOffset >>> KEY_SHIFT] as Bytes;
    const size = chunk[keyOffset & KEY_MASK] as number;
    copyBytes(chunk, keyOffset & KEY_MASK, out, offset, 1 + size);
    const digests = this.#leafBytes[~ref >> NODE_SHIFT] as Bytes;
    copyBytes(digests, 4 * ((~ref & NODE_MASK) * LEAF_WORDS + LEAF_DIGEST), out, offset + 1 + size, HASH_SIZE);
    return size;
  }

  /** True when the leaf's key is exactly `key`. */
  hasKey(ref: NodeRef, key: Bytes): boolean {
    const offset = this.keyOffset(ref);
    const chunk = this.#keys[offset >>> KEY_SHIFT] as Bytes;
    const at = offset & KEY_MASK;
    if (chunk[at] !== key.length) return false;
    let i = 0;
    while (i < key.length && chunk[at + 1 + i] === key[i]) i++;
    return i === key.length;
  }

  /** Leaves whose key is not that of their item become EMPTY. Passes, so that the processor waits for the memory of several at once. */
  keepWithKeys(refs: Int32Array, items: readonly { readonly key: Bytes }[]): void {
    const offsets = new Uint32Array(refs.length);
    for (let i = 0; i < refs.length; i++) if (refs[i] !== EMPTY) offsets[i] = this.keyOffset(refs[i] as NodeRef);
    for (let i = 0; i < refs.length; i++) {
      const offset = offsets[i] as number;
      const size = this.#keys[offset >>> KEY_SHIFT]?.[offset & KEY_MASK];
      if (size !== items[i]?.key.length) refs[i] = EMPTY;
    }
    for (let i = 0; i < refs.length; i++) {
      if (refs[i] !== EMPTY && !this.hasKey(refs[i] as NodeRef, (items[i] as { readonly key: Bytes }).key)) refs[i] = EMPTY;
    }
  }

  /** Stores a key; the offset names it. */
  addKey(key: Bytes): number {
    const free = this.#freeKeys[key.length]?.pop();
    const offset = free ?? this.#nextKey(1 + key.length);
    const chunk = this.#keys[offset >>> KEY_SHIFT] as Bytes;
    chunk[offset & KEY_MASK] = key.length;
    chunk.set(key, (offset & KEY_MASK) + 1);
    return offset;
  }

  freeKey(offset: number): void {
    const size = (this.#keys[offset >>> KEY_SHIFT] as Bytes)[offset & KEY_MASK] as number;
    this.#freeKeys[size]?.push(offset);
  }

  #nextKey(size: number): number {
    const end = (this.#keys.length << KEY_SHIFT) >>> 0;
    if (this.#keyTop + size > end) {
      this.#keyTop = end;
      this.#keys.push(new Uint8Array(KEY_MASK + 1));
    }
    const offset = this.#keyTop;
    this.#keyTop += size;
    return offset;
  }

  #leafWord(ref: NodeRef, word: number): number {
    return (this.#leaves[~ref >> NODE_SHIFT] as Int32Array)[(~ref & NODE_MASK) * LEAF_WORDS + word] as number;
  }
}

/** Room for further nodes, as words and as bytes. */
function addChunk(words: Int32Array[], bytes: Bytes[], wordsOfOne: number): void {
  const chunk = new Int32Array((NODE_MASK + 1) * wordsOfOne);
  words.push(chunk);
  bytes.push(new Uint8Array(chunk.buffer));
}

/** Byte by byte: for 32 bytes faster than making a view for `set`. */
export function copyBytes(from: Bytes, start: number, to: Bytes, offset: number, count: number): void {
  for (let i = 0; i < count; i++) to[offset + i] = from[start + i] as number;
}

/** A list of 32-bit numbers that only grows. */
export class NumberList {
  #items = new Int32Array(64);
  length = 0;

  push(item: number): void {
    if (this.length === this.#items.length) {
      const larger = new Int32Array(2 * this.length);
      larger.set(this.#items);
      this.#items = larger;
    }
    this.#items[this.length++] = item;
  }

  at(index: number): number {
    return this.#items[index] as number;
  }

  clear(): void {
    this.length = 0;
  }

  /** A copy of exactly the items. */
  toArray(): Int32Array {
    return this.#items.slice(0, this.length);
  }
}
