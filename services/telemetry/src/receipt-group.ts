/**
 * The receipts of one group commit: the shard signs the RFC 6962 root over the group's leaves once, and each receipt carries its own
 * leaf and path. Signed head and leaf hashes are all that is kept; the same receipt follows from them at any later time.
 */

import type { Bytes } from '@oppidum/formats/bytes';
import type { Crypto, Signer } from '@oppidum/formats/crypto';
import { encodeReceiptLeaf, receiptJoiner, signReceiptHead } from '@oppidum/formats/receipt';
import { HASH_SIZE, leafHash, nodeHash } from '@oppidum/proofs/merkle-hash';
import type { Decision } from './stored-group.ts';

/** Who signs, and for which city. */
export type ReceiptIssuer = { readonly crypto: Crypto; readonly audience: Bytes; readonly shard: Bytes };

/** What every receipt of a group follows from. `leafHashes`: one after the other. */
export type ReceiptGroup = { readonly signedHead: Bytes; readonly leafHashes: Bytes };

/** Makes the receipt of what a group said. */
export type ReceiptMaker = (said: Decision) => Bytes;

/** Signs what a group says, in the order of positions: at least one thing, at most 65,536. */
export function signGroup(
  issuer: ReceiptIssuer,
  signer: Signer,
  leaves: readonly Decision[],
): { readonly group: ReceiptGroup; readonly make: ReceiptMaker } {
  const { crypto, shard } = issuer;
  const encoded = leaves.map((said) => encodeLeaf(issuer, said));
  const leafHashes = new Uint8Array(leaves.length * HASH_SIZE);
  for (const [i, leaf] of encoded.entries()) leafHashes.set(leafHash(crypto, leaf), i * HASH_SIZE);
  const levels = hashLevels(crypto, leafHashes);
  const root = (levels.at(-1) as Bytes).slice();
  const signedHead = signReceiptHead(signer, { shard, count: leaves.length, root });
  const join = receiptJoiner(signedHead);
  return {
    group: { signedHead, leafHashes },
    make: ({ position }) => join(encoded[position] as Bytes, position, pathOf(levels, position)),
  };
}

/** Makes receipts of a group that was signed before: the tree is hashed once, however many are asked for. */
export function receiptMaker(issuer: ReceiptIssuer, { signedHead, leafHashes }: ReceiptGroup): ReceiptMaker {
  const levels = hashLevels(issuer.crypto, leafHashes);
  const join = receiptJoiner(signedHead);
  return (said) => join(encodeLeaf(issuer, said), said.position, pathOf(levels, said.position));
}

function encodeLeaf({ audience, shard }: ReceiptIssuer, { device, keyNumber, sequence, digest, outcome }: Decision): Bytes {
  const leaf = { audience, shard, device, keyNumber, sequence, digest };
  return encodeReceiptLeaf(typeof outcome === 'number' ? { ...leaf, index: outcome } : { ...leaf, refusal: outcome });
}

/**
 * The tree of RFC 6962 §2.1 level by level: each node is hashed from two of the level below it; one that has no right neighbour stands on
 * the next level as it is. The last level is the root.
 */
function hashLevels(crypto: Crypto, leafHashes: Bytes): Bytes[] {
  const levels = [leafHashes];
  for (let below = leafHashes; below.length > HASH_SIZE; ) {
    const count = below.length / HASH_SIZE;
    const level = new Uint8Array(Math.ceil(count / 2) * HASH_SIZE);
    for (let i = 0; i + 1 < count; i += 2)
      level.set(nodeHash(crypto, nodeOf(below, i), nodeOf(below, i + 1)), (i / 2) * HASH_SIZE);
    if (count % 2 === 1) level.set(nodeOf(below, count - 1), level.length - HASH_SIZE);
    levels.push(level);
    below = level;
  }
  return levels;
}

/** Neighbours from the leaf to the root (RFC 6962 §2.1.1). */
function pathOf(levels: readonly Bytes[], position: number): Bytes[] {
  const path: Bytes[] = [];
  let i = position;
  for (const level of levels) {
    const neighbour = i ^ 1;
    if (neighbour * HASH_SIZE < level.length) path.push(nodeOf(level, neighbour));
    i >>= 1;
  }
  return path;
}

function nodeOf(level: Bytes, i: number): Bytes {
  return level.subarray(i * HASH_SIZE, (i + 1) * HASH_SIZE);
}
