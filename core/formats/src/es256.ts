/**
 * ES256: ECDSA on P-256 with SHA-256 (RFC 9053 §2.1), public keys compressed, signatures r ‖ s.
 * For every valid (r, s) there is a second one, (r, n − s). What Oppidum hashes has one spelling, so there only the lower s counts;
 * other makers' messages may have either.
 */

import { type Bytes, compareBytes, parseHex } from './bytes.ts';
import type { Crypto } from './crypto.ts';

const SCALAR_SIZE = 32;
const KEY_SIZE = 33;

/** Big-endian (NIST SP 800-186 §3.2.1.3): the field p, the order n, and ⌊n/2⌋. */
const FIELD = parseHex('ffffffff00000001000000000000000000000000ffffffffffffffffffffffff');
const ORDER = parseHex('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');
const HALF_ORDER = parseHex('7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8');

/** True for 33 bytes 02 or 03 ‖ x with x below p (SEC 1 §2.3.3). That such a point exists shows when a signature verifies. */
function checkP256PublicKey(publicKey: Bytes): boolean {
  if (publicKey.length !== KEY_SIZE || (publicKey[0] !== 2 && publicKey[0] !== 3)) return false;
  return compareBytes(publicKey.subarray(1), FIELD) < 0;
}

/** True when s of a 64-byte signature is at most ⌊n/2⌋. */
export function hasLowS(signature: Bytes): boolean {
  return compareBytes(signature.subarray(SCALAR_SIZE), HALF_ORDER) <= 0;
}

/** True when the signature r ‖ s with 0 < r, s < n is the key's over `message`, whichever of its two s it has. */
export function verifyEs256AnyS(crypto: Crypto, publicKey: Bytes, message: Bytes, signature: Bytes): boolean {
  if (signature.length !== 2 * SCALAR_SIZE || !checkP256PublicKey(publicKey)) return false;
  for (const scalar of [signature.subarray(0, SCALAR_SIZE), signature.subarray(SCALAR_SIZE)]) {
    if (scalar.every((byte) => byte === 0) || compareBytes(scalar, ORDER) >= 0) return false;
  }
  return crypto.verifyP256(publicKey, message, signature);
}

/** True when the signature is the key's over `message` and s is the lower of the two. */
export function verifyEs256LowS(crypto: Crypto, publicKey: Bytes, message: Bytes, signature: Bytes): boolean {
  return signature.length === 2 * SCALAR_SIZE && hasLowS(signature) && verifyEs256AnyS(crypto, publicKey, message, signature);
}
