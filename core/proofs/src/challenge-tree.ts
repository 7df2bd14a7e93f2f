/**
 * The tree of challenges of an order for many devices: an RFC 6962 tree whose leaves are device ‖ challenge, 64 bytes, strictly ascending by
 * device. One transaction names its root; each device gets its own place and path. Prover beside checker.
 */

import { type Bytes, compareBytes, concatBytes } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { formatError, type Rejection } from '@oppidum/formats/errors';
import { LIMITS } from '@oppidum/formats/limits';
import { checkInclusion } from './merkle.ts';
import { leafHash } from './merkle-hash.ts';
import { CompactTree, proveInclusion } from './merkle-tree.ts';

const COUNT_MAX = LIMITS.zoneOrderDeviceCountMax;

/** A device and its newest challenge, 32 bytes each. */
export type Challenged = { readonly device: Bytes; readonly challenge: Bytes };

/** The root and how many devices; `pathOf` the path of the device at this index, leaf to root. */
export type ChallengeTree = {
  readonly root: Bytes;
  readonly count: number;
  readonly pathOf: (index: number) => Bytes[];
};

/**
 * A tree whose devices come one after the other: a big one is much to hash at once. `add` throws FormatError: NUMBER_RANGE (too many),
 * DUPLICATE_KEY, UNSORTED (devices do not ascend strictly), LENGTH_WRONG (not 32 bytes).
 */
export class GrowingChallengeTree {
  readonly #crypto: Crypto;
  readonly #tree: CompactTree;
  /** Hashes of the complete subtrees, by level. */
  readonly #levels: Bytes[][] = [];
  #newest: Challenged | null = null;

  constructor(crypto: Crypto) {
    this.#crypto = crypto;
    this.#tree = new CompactTree(crypto);
  }

  add(entry: Challenged): void {
    const count = this.#tree.size;
    if (count === COUNT_MAX) throw formatError('NUMBER_RANGE', { min: 1, max: COUNT_MAX, got: count + 1 });
    const order = this.#newest === null ? -1 : compareBytes(this.#newest.device, entry.device);
    if (order === 0) throw formatError('DUPLICATE_KEY', { at: `/${count}` });
    if (order > 0) throw formatError('UNSORTED', { at: `/${count}` });
    this.#tree.append(challengeLeafHash(this.#crypto, entry), (level, _, hash) => {
      this.#levels[level] ??= [];
      this.#levels[level].push(hash);
    });
    this.#newest = entry;
  }

  /** The tree; nothing is added any more. Throws NUMBER_RANGE (none). */
  finish(): ChallengeTree {
    const count = this.#tree.size;
    if (count === 0) throw formatError('NUMBER_RANGE', { min: 1, max: COUNT_MAX, got: 0 });
    const readHash = (level: number, index: number): Bytes => {
      const hash = this.#levels[level]?.[index];
      if (hash === undefined) throw new Error(`no subtree ${index} of level ${level}`);
      return hash;
    };
    return { root: this.#tree.root(), count, pathOf: (index) => proveInclusion(this.#crypto, readHash, index, count) };
  }
}

/**
 * The tree over these devices. Throws FormatError: NUMBER_RANGE (none, or too many), and as `GrowingChallengeTree`. `pathOf` throws
 * NUMBER_RANGE.
 */
export function makeChallengeTree(crypto: Crypto, devices: readonly Challenged[]): ChallengeTree {
  if (devices.length < 1 || devices.length > COUNT_MAX)
    throw formatError('NUMBER_RANGE', { min: 1, max: COUNT_MAX, got: devices.length });
  const tree = new GrowingChallengeTree(crypto);
  for (const entry of devices) tree.add(entry);
  return tree.finish();
}

/** Refuses unless the device stands at this place of the tree: NUMBER_RANGE, PROOF_LENGTH_WRONG, LENGTH_WRONG, ROOT_MISMATCH. */
export function checkChallenged(
  crypto: Crypto,
  tree: { readonly root: Bytes; readonly count: number },
  entry: Challenged,
  place: { readonly index: number; readonly path: readonly Bytes[] },
): Rejection | null {
  const hash = challengeLeafHash(crypto, entry);
  return checkInclusion(crypto, { index: place.index, size: tree.count, leafHash: hash, proof: place.path, root: tree.root });
}

/** 64 bytes in a leaf, 65 in a node with its prefix: RFC 6962's prefixes keep one from passing for the other. */
function challengeLeafHash(crypto: Crypto, { device, challenge }: Challenged): Bytes {
  for (const part of [device, challenge])
    if (part.length !== 32) throw formatError('LENGTH_WRONG', { want: 32, got: part.length });
  return leafHash(crypto, concatBytes(device, challenge));
}
