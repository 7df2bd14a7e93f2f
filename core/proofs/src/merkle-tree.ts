/** Proving inclusion and consistency from stored subtree hashes, and growing a log's root one entry at a time. */

import { type Bytes, concatBytes, encodeUint64, readUint64 } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { formatError } from '@oppidum/formats/errors';
import { emptyRoot, HASH_SIZE, nodeHash } from './merkle-hash.ts';
import { consistencyPath, inclusionSiblings, splitPoint } from './merkle-path.ts';

/**
 * The stored hash of the complete subtree over entries [index × 2^level, (index + 1) × 2^level); level 0 holds leaf hashes.
 * Only asked for subtrees that are complete at the size being proven.
 */
export type HashReader = (level: number, index: number) => Bytes;

/** Hash of entries [start, start + count), as RFC 6962 §2.1 MTH; `start` is a multiple of the largest power of two ≤ `count`. */
function rangeHash(crypto: Crypto, readHash: HashReader, start: number, count: number): Bytes {
  const level = levelOf(count);
  if (2 ** level === count) return readHash(level, start / count);
  const k = splitPoint(count);
  return nodeHash(crypto, rangeHash(crypto, readHash, start, k), rangeHash(crypto, readHash, start + k, count - k));
}

/** Root of the first `size` entries. */
export function treeRoot(crypto: Crypto, readHash: HashReader, size: number): Bytes {
  return size === 0 ? emptyRoot(crypto) : rangeHash(crypto, readHash, 0, size);
}

/** The inclusion proof of entry `index` in the first `size` entries (RFC 9162 §2.1.3.1), leaf to root. Throws NUMBER_RANGE. */
export function proveInclusion(crypto: Crypto, readHash: HashReader, index: number, size: number): Bytes[] {
  if (!(index >= 0 && index < size)) throw formatError('NUMBER_RANGE', { index, size });
  return inclusionSiblings(index, size).map(({ start, count }) => rangeHash(crypto, readHash, start, count));
}

/**
 * The consistency proof from the first `size1` to the first `size2` entries (RFC 9162 §2.1.4.1); empty for equal sizes.
 * Throws NUMBER_RANGE unless 0 < size1 ≤ size2.
 */
export function proveConsistency(crypto: Crypto, readHash: HashReader, size1: number, size2: number): Bytes[] {
  if (!(size1 > 0 && size1 <= size2)) throw formatError('NUMBER_RANGE', { size1, size2 });
  if (size1 === size2) return [];
  const { seed, seedInProof, siblings } = consistencyPath(size1, size2);
  const ranges = seedInProof ? [seed, ...siblings] : siblings;
  return ranges.map(({ start, count }) => rangeHash(crypto, readHash, start, count));
}

/** The largest level whose subtrees have at most `count` leaves: ⌊log2 count⌋ without floating-point logarithms. */
function levelOf(count: number): number {
  let level = 0;
  for (let rest = count; rest > 1; rest = Math.floor(rest / 2)) level++;
  return level;
}

/** Told of every subtree that an appended leaf completes, lowest first; what `HashReader` needs to have stored. */
export type CompletedSubtree = (level: number, index: number, hash: Bytes) => void;

/** The right edge of a growing log: at most 53 hashes, enough to append and to know the root. */
export class CompactTree {
  readonly #crypto: Crypto;
  /** `#peaks[level]` is the complete subtree of 2^level leaves that the size's binary digit at `level` stands for. */
  readonly #peaks: (Bytes | null)[] = [];
  #size = 0;

  constructor(crypto: Crypto) {
    this.#crypto = crypto;
  }

  get size(): number {
    return this.#size;
  }

  /** Adds one leaf hash (32 bytes). */
  append(hash: Bytes, completed?: CompletedSubtree): void {
    let carried = hash;
    let level = 0;
    completed?.(0, this.#size, carried);
    for (let peak = this.#peaks[0] ?? null; peak !== null; peak = this.#peaks[level] ?? null) {
      carried = nodeHash(this.#crypto, peak, carried);
      this.#peaks[level] = null;
      level++;
      completed?.(level, Math.floor(this.#size / 2 ** level), carried);
    }
    this.#peaks[level] = carried;
    this.#size++;
  }

  /** One that grows by itself from here. */
  copy(): CompactTree {
    const tree = new CompactTree(this.#crypto);
    tree.#peaks.push(...this.#peaks);
    tree.#size = this.#size;
    return tree;
  }

  /** RFC 6962 root of everything appended. */
  root(): Bytes {
    let root: Bytes | null = null;
    for (const peak of this.#peaks) {
      if (peak !== null) root = root === null ? peak : nodeHash(this.#crypto, peak, root);
    }
    return root ?? emptyRoot(this.#crypto);
  }

  /** size (u64) ‖ the peaks from the largest to the smallest. */
  encode(): Bytes {
    const peaks = this.#peaks.filter((peak) => peak !== null);
    return concatBytes(encodeUint64(this.#size), ...peaks.reverse());
  }

  /** Opens what `encode` wrote. Throws TRUNCATED, NUMBER_RANGE, LENGTH_WRONG. */
  static parse(crypto: Crypto, data: Bytes): CompactTree {
    const tree = new CompactTree(crypto);
    tree.#size = readUint64(data, 0);
    let offset = data.length;
    for (let rest = tree.#size; rest > 0; rest = Math.floor(rest / 2)) {
      if (rest % 2 === 0) tree.#peaks.push(null);
      else {
        offset -= HASH_SIZE;
        if (offset < 8) throw formatError('LENGTH_WRONG', { got: data.length });
        tree.#peaks.push(data.slice(offset, offset + HASH_SIZE));
      }
    }
    if (offset !== 8) throw formatError('LENGTH_WRONG', { got: data.length });
    return tree;
  }
}
