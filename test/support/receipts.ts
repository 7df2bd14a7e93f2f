/** A shard that acknowledges readings, for tests of those who must check what it says. */

import type { Bytes } from '@oppidum/formats/bytes';
import type { Crypto, Signer } from '@oppidum/formats/crypto';
import { encodeReceipt, encodeReceiptLeaf, type Receipt, type ReceiptLeaf, signReceiptHead } from '@oppidum/formats/receipt';
import { leafHash, nodeHash } from '@oppidum/proofs/merkle-hash';

/** What the shard may say wrongly: other fields in the leaf, another key, a path that leads elsewhere. */
export type ReceiptLie = { readonly leaf?: Partial<ReceiptLeaf>; readonly signer?: Signer; readonly path?: readonly Bytes[] };

/** A receipt for `leaf` from a group commit of two: the other leaf of the group is of no interest. */
export function makeReceipt(crypto: Crypto, signer: Signer, honest: ReceiptLeaf, lie: ReceiptLie = {}): Bytes {
  const { index, refusal, ...rest } = { ...honest, ...lie.leaf };
  const leaf: ReceiptLeaf = { ...rest, ...(refusal === undefined ? { index: index ?? 0 } : { refusal }) };
  const neighbour = leafHash(crypto, new Uint8Array(1));
  const root = nodeHash(crypto, leafHash(crypto, encodeReceiptLeaf(leaf)), neighbour);
  const receipt: Receipt = {
    leaf,
    position: 0,
    path: [...(lie.path ?? [neighbour])],
    signedHead: signReceiptHead(lie.signer ?? signer, { shard: leaf.shard, count: 2, root }),
  };
  return encodeReceipt(receipt);
}
