/** Hashes of the state map (specs/state-map.md §Tree). */

import type { Bytes } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { HASH_SIZE } from './merkle-hash.ts';

/** First bytes of what is hashed; 0x00 and 0x01 belong to RFC 6962 logs. */
export const STATE_LEAF_PREFIX = 0x02;
export const STATE_BRANCH_PREFIX = 0x03;
const STATE_EMPTY_PREFIX = 0x04;

/** SHA-256(0x02 ‖ keyLength: u8 ‖ key ‖ valueDigest). */
export function stateLeafHash(crypto: Crypto, key: Bytes, valueDigest: Bytes): Bytes {
  const data = new Uint8Array(2 + key.length + valueDigest.length);
  data[0] = STATE_LEAF_PREFIX;
  data[1] = key.length;
  data.set(key, 2);
  data.set(valueDigest, 2 + key.length);
  return crypto.sha256(data);
}

/** SHA-256(0x03 ‖ b: u16 ‖ left ‖ right); `b` is below 2^16 and both hashes are 32 bytes. */
export function stateBranchHash(crypto: Crypto, b: number, left: Bytes, right: Bytes): Bytes {
  const data = new Uint8Array(3 + 2 * HASH_SIZE);
  data[0] = STATE_BRANCH_PREFIX;
  data[1] = b >> 8;
  data[2] = b & 255;
  data.set(left, 3);
  data.set(right, 3 + HASH_SIZE);
  return crypto.sha256(data);
}

/** SHA-256(0x04): the root of a map without keys. */
export function emptyStateRoot(crypto: Crypto): Bytes {
  return crypto.sha256(Uint8Array.of(STATE_EMPTY_PREFIX));
}
