/** Cryptography for pages that verify, and no more: a third of the size of `noble-crypto.ts`, and equal to it in every answer. */

import { Point } from '@noble/ed25519';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import { type Bytes, concatBytes, equalBytes } from './bytes.ts';
import type { Crypto } from './crypto.ts';
import { FormatError, formatError } from './errors.ts';
import { verifyP256Digest } from './p256.ts';

/** As `nobleCrypto`: of Ed25519 only the points, because what the library calls `verify` multiplies by the cofactor. */
export const pageCrypto: Crypto = {
  sha256: (data) => sha256(data),
  sha256Into(data, out, offset) {
    out.set(sha256(data), offset);
  },
  verifyEd25519(publicKey, message, signature) {
    const a = pointOrNull(publicKey);
    if (a === null) return false;
    const r = signature.subarray(0, 32);
    // RFC 8032 §5.1.7: k is the hash as a little-endian number, modulo L.
    const k = numberOf(sha512(concatBytes(r, publicKey, message))) % Point.CURVE().n;
    const claimed = Point.BASE.multiplyUnsafe(numberOf(signature.subarray(32)));
    return equalBytes(claimed.subtract(a.multiplyUnsafe(k)).toBytes(), r);
  },
  verifyP256: (publicKey, message, signature) => verifyP256Digest(publicKey, sha256(message), signature),
};

function pointOrNull(bytes: Bytes): Point | null {
  try {
    return decodePoint(bytes);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return null;
  }
}

function decodePoint(bytes: Bytes): Point {
  try {
    return Point.fromBytes(bytes);
  } catch {
    throw formatError('KEY_INVALID', { want: 'a point of edwards25519' });
  }
}

/** A little-endian number. */
function numberOf(bytes: Bytes): bigint {
  let number = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) number = number * 256n + BigInt(bytes[i] as number);
  return number;
}
