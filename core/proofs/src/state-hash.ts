/** Hashes of the state map (specs/state-map.md §Tree). */

import { type Bytes, concatBytes, encodeUint16 } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';

/** First bytes of what is hashed; 0x00 and 0x01 belong to RFC 6962 logs. */
export const STATE_LEAF_PREFIX = 0x02;
export const STATE_BRANCH_PREFIX = 0x03;
const STATE_EMPTY_PREFIX = 0x04;

/** SHA-256(0x02 ‖ keyLength: u8 ‖ key ‖ valueDigest). */
export function stateLeafHash(crypto: Crypto, key: Bytes, valueDigest: Bytes): Bytes {
  return crypto.sha256(concatBytes(Uint8Array.of(STATE_LEAF_PREFIX, key.length), key, valueDigest));
}

/** SHA-256(0x03 ‖ b: u16 ‖ left ‖ right). */
export function stateBranchHash(crypto: Crypto, b: number, left: Bytes, right: Bytes): Bytes {
  return crypto.sha256(concatBytes(Uint8Array.of(STATE_BRANCH_PREFIX), encodeUint16(b), left, right));
}

/** SHA-256(0x04): the root of a map without keys. */
export function emptyStateRoot(crypto: Crypto): Bytes {
  return crypto.sha256(Uint8Array.of(STATE_EMPTY_PREFIX));
}
