/** The two hashes of an RFC 6962 tree (§2.1): domain separation keeps a leaf from passing for a node. */

import { type Bytes, concatBytes } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';

/** Bytes of every hash here: SHA-256. */
export const HASH_SIZE = 32;

// RFC 6962 §2.1
const LEAF_PREFIX = Uint8Array.of(0x00);
const NODE_PREFIX = Uint8Array.of(0x01);

/** SHA-256(0x00 ‖ data): the hash of one entry (RFC 6962 §2.1). */
export function leafHash(crypto: Crypto, data: Bytes): Bytes {
  return crypto.sha256(concatBytes(LEAF_PREFIX, data));
}

/** SHA-256(0x01 ‖ left ‖ right): the hash of an inner node (RFC 6962 §2.1). */
export function nodeHash(crypto: Crypto, left: Bytes, right: Bytes): Bytes {
  return crypto.sha256(concatBytes(NODE_PREFIX, left, right));
}

/** SHA-256 of nothing: the root of a log without entries (RFC 6962 §2.1). */
export function emptyRoot(crypto: Crypto): Bytes {
  return crypto.sha256(new Uint8Array(0));
}
