/**
 * Where the nodes of a state tree live: flat arrays instead of objects, so that a million keys take about 125 bytes each and the
 * garbage collector has nothing to walk. The arrays come in chunks, so that growing copies nothing; freed places form lists inside
 * the arrays themselves.
 */

import type { Bytes } from '@oppidum/formats/bytes';
import { LIMITS } from '@oppidum/formats/limits';
import { HASH_SIZE } from './merkle-hash.ts';
import type { NodeRef } from './state-prove.ts';

/** The tree without keys. Branches are numbers from 0 up; leaves are their complements, from −1 down. */
export const EMPTY: NodeRef = -(2 ** 31);

const NONE = -1;

/** Nodes per chunk, as a power of two, and bytes per chunk of keys. */
const NODE_SHIFT = 13;
const NODE_MASK = 2 ** NODE_SHIFT - 1;
const KEY_SHIFT = 18;
const KEY_MASK = 2 ** KEY_SHIFT - 1;

type BranchChunk = { readonly hashes: Bytes; readonly children: Int32Array; readonly bits: Uint16Array };
type LeafChunk = { readonly digests: Bytes; readonly keyOffsets: Uint32Array; readonly tags: Float64Array };

/** Branches, leaves and keys by number. */
export class StateNodes {
  /** Hash, two children and bit of each branch. */
  readonly #branches: BranchChunk[] = [];
  #branchTop = 0;
  #freeBranch = NONE;
  /** SHA-256 of the value, where the key lies, and the caller's number, of each leaf. */
  readonly #leaves: LeafChunk[] = [];
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
    const branchSize = HASH_SIZE + 2 * 4 + 2;
    const leafSize = HASH_SIZE + 4 + 8;
    return (
      (this.#branches.length * branchSize + this.#leaves.length * leafSize) * (NODE_MASK + 1) + this.#keys.length * (KEY_MASK + 1)
    );
  }

  /** A branch at bit `b`; its hash is still to be computed. */
  addBranch(b: number, left: NodeRef, right: NodeRef): NodeRef {
    let branch = this.#freeBranch;
    if (branch !== NONE) this.#freeBranch = this.child(branch, 0);
    else {
      branch = this.#branchTop++;
      if ((branch & NODE_MASK) === 0) this.#branches.push(newBranchChunk());
    }
    const { bits, children } = this.#branches[branch >> NODE_SHIFT] as BranchChunk;
    const at = branch & NODE_MASK;
    bits[at] = b;
    children[2 * at] = left;
    children[2 * at + 1] = right;
    return branch;
  }

  freeBranch(branch: NodeRef): void {
    (this.#branches[branch >> NODE_SHIFT] as BranchChunk).children[2 * (branch & NODE_MASK)] = this.#freeBranch;
    this.#freeBranch = branch;
  }

  bit(branch: NodeRef): number {
    return (this.#branches[branch >> NODE_SHIFT] as BranchChunk).bits[branch & NODE_MASK] as number;
  }

  child(branch: NodeRef, side: 0 | 1): NodeRef {
    return (this.#branches[branch >> NODE_SHIFT] as BranchChunk).children[2 * (branch & NODE_MASK) + side] as NodeRef;
  }

  /** The array that holds a branch's hash, from `hashOffset` on. */
  hashesOf(branch: NodeRef): Bytes {
    return (this.#branches[branch >> NODE_SHIFT] as BranchChunk).hashes;
  }

  hashOffset(branch: NodeRef): number {
    return (branch & NODE_MASK) * HASH_SIZE;
  }

  /** A leaf whose key is stored already. */
  addLeaf(keyOffset: number, valueDigest: Bytes, tag: number): NodeRef {
    let leaf = this.#freeLeaf;
    if (leaf !== NONE) this.#freeLeaf = this.tag(~leaf);
    else {
      leaf = this.#leafTop++;
      if ((leaf & NODE_MASK) === 0) this.#leaves.push(newLeafChunk());
    }
    const chunk = this.#leafChunk(~leaf);
    chunk.keyOffsets[leaf & NODE_MASK] = keyOffset;
    chunk.tags[leaf & NODE_MASK] = tag;
    chunk.digests.set(valueDigest, (leaf & NODE_MASK) * HASH_SIZE);
    this.#leafCount++;
    return ~leaf;
  }

  freeLeaf(ref: NodeRef): void {
    this.setTag(ref, this.#freeLeaf);
    this.#freeLeaf = ~ref;
    this.#leafCount--;
  }

  tag(ref: NodeRef): number {
    return this.#leafChunk(ref).tags[~ref & NODE_MASK] as number;
  }

  setTag(ref: NodeRef, tag: number): void {
    this.#leafChunk(ref).tags[~ref & NODE_MASK] = tag;
  }

  /** A view of the digest of a leaf's value. */
  digestOf(ref: NodeRef): Bytes {
    const at = (~ref & NODE_MASK) * HASH_SIZE;
    return this.#leafChunk(ref).digests.subarray(at, at + HASH_SIZE);
  }

  keyOffset(ref: NodeRef): number {
    return this.#leafChunk(ref).keyOffsets[~ref & NODE_MASK] as number;
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
    copyBytes(this.#leafChunk(ref).digests, (~ref & NODE_MASK) * HASH_SIZE, out, offset + 1 + size, HASH_SIZE);
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

  #leafChunk(ref: NodeRef): LeafChunk {
    return this.#leaves[~ref >> NODE_SHIFT] as LeafChunk;
  }
}

function newBranchChunk(): BranchChunk {
  const count = NODE_MASK + 1;
  return { hashes: new Uint8Array(count * HASH_SIZE), children: new Int32Array(2 * count), bits: new Uint16Array(count) };
}

function newLeafChunk(): LeafChunk {
  const count = NODE_MASK + 1;
  return { digests: new Uint8Array(count * HASH_SIZE), keyOffsets: new Uint32Array(count), tags: new Float64Array(count) };
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
