/** Cryptography in pure code, for browsers and as the second opinion in tests. */

import { ed25519 } from '@noble/curves/ed25519.js';
import { p256 } from '@noble/curves/nist.js';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import { type Bytes, concatBytes, equalBytes } from './bytes.ts';
import type { Crypto } from './crypto.ts';
import { FormatError, formatError } from './errors.ts';

const { Point: EdwardsPoint } = ed25519;

/** Everything by @noble; for Ed25519 only its points, because its `verify` multiplies by the cofactor. */
export const nobleCrypto: Crypto = {
  sha256: (data) => sha256(data),
  sha256Into(data, out, offset) {
    out.set(sha256(data), offset);
  },
  verifyEd25519(publicKey, message, signature) {
    const a = decodeOrNull(decodeEdwards, publicKey);
    if (a === null) return false;
    const r = signature.subarray(0, 32);
    // RFC 8032 §5.1.7: k is the hash as a little-endian number, modulo L.
    const k = numberOf(sha512(concatBytes(r, publicKey, message))) % EdwardsPoint.Fn.ORDER;
    const claimed = EdwardsPoint.BASE.multiplyUnsafe(numberOf(signature.subarray(32)));
    return equalBytes(claimed.subtract(a.multiplyUnsafe(k)).toBytes(), r);
  },
  verifyP256(publicKey, message, signature) {
    if (decodeOrNull(decodeP256, publicKey) === null) return false;
    return p256.verify(signature, message, publicKey, { lowS: false });
  },
};

type Edwards = InstanceType<typeof EdwardsPoint>;

function decodeEdwards(bytes: Bytes): Edwards {
  try {
    return EdwardsPoint.fromBytes(bytes);
  } catch {
    throw formatError('KEY_INVALID', { want: 'a point of edwards25519' });
  }
}

function decodeP256(bytes: Bytes): unknown {
  try {
    return p256.Point.fromBytes(bytes);
  } catch {
    throw formatError('KEY_INVALID', { want: 'a point of P-256' });
  }
}

function decodeOrNull<T>(decode: (bytes: Bytes) => T, bytes: Bytes): T | null {
  try {
    return decode(bytes);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return null;
  }
}

/** A little-endian number. */
function numberOf(bytes: Bytes): bigint {
  let number = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) number = number * 256n + BigInt(bytes[i] as number);
  return number;
}
