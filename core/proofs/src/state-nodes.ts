/**
 * Where the nodes of a state tree live: flat arrays instead of objects, so that a million keys take about 125 bytes each and the
 * garbage collector has nothing to walk. Freed places form lists inside the arrays themselves.
 */

import type { Bytes } from '@oppidum/formats/bytes';
import { HASH_SIZE } from './merkle-hash.ts';
import type { NodeRef } from './state-prove.ts';

/** The tree without keys. Branches are numbers from 0 up; leaves are their complements, from −1 down. */
export const EMPTY: NodeRef = -(2 ** 31);

const NONE = -1;

/** Branches, leaves and keys by number. The arrays are replaced when they grow: never hold on to one across an `add`. */
export class StateNodes {
  // Branches: hash, the two children, bit.
  hashes: Bytes;
  children: Int32Array;
  bits: Uint16Array;
  #branchTop = 0;
  #freeBranch = NONE;
  // Leaves: SHA-256 of the value, where the key lies in `keys`, and the caller's number.
  digests: Bytes;
  keyOffsets: Uint32Array;
  tags: Float64Array;
  #leafTop = 0;
  #freeLeaf = NONE;
  leafCount = 0;
  // Keys, each once: size (u8) ‖ key.
  keys: Bytes;
  #keyTop = 0;
  readonly #freeKeys: number[][] = [];

  /** Room for so many leaves before the arrays grow. */
  constructor(leafCount: number) {
    this.hashes = new Uint8Array(leafCount * HASH_SIZE);
    this.children = new Int32Array(leafCount * 2);
    this.bits = new Uint16Array(leafCount);
    this.digests = new Uint8Array(leafCount * HASH_SIZE);
    this.keyOffsets = new Uint32Array(leafCount);
    this.tags = new Float64Array(leafCount);
    this.keys = new Uint8Array(leafCount * 35);
  }

  /** A branch at bit `b`; its hash is still to be computed. */
  addBranch(b: number, left: NodeRef, right: NodeRef): NodeRef {
    let branch = this.#freeBranch;
    if (branch === NONE) {
      branch = this.#branchTop++;
      if (branch === this.bits.length) this.#growBranches();
    } else this.#freeBranch = this.children[2 * branch] as number;
    this.bits[branch] = b;
    this.children[2 * branch] = left;
    this.children[2 * branch + 1] = right;
    return branch;
  }

  freeBranch(branch: NodeRef): void {
    this.children[2 * branch] = this.#freeBranch;
    this.#freeBranch = branch;
  }

  /** A leaf whose key is stored already. */
  addLeaf(keyOffset: number, valueDigest: Bytes, tag: number): NodeRef {
    let leaf = this.#freeLeaf;
    if (leaf === NONE) {
      leaf = this.#leafTop++;
      if (leaf === this.keyOffsets.length) this.#growLeaves();
    } else this.#freeLeaf = this.tags[leaf] as number;
    this.keyOffsets[leaf] = keyOffset;
    this.digests.set(valueDigest, leaf * HASH_SIZE);
    this.tags[leaf] = tag;
    this.leafCount++;
    return ~leaf;
  }

  freeLeaf(ref: NodeRef): void {
    this.tags[~ref] = this.#freeLeaf;
    this.#freeLeaf = ~ref;
    this.leafCount--;
  }

  /** Stores a key; the offset names it. */
  addKey(key: Bytes): number {
    const free = this.#freeKeys[key.length];
    const offset = free?.pop() ?? this.#keyTop;
    if (offset === this.#keyTop) {
      this.#keyTop += 1 + key.length;
      if (this.#keyTop > this.keys.length) this.keys = grown(this.keys, Uint8Array, this.#keyTop);
      this.keys[offset] = key.length;
    }
    this.keys.set(key, offset + 1);
    return offset;
  }

  freeKey(offset: number): void {
    const size = this.keys[offset] as number;
    const free = this.#freeKeys[size] ?? [];
    this.#freeKeys[size] = free;
    free.push(offset);
  }

  /** A view of a leaf's key; copy it before anything is added. */
  keyOf(leaf: NodeRef): Bytes {
    const offset = this.keyOffsets[~leaf] as number;
    return this.keys.subarray(offset + 1, offset + 1 + (this.keys[offset] as number));
  }

  /** Bytes that the arrays occupy. */
  get size(): number {
    const arrays = [this.hashes, this.children, this.bits, this.digests, this.keyOffsets, this.tags, this.keys];
    return arrays.reduce((sum, array) => sum + array.byteLength, 0);
  }

  #growBranches(): void {
    const count = grownLength(this.bits.length, this.#branchTop);
    this.hashes = grown(this.hashes, Uint8Array, count * HASH_SIZE);
    this.children = grown(this.children, Int32Array, count * 2);
    this.bits = grown(this.bits, Uint16Array, count);
  }

  #growLeaves(): void {
    const count = grownLength(this.keyOffsets.length, this.#leafTop);
    this.digests = grown(this.digests, Uint8Array, count * HASH_SIZE);
    this.keyOffsets = grown(this.keyOffsets, Uint32Array, count);
    this.tags = grown(this.tags, Float64Array, count);
  }
}

type NumberArray = Uint8Array | Uint16Array | Uint32Array | Int32Array | Float64Array;

function grownLength(length: number, needed: number): number {
  return Math.max(needed, Math.ceil(length * 1.5), 64);
}

function grown<T extends NumberArray>(array: T, type: { new (length: number): T }, needed: number): T {
  const larger = new type(grownLength(array.length, needed));
  larger.set(array as never);
  return larger;
}

/** A list of 32-bit numbers that only grows. */
export class NumberList {
  #items = new Int32Array(64);
  length = 0;

  push(item: number): void {
    if (this.length === this.#items.length) this.#items = grown(this.#items, Int32Array, this.length + 1);
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
