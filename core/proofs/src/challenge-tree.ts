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

/** A device and its newest challenge, 32 bytes each. */
export type Challenged = { readonly device: Bytes; readonly challenge: Bytes };

/** The root and how many devices; `pathOf` the path of the device at this index, leaf to root. */
export type ChallengeTree = {
  readonly root: Bytes;
  readonly count: number;
  readonly pathOf: (index: number) => Bytes[];
};

/**
 * The tree over these devices. Throws FormatError: NUMBER_RANGE (none, or too many), DUPLICATE_KEY, UNSORTED (devices do not ascend
 * strictly), LENGTH_WRONG (not 32 bytes). `pathOf` throws NUMBER_RANGE.
 */
export function makeChallengeTree(crypto: Crypto, devices: readonly Challenged[]): ChallengeTree {
  const countMax = LIMITS.zoneOrderDeviceCountMax;
  if (devices.length < 1 || devices.length > countMax)
    throw formatError('NUMBER_RANGE', { min: 1, max: countMax, got: devices.length });
  const levels: Bytes[][] = [];
  const tree = new CompactTree(crypto);
  for (const [i, entry] of devices.entries()) {
    const before = devices[i - 1];
    const order = before === undefined ? -1 : compareBytes(before.device, entry.device);
    if (order === 0) throw formatError('DUPLICATE_KEY', { at: `/${i}` });
    if (order > 0) throw formatError('UNSORTED', { at: `/${i}` });
    tree.append(challengeLeafHash(crypto, entry), (level, _, hash) => {
      levels[level] ??= [];
      levels[level].push(hash);
    });
  }
  const readHash = (level: number, index: number): Bytes => {
    const hash = levels[level]?.[index];
    if (hash === undefined) throw new Error(`no subtree ${index} of level ${level}`);
    return hash;
  };
  const count = devices.length;
  return { root: tree.root(), count, pathOf: (index) => proveInclusion(crypto, readHash, index, count) };
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
