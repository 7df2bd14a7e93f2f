/**
 * Ed25519 by one rule everywhere (specs/signatures.md §1): accept if and only if S < L, A and R are canonical and not of small order,
 * and encode([S]B − [k]A) = R bytewise (RFC 8032 §5.1.7 without the cofactor, k = SHA-512(R ‖ A ‖ M) mod L).
 * Libraries left alone disagree on such edges, and replicas that disagree fork: the filter here comes before every one of them.
 */

import { type Bytes, parseHex } from './bytes.ts';
import type { Crypto } from './crypto.ts';

const POINT_SIZE = 32;
const SIGNATURE_SIZE = 64;

/** Little-endian. p = 2^255 − 19, the field (RFC 8032 §5.1); L, the order of the base point. */
const FIELD = parseHex(`ed${'ff'.repeat(30)}7f`);
const ORDER = parseHex(`edd3f55c1a631258d69cf7a2def9de14${'00'.repeat(15)}10`);

/** The y of the eight points whose order divides 8, little-endian, sign bit clear. Each stands for both signs of x. */
const SMALL_ORDER_Y: readonly Bytes[] = [
  parseHex(`01${'00'.repeat(31)}`), // order 1
  parseHex(`ec${'ff'.repeat(30)}7f`), // order 2
  new Uint8Array(POINT_SIZE), // order 4, twice
  parseHex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'), // order 8, twice
  parseHex('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a'), // order 8, twice
];

/** Byte `i` of an encoded y (RFC 8032 §5.1.2: the highest bit is the sign of x). */
function byteOfY(point: Bytes, start: number, i: number): number {
  const byte = point[start + i] as number;
  return i === POINT_SIZE - 1 ? byte & 0x7f : byte;
}

/** True when the 32 bytes at `start` encode y < p and no point of small order. x = 0 has y = ±1, so its second sign needs no check. */
function isUsablePoint(bytes: Bytes, start: number): boolean {
  if (!isBelow(bytes, start, FIELD, true)) return false;
  for (const y of SMALL_ORDER_Y) {
    let i = 0;
    while (i < POINT_SIZE && byteOfY(bytes, start, i) === y[i]) i++;
    if (i === POINT_SIZE) return false;
  }
  return true;
}

/** True when the little-endian number of 32 bytes at `start` is below `bound`; of a point without its sign bit. */
function isBelow(bytes: Bytes, start: number, bound: Bytes, isPoint: boolean): boolean {
  for (let i = POINT_SIZE - 1; i >= 0; i--) {
    const byte = isPoint ? byteOfY(bytes, start, i) : (bytes[start + i] as number);
    const limit = bound[i] as number;
    if (byte !== limit) return byte < limit;
  }
  return false;
}

/**
 * True when 32 bytes can be a public key under the rule: y below p and not of small order.
 * That they lie on the curve shows only when a signature verifies; bytes off the curve never verify anything.
 */
export function checkEd25519PublicKey(publicKey: Bytes): boolean {
  return publicKey.length === POINT_SIZE && isUsablePoint(publicKey, 0);
}

/** True when the 64-byte signature R ‖ S over `message` is the key's by the one rule; false for any other lengths. */
export function verifyEd25519(crypto: Crypto, publicKey: Bytes, message: Bytes, signature: Bytes): boolean {
  if (signature.length !== SIGNATURE_SIZE || !checkEd25519PublicKey(publicKey)) return false;
  if (!isBelow(signature, POINT_SIZE, ORDER, false) || !isUsablePoint(signature, 0)) return false;
  return crypto.verifyEd25519(publicKey, message, signature);
}
