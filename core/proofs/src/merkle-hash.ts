/** The two hashes of an RFC 6962 tree (§2.1): domain separation keeps a leaf from passing for a node. */

import { type Bytes, concatBytes } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';

/** Bytes of every hash here: SHA-256. */
export const HASH_SIZE = 32;

// RFC 6962 §2.1
const LEAF_PREFIX = Uint8Array.of(0x00);
const NODE_PREFIX = Uint8Array.of(0x01);

/** What an inner node is hashed from, written anew each time: growing a log hashes as many nodes as it has entries. */
const PAIR = concatBytes(NODE_PREFIX, new Uint8Array(2 * HASH_SIZE));

/** SHA-256(0x00 ‖ data): the hash of one entry (RFC 6962 §2.1). */
export function leafHash(crypto: Crypto, data: Bytes): Bytes {
  return crypto.sha256(concatBytes(LEAF_PREFIX, data));
}

/** SHA-256(0x01 ‖ left ‖ right): the hash of an inner node (RFC 6962 §2.1). */
export function nodeHash(crypto: Crypto, left: Bytes, right: Bytes): Bytes {
  if (left.length !== HASH_SIZE || right.length !== HASH_SIZE) return crypto.sha256(concatBytes(NODE_PREFIX, left, right));
  PAIR.set(left, 1);
  PAIR.set(right, 1 + HASH_SIZE);
  return crypto.sha256(PAIR);
}

/** SHA-256 of nothing: the root of a log without entries (RFC 6962 §2.1). */
export function emptyRoot(crypto: Crypto): Bytes {
  return crypto.sha256(new Uint8Array(0));
}
