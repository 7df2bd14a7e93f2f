/** Verifying the acknowledgement of a reading: what the device does before it deletes its copy. */

import { type Bytes, equalBytes } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { FormatError, type Rejection, reject } from '@oppidum/formats/errors';
import { encodeReceiptLeaf, parseReceipt, type ReceiptLeaf, verifyReceiptHead } from '@oppidum/formats/receipt';
import { checkInclusion } from './merkle.ts';
import { leafHash } from './merkle-hash.ts';

/** The shard that a receipt must come from; `receiptKey` (Ed25519, 32 bytes) as its record on the ledger says. */
export type ReceiptIssuer = { readonly shard: Bytes; readonly receiptKey: Bytes };

/**
 * The leaf that this receipt proves the shard signed, or why it proves nothing. Whether the leaf speaks of one's own reading (audience,
 * device, key number, sequence, digest) is the caller's to compare.
 * Refuses, in this order: what the decoders throw; SIGNATURE_INVALID; RECEIPT_FOREIGN (head or leaf of another shard); as
 * `checkInclusion` (position and path under the signed root).
 */
export function verifyReceipt(crypto: Crypto, receipt: Bytes, issuer: ReceiptIssuer): ReceiptLeaf | Rejection {
  try {
    return openReceipt(crypto, receipt, issuer);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return reject(error.code, error.details);
  }
}

function openReceipt(crypto: Crypto, data: Bytes, issuer: ReceiptIssuer): ReceiptLeaf | Rejection {
  const { leaf, position, path, signedHead } = parseReceipt(data);
  const head = verifyReceiptHead(crypto, signedHead, issuer.receiptKey);
  if (!equalBytes(head.shard, issuer.shard)) return reject('RECEIPT_FOREIGN', { at: '/signedHead' });
  if (!equalBytes(leaf.shard, issuer.shard)) return reject('RECEIPT_FOREIGN', { at: '/leaf' });
  const hash = leafHash(crypto, encodeReceiptLeaf(leaf));
  return checkInclusion(crypto, { index: position, size: head.count, leafHash: hash, proof: path, root: head.root }) ?? leaf;
}
