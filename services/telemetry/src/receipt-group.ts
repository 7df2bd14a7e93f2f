/**
 * The receipts of one group commit: the shard signs the RFC 6962 root over the group's leaves once, and each receipt carries its own
 * leaf and path. Signed head and leaf hashes are all that is kept; the same receipt follows from them at any later time.
 */

import type { Bytes } from '@oppidum/formats/bytes';
import type { Crypto, Signer } from '@oppidum/formats/crypto';
import { encodeReceiptLeaf, type ReceiptLeaf, receiptJoiner, signReceiptHead } from '@oppidum/formats/receipt';
import { leafHash, nodeHash } from '@oppidum/proofs/merkle-hash';
import { inclusionSiblings, splitPoint } from '@oppidum/proofs/merkle-path';

/** What every receipt of a group follows from. */
export type ReceiptGroup = { readonly signedHead: Bytes; readonly leafHashes: readonly Bytes[] };

/** Makes the receipt of a leaf, which stands at `position` of its group. */
export type ReceiptMaker = (leaf: ReceiptLeaf, position: number) => Bytes;

/** Signs the leaves of a group, in their order: position i is leaf i. At least one, at most 65,536. */
export function signGroup(crypto: Crypto, signer: Signer, shard: Bytes, leaves: readonly ReceiptLeaf[]): ReceiptGroup {
  const leafHashes = leaves.map((leaf) => leafHash(crypto, encodeReceiptLeaf(leaf)));
  const root = rangeReader(crypto, leafHashes)(0, leaves.length);
  return { signedHead: signReceiptHead(signer, { shard, count: leaves.length, root }), leafHashes };
}

/** Makes receipts of one group: the tree is hashed once, however many are asked for. */
export function receiptMaker(crypto: Crypto, { signedHead, leafHashes }: ReceiptGroup): ReceiptMaker {
  const readRange = rangeReader(crypto, leafHashes);
  const join = receiptJoiner(signedHead);
  return (leaf, position) => {
    const siblings = inclusionSiblings(position, leafHashes.length);
    return join(
      encodeReceiptLeaf(leaf),
      position,
      siblings.map(({ start, count }) => readRange(start, count)),
    );
  };
}

/** RFC 6962 §2.1 over leaves [start, start + count) of the group, each range hashed when it is first asked for. */
function rangeReader(crypto: Crypto, leafHashes: readonly Bytes[]): (start: number, count: number) => Bytes {
  const known = new Map<number, Bytes>();
  const read = (start: number, count: number): Bytes => {
    if (count === 1) return leafHashes[start] as Bytes;
    const name = start * 2 ** 17 + count;
    let hash = known.get(name);
    if (hash === undefined) {
      const k = splitPoint(count);
      hash = nodeHash(crypto, read(start, k), read(start + k, count - k));
      known.set(name, hash);
    }
    return hash;
  };
  return read;
}
