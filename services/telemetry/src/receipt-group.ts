/**
 * The receipts of one group commit: the shard signs the RFC 6962 root over the group's leaves once, and each receipt carries its own
 * leaf and path. Signed head and leaf hashes are all that is kept; the same receipt follows from them at any later time.
 */

import type { Bytes } from '@oppidum/formats/bytes';
import type { Crypto, Signer } from '@oppidum/formats/crypto';
import { encodeReceipt, encodeReceiptLeaf, type ReceiptLeaf, signReceiptHead } from '@oppidum/formats/receipt';
import { leafHash } from '@oppidum/proofs/merkle-hash';
import { proveInclusion, treeRoot } from '@oppidum/proofs/merkle-tree';
import { subtreeReader } from './subtree-reader.ts';

/** What every receipt of a group follows from. */
export type ReceiptGroup = { readonly signedHead: Bytes; readonly leafHashes: readonly Bytes[] };

/** Makes the receipt of a leaf, which stands at `position` of its group. */
export type ReceiptMaker = (leaf: ReceiptLeaf, position: number) => Bytes;

/** Signs the leaves of a group, in their order: position i is leaf i. At least one, at most 65,536. */
export function signGroup(crypto: Crypto, signer: Signer, shard: Bytes, leaves: readonly ReceiptLeaf[]): ReceiptGroup {
  const leafHashes = leaves.map((leaf) => leafHash(crypto, encodeReceiptLeaf(leaf)));
  const root = treeRoot(crypto, subtreeReader(crypto, leafHashes), leaves.length);
  return { signedHead: signReceiptHead(signer, { shard, count: leaves.length, root }), leafHashes };
}

/** Makes receipts of one group: the tree is hashed once, however many are asked for. */
export function receiptMaker(crypto: Crypto, group: ReceiptGroup): ReceiptMaker {
  const { signedHead, leafHashes } = group;
  const readHash = subtreeReader(crypto, leafHashes);
  return (leaf, position) =>
    encodeReceipt({ leaf, position, path: proveInclusion(crypto, readHash, position, leafHashes.length), signedHead });
}
