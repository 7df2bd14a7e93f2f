/**
 * ECDSA verification on P-256, and nothing else of that curve: for pages, where a library of all curves is a sixth of what is downloaded.
 * No secret ever comes here, so nothing needs to take equal time. Held against two libraries in `p256.test.ts`.
 */

import type { Bytes } from './bytes.ts';

/** y² = x³ + ax + b over the integers modulo P; G has the prime order N, and the cofactor is 1 (NIST SP 800-186 §3.2.1.3). */
const P = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;
const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const A = P - 3n;
const B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;
const G: Point = {
  x: 0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
  y: 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
  z: 1n,
};
const INFINITY: Point = { x: 0n, y: 1n, z: 0n };
const BITS = 256;

/** Projective: the point (x/z, y/z), or infinity where z is 0. */
type Point = { readonly x: bigint; readonly y: bigint; readonly z: bigint };

/**
 * FIPS 186-5 §6.4.2 from step 3 on: `digest` is the message's SHA-256, `signature` r ‖ s with 0 < r, s < N, which the caller checks.
 * False where the compressed key (SEC 1 §2.3.4) is no point.
 */
export function verifyP256Digest(publicKey: Bytes, digest: Bytes, signature: Bytes): boolean {
  const q = decompress(publicKey);
  if (q === null) return false;
  const [r, s] = [numberOf(signature.subarray(0, 32)), numberOf(signature.subarray(32))];
  const inverse = power(s, N - 2n, N);
  const { x, z } = addMultiples((numberOf(digest) * inverse) % N, (r * inverse) % N, q);
  return z !== 0n && ((x * power(z, P - 2n, P)) % P) % N === r;
}

/** The point of 02 or 03 ‖ x, or null where x has no y. */
function decompress(publicKey: Bytes): Point | null {
  const x = numberOf(publicKey.subarray(1));
  const square = (((x * x + A) % P) * x + B) % P;
  // A square root where there is one, as P ≡ 3 (mod 4).
  const root = power(square, (P + 1n) / 4n, P);
  if ((root * root) % P !== square) return null;
  const isOdd = publicKey[0] === 3;
  return { x, y: ((root & 1n) === 1n) === isOdd ? root : P - root, z: 1n };
}

/** u·G + v·Q, both bit by bit at once. */
function addMultiples(u: bigint, v: bigint, q: Point): Point {
  const both = add(G, q);
  let sum = INFINITY;
  for (let bit = BigInt(BITS - 1); bit >= 0n; bit--) {
    sum = add(sum, sum);
    const [hasG, hasQ] = [((u >> bit) & 1n) === 1n, ((v >> bit) & 1n) === 1n];
    if (hasG || hasQ) sum = add(sum, hasG && hasQ ? both : hasG ? G : q);
  }
  return sum;
}

/** Complete: right for any two points of a curve of odd order, equal ones and infinity too (Renes, Costello, Batina 2015, §3.1). */
function add(p: Point, q: Point): Point {
  const [xx, yy, zz] = [(p.x * q.x) % P, (p.y * q.y) % P, (p.z * q.z) % P];
  const xy = (p.x * q.y + q.x * p.y) % P;
  const xz = (p.x * q.z + q.x * p.z) % P;
  const yz = (p.y * q.z + q.y * p.z) % P;
  const k = (A * xz + 3n * B * zz) % P;
  const m = (A * xx + 3n * B * xz + (P - ((A * A) % P)) * zz) % P;
  const n = 3n * xx + A * zz;
  const [less, more] = [yy + P - k, yy + k];
  return { x: (xy * less + (P - yz) * m) % P, y: (n * m + more * less) % P, z: (yz * more + xy * n) % P };
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  for (let square = base, rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}

/** A big-endian number. */
function numberOf(bytes: Bytes): bigint {
  let number = 0n;
  for (const byte of bytes) number = number * 256n + BigInt(byte);
  return number;
}
