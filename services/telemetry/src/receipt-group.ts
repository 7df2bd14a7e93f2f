/**
 * The receipts of one group commit: the shard signs the RFC 6962 root over the group's leaves once, and each receipt carries its own
 * leaf and path. Signed head and leaf hashes are all that is kept; the same receipt follows from them at any later time.
 */

import type { Bytes } from '@oppidum/formats/bytes';
import type { Crypto, Signer } from '@oppidum/formats/crypto';
import { signReceiptHead } from '@oppidum/formats/receipt';
import { ReceiptChunks, ReceiptLeaves } from '@oppidum/formats/receipt-form';
import { HASH_SIZE } from '@oppidum/proofs/merkle-hash';
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
  const { crypto, audience, shard } = issuer;
  const encoded = new ReceiptLeaves(audience, shard, leaves.length);
  for (const said of leaves) encoded.add(said);
  const leafHashes = new Uint8Array(leaves.length * HASH_SIZE);
  for (let i = 0; i < leaves.length; i++) crypto.sha256Into(encoded.hashed(i), leafHashes, i * HASH_SIZE);
  const levels = hashLevels(crypto, leafHashes);
  const root = (levels.at(-1) as Bytes).slice();
  const signedHead = signReceiptHead(signer, { shard, count: leaves.length, root });
  const chunks = new ReceiptChunks(signedHead, leaves.length);
  return {
    group: { signedHead, leafHashes },
    make: ({ position }) => chunks.make(encoded.leaf(position), position, levels),
  };
}

/** Makes receipts of a group that was signed before: the tree is hashed once, however many are asked for. */
export function receiptMaker({ crypto, audience, shard }: ReceiptIssuer, { signedHead, leafHashes }: ReceiptGroup): ReceiptMaker {
  const levels = hashLevels(crypto, leafHashes);
  return (said) => {
    const encoded = new ReceiptLeaves(audience, shard, 1);
    encoded.add(said);
    return new ReceiptChunks(signedHead, 1).make(encoded.leaf(0), said.position, levels);
  };
}

/**
 * The tree of RFC 6962 §2.1 level by level: each node is hashed from two of the level below it; one that has no right neighbour stands on
 * the next level as it is. The last level is the root.
 */
function hashLevels(crypto: Crypto, leafHashes: Bytes): Bytes[] {
  // RFC 6962 §2.1: nodes are hashed behind a one.
  const pair = new Uint8Array(1 + 2 * HASH_SIZE).fill(1, 0, 1);
  const levels = [leafHashes];
  for (let below = leafHashes; below.length > HASH_SIZE; ) {
    const count = below.length / HASH_SIZE;
    const level = new Uint8Array(Math.ceil(count / 2) * HASH_SIZE);
    for (let i = 0; i + 1 < count; i += 2) {
      pair.set(below.subarray(i * HASH_SIZE, (i + 2) * HASH_SIZE), 1);
      crypto.sha256Into(pair, level, (i / 2) * HASH_SIZE);
    }
    if (count % 2 === 1) level.set(below.subarray((count - 1) * HASH_SIZE), level.length - HASH_SIZE);
    levels.push(level);
    below = level;
  }
  return levels;
}
