/**
 * Small states on disk with their digest behind them: where a file system does not replace a file at once, a power cut leaves a part of the old
 * bytes and a part of the new, and such a mixture must not be taken for either.
 */

import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { type Bytes, concatBytes, equalBytes } from '@oppidum/formats/bytes';

const DIGEST_SIZE = 32;

/** The bytes, then SHA-256 of them. */
export function sealBytes(bytes: Bytes): Bytes {
  return concatBytes(bytes, nativeCrypto.sha256(bytes));
}

/** What was sealed, or null where the digest is not that of what stands before it. */
export function unsealBytes(data: Bytes): Bytes | null {
  const at = data.length - DIGEST_SIZE;
  if (at <= 0) return null;
  const bytes = data.slice(0, at);
  return equalBytes(nativeCrypto.sha256(bytes), data.subarray(at)) ? bytes : null;
}
