import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { test } from 'node:test';
import { p256 } from '@noble/curves/nist.js';
import { sha256 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { type Bytes, concatBytes } from './bytes.ts';
import { verifyP256Digest } from './p256.ts';

const { Fn, BASE } = p256.Point;
const N = Fn.ORDER;
const scalar = fc.bigInt({ min: 1n, max: N - 1n });
/** Numbers about the edges, where carries and reductions happen. */
const edge = fc.constantFrom(1n, 2n, 3n, N - 1n, N - 2n, N / 2n, N / 2n + 1n, 1n << 128n, (1n << 255n) - 1n);
const anyScalar = fc.oneof({ weight: 3, arbitrary: scalar }, edge);

const bytesOf = (number: bigint): Bytes => Fn.toBytes(number);
const keyOf = (secret: bigint): Bytes => BASE.multiply(secret).toBytes(true);

/** ECDSA of a digest given as a number, with the nonce given; null where r or s would be 0. */
function sign(secret: bigint, digest: bigint, nonce: bigint): Bytes | null {
  const r = Fn.create(BASE.multiply(nonce).toAffine().x);
  const s = Fn.mul(Fn.inv(nonce), Fn.add(digest, Fn.mul(r, secret)));
  return r === 0n || s === 0n ? null : concatBytes(bytesOf(r), bytesOf(s));
}

function byLibrary(publicKey: Bytes, digest: Bytes, signature: Bytes): boolean {
  return p256.verify(signature, digest, publicKey, { lowS: false, prehash: false });
}

test('every signature verifies, for small, large and random keys, nonces and digests; a digest of zero, too', () => {
  fc.assert(
    fc.property(anyScalar, fc.oneof(anyScalar, fc.constant(0n)), anyScalar, (secret, digest, nonce) => {
      const signature = sign(secret, digest, nonce);
      fc.pre(signature !== null);
      assert.equal(verifyP256Digest(keyOf(secret), bytesOf(digest), signature), true);
    }),
    { numRuns: 60 },
  );
});

test('whatever r and s are, the verdict is that of the library', () => {
  fc.assert(
    fc.property(anyScalar, anyScalar, anyScalar, fc.uint8Array({ minLength: 32, maxLength: 32 }), (secret, r, s, digest) => {
      const signature = concatBytes(bytesOf(r), bytesOf(s));
      assert.equal(verifyP256Digest(keyOf(secret), digest, signature), byLibrary(keyOf(secret), digest, signature));
    }),
    { numRuns: 60 },
  );
});

test('where both multiples are one point, its opposite, or cancel out, the sum is right', () => {
  const secret = 7n;
  for (const [u, v] of [
    [7n, 1n],
    [N - 7n, 1n],
    [14n, 2n],
    [0n, 1n],
  ] as const) {
    // u = digest/s and v = r/s, with r the x of the sum that would have to come out; where it cannot be, the library says so, too.
    const sum = Fn.add(u, Fn.mul(v, secret));
    const r = sum === 0n ? 1n : Fn.create(BASE.multiply(sum).toAffine().x);
    const s = Fn.mul(r, Fn.inv(v));
    const [digest, signature] = [bytesOf(Fn.mul(u, s)), concatBytes(bytesOf(r), bytesOf(s))];
    assert.equal(verifyP256Digest(keyOf(secret), digest, signature), sum !== 0n, `${u}, ${v}`);
    assert.equal(byLibrary(keyOf(secret), digest, signature), sum !== 0n, `${u}, ${v}`);
  }
});

test('any change of key, message or signature is refused, as by OpenSSL', () => {
  const [message, secret] = [Uint8Array.of(1, 2, 3), 0x1234567890abcdefn];
  const digest = sha256(message);
  const signature = sign(secret, BigInt(`0x${Buffer.from(digest).toString('hex')}`) % N, 0xfedcba0987654321n);
  assert.ok(signature !== null);
  const key = keyOf(secret);
  assert.equal(verifyP256Digest(key, digest, signature), true);
  assert.equal(byOpenSsl(key, message, signature), true);
  const flipped = (bytes: Bytes, bit: number): Bytes =>
    bytes.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte)) as Bytes;
  for (let bit = 0; bit < 512; bit += 19) {
    assert.equal(verifyP256Digest(key, digest, flipped(signature, bit)), false, `bit ${bit} of the signature`);
    if (bit < 256) assert.equal(verifyP256Digest(key, flipped(digest, bit), signature), false, `bit ${bit} of the digest`);
  }
  // The opposite point, and an x that has no y.
  assert.equal(verifyP256Digest(flipped(key, 0), digest, signature), false);
  assert.equal(verifyP256Digest(Uint8Array.of(2, ...new Uint8Array(31), 1), digest, signature), false);
});

function byOpenSsl(publicKey: Bytes, message: Bytes, signature: Bytes): boolean {
  const { x, y } = p256.Point.fromBytes(publicKey).toAffine();
  const text = (number: bigint): string => Buffer.from(number.toString(16).padStart(64, '0'), 'hex').toString('base64url');
  const key = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x: text(x), y: text(y) }, format: 'jwk' });
  return verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature);
}
