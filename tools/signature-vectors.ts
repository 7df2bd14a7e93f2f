/**
 * Writes vectors/ed25519-rule/*.json and vectors/es256/*.json: edge cases made for the purpose, each with the verdict and why.
 * `node tools/signature-vectors.ts`; specs/signatures.md says how to read them. All keys are test keys: nobody's.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { ed25519 } from '@noble/curves/ed25519.js';
import { p256 } from '@noble/curves/nist.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { type Bytes, concatBytes, encodeUtf8, parseHex, toHex } from '@oppidum/formats/bytes';
import type { Signer } from '@oppidum/formats/crypto';
import { ES256 } from '@oppidum/formats/ids';
import { namedSigner } from '../test/support/signers.ts';

const { Point } = ed25519;
type Edwards = InstanceType<typeof Point>;

const ORDER = Point.Fn.ORDER;
const FIELD = 2n ** 255n - 19n;
/** A point of order 8 (the smaller of the two y, x even), so its multiples are all points of small order. */
const TORSION = Point.fromHex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05');

/** The number as 32 bytes, little-endian. */
function littleEndian(number: bigint): Bytes {
  return parseHex(number.toString(16).padStart(64, '0')).reverse();
}

function numberOf(bytes: Bytes): bigint {
  return BigInt(`0x${toHex(bytes.slice().reverse())}`);
}

/** 255 bits of y and the sign of x, whether or not that is a point or its canonical encoding. */
const encoding = (y: bigint, sign: 0 | 1): Bytes => littleEndian(y + (sign === 1 ? 2n ** 255n : 0n));

/** Secret numbers and messages that follow from a name. */
const scalarOf = (name: string): bigint => numberOf(sha512(encodeUtf8(name))) % ORDER;

const times = (n: bigint): Edwards => TORSION.multiplyUnsafe(n % 8n);
const challenge = (r: Bytes, a: Bytes, message: Bytes): bigint => numberOf(sha512(concatBytes(r, a, message))) % ORDER;

type Forged = { readonly publicKey: Bytes; readonly message: Bytes; readonly signature: Bytes };

/**
 * A signature with chosen parts of small order: A = aB + [i]T, R = rB + [j]T, S = r + ka, for the first message for which
 * `fits(k)` holds. Then [S]B − [k]A − R = −[ki + j]T. `secret` and `nonce` may be 0, `encode` may choose another encoding.
 */
function forge(options: {
  readonly secret?: bigint;
  readonly nonce?: bigint;
  readonly keyTorsion?: bigint;
  readonly nonceTorsion?: bigint;
  readonly keyBytes?: Bytes;
  readonly nonceBytes?: Bytes;
  readonly fits: (k: bigint) => boolean;
}): Forged {
  const { secret = scalarOf('a'), nonce = scalarOf('r'), keyTorsion = 0n, nonceTorsion = 0n } = options;
  const publicKey = options.keyBytes ?? Point.BASE.multiplyUnsafe(secret).add(times(keyTorsion)).toBytes();
  const r = options.nonceBytes ?? Point.BASE.multiplyUnsafe(nonce).add(times(nonceTorsion)).toBytes();
  for (let i = 0; i < 1000; i++) {
    const message = encodeUtf8(`message ${i}`);
    const k = challenge(r, publicKey, message);
    if (!options.fits(k)) continue;
    return { publicKey, message, signature: concatBytes(r, littleEndian((nonce + k * secret) % ORDER)) };
  }
  throw new Error('no message fits');
}

const always = (): boolean => true;

function ordinary(message: Bytes): Forged {
  const signer = namedSigner('ed25519 rule');
  return { publicKey: signer.publicKey, message, signature: signer.sign(message) };
}

/** The signature with S replaced, R kept. */
function withS(forged: Forged, change: (s: bigint) => bigint): Forged {
  const { signature } = forged;
  return { ...forged, signature: concatBytes(signature.subarray(0, 32), littleEndian(change(numberOf(signature.subarray(32))))) };
}

function withBytes(forged: Forged, changes: Partial<Forged>): Forged {
  return { ...forged, ...changes };
}

function flipped(bytes: Bytes, at: number): Bytes {
  return bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));
}

/** Whether a reader accepts, and why it does or not. */
function signatureCases(): readonly (readonly [accepted: boolean, why: string, forged: Forged])[] {
  const plain = ordinary(encodeUtf8('a reading'));
  const small = (i: bigint) => forge({ secret: 0n, keyTorsion: i, fits: (k) => (k * i) % 8n === 0n });
  return [
    [true, 'an ordinary signature', plain],
    [true, 'over nothing', ordinary(new Uint8Array(0))],
    [true, 'A has a part of order 8 that k cancels', forge({ keyTorsion: 1n, fits: (k) => k % 8n === 0n })],
    [
      true,
      'A and R have parts of small order that cancel each other',
      forge({ keyTorsion: 1n, nonceTorsion: 3n, fits: (k) => (k + 3n) % 8n === 0n }),
    ],
    [
      false,
      'A has a part of order 8: the equation holds with the cofactor only',
      forge({ keyTorsion: 1n, fits: (k) => k % 8n !== 0n }),
    ],
    [false, 'R has a part of order 8: the equation holds with the cofactor only', forge({ nonceTorsion: 1n, fits: always })],
    [false, 'R has a part of order 2: the equation holds with the cofactor only', forge({ nonceTorsion: 4n, fits: always })],
    [false, 'S is L too large', withS(plain, (s) => s + ORDER)],
    [false, 'S is 2L too large', withS(plain, (s) => s + 2n * ORDER)],
    [false, 'S = L', withS(plain, () => ORDER)],
    [false, 'S = 2^256 − 1', withS(plain, () => 2n ** 256n - 1n)],
    [false, 'A is of order 1, the equation holds', small(0n)],
    [false, 'A is of order 2, the equation holds', small(4n)],
    [false, 'A is of order 4, the equation holds', small(2n)],
    [false, 'A is of order 8, the equation holds', small(1n)],
    [false, 'R is of order 1, the equation holds', forge({ nonce: 0n, fits: always })],
    [
      false,
      'R is of order 8, A has such a part, the equation holds',
      forge({ nonce: 0n, keyTorsion: 1n, nonceTorsion: 1n, fits: (k) => (k + 1n) % 8n === 0n }),
    ],
    [false, 'A is order 1 with y = p + 1', forge({ secret: 0n, keyBytes: encoding(FIELD + 1n, 0), fits: always })],
    [false, 'A is order 1 with the sign bit of x = 0 set', forge({ secret: 0n, keyBytes: encoding(1n, 1), fits: always })],
    [false, 'R is order 1 with y = p + 1', forge({ nonce: 0n, nonceBytes: encoding(FIELD + 1n, 0), fits: always })],
    [false, 'another message', withBytes(plain, { message: encodeUtf8('another') })],
    [false, 'another key', withBytes(plain, { publicKey: namedSigner('another').publicKey })],
    [false, 'one bit of R', withBytes(plain, { signature: flipped(plain.signature, 0) })],
    [false, 'one bit of S', withBytes(plain, { signature: flipped(plain.signature, 32) })],
    [
      false,
      'the sign bit of R',
      withBytes(plain, { signature: plain.signature.map((byte, i) => (i === 31 ? byte ^ 0x80 : byte)) }),
    ],
    [false, 'A is no point of the curve', withBytes(plain, { publicKey: encoding(2n, 0) })],
    [
      false,
      'R is no point of the curve',
      withBytes(plain, { signature: concatBytes(encoding(2n, 0), plain.signature.subarray(32)) }),
    ],
    [false, 'a byte too few', withBytes(plain, { signature: plain.signature.subarray(0, 63) })],
    [false, 'a byte too many', withBytes(plain, { signature: concatBytes(plain.signature, Uint8Array.of(0)) })],
    [false, 'no signature', withBytes(plain, { signature: new Uint8Array(0) })],
    [false, 'a key of 31 bytes', withBytes(plain, { publicKey: plain.publicKey.subarray(0, 31) })],
    [false, 'a key of 33 bytes', withBytes(plain, { publicKey: concatBytes(plain.publicKey, Uint8Array.of(0)) })],
  ];
}

/** Encodings of keys: whether a key may be registered. */
function keyCases(): readonly (readonly [usable: boolean, why: string, publicKey: Bytes])[] {
  const small = [0n, 1n, 2n, 3n, 4n, 5n, 6n, 7n].map((n) => [false, `[${n}]T, T of order 8`, times(n).toBytes()] as const);
  const beyond = Array.from({ length: 19 }, (_, i) => BigInt(i)).flatMap((y) =>
    ([0, 1] as const).map((sign) => [false, `y = p + ${y}, sign ${sign}`, encoding(FIELD + y, sign)] as const),
  );
  return [
    [true, 'the base point', Point.BASE.toBytes()],
    [true, 'an ordinary key', namedSigner('ed25519 rule').publicKey],
    [true, 'an ordinary key with a part of order 8', Point.BASE.multiplyUnsafe(scalarOf('a')).add(times(1n)).toBytes()],
    [true, 'y = 3, a point', encoding(3n, 0)],
    [true, 'y = 2, no point: it never verifies anything', encoding(2n, 0)],
    [true, 'y = p − 2, no point', encoding(FIELD - 2n, 0)],
    ...small,
    [false, 'order 1 with the sign bit of x = 0 set', encoding(1n, 1)],
    [false, 'order 2 with the sign bit of x = 0 set', encoding(FIELD - 1n, 1)],
    ...beyond,
    [false, '31 bytes', Point.BASE.toBytes().subarray(0, 31)],
    [false, '33 bytes', concatBytes(Point.BASE.toBytes(), Uint8Array.of(0))],
    [false, 'nothing', new Uint8Array(0)],
  ];
}

const P256_SECRET = parseHex('c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721');
const P256_ORDER = p256.Point.Fn.ORDER;

/** RFC 6979 A.2.5's key, signing as RFC 6979 says, with low s. */
export const es256Signer: Signer = {
  algorithm: ES256,
  publicKey: p256.getPublicKey(P256_SECRET, true),
  sign: (message) => p256.sign(message, P256_SECRET, { lowS: true }),
};

const bigEndian = (number: bigint): Bytes => littleEndian(number).reverse();

function otherS(signature: Bytes): Bytes {
  const s = BigInt(`0x${toHex(signature.subarray(32))}`);
  return concatBytes(signature.subarray(0, 32), bigEndian(P256_ORDER - s));
}

/** Verdicts with the lower s only, and with either. */
function es256Cases(): readonly (readonly [low: boolean, any: boolean, why: string, forged: Forged])[] {
  const message = encodeUtf8('a reading');
  const { publicKey } = es256Signer;
  const signature = es256Signer.sign(message);
  const r = signature.subarray(0, 32);
  const s = signature.subarray(32);
  const plain = { publicKey, message, signature };
  const zero = new Uint8Array(32);
  return [
    [true, true, 'an ordinary signature', plain],
    [false, true, 'the higher s', withBytes(plain, { signature: otherS(signature) })],
    [false, false, 's = 0', withBytes(plain, { signature: concatBytes(r, zero) })],
    [false, false, 'r = 0', withBytes(plain, { signature: concatBytes(zero, s) })],
    [false, false, 's = n', withBytes(plain, { signature: concatBytes(r, bigEndian(P256_ORDER)) })],
    [false, false, 'r = n', withBytes(plain, { signature: concatBytes(bigEndian(P256_ORDER), s) })],
    [false, false, 'another message', withBytes(plain, { message: encodeUtf8('another') })],
    [false, false, 'the other y', withBytes(plain, { publicKey: publicKey.map((byte, i) => (i === 0 ? byte ^ 1 : byte)) })],
    [
      false,
      false,
      'a key in hybrid form',
      withBytes(plain, { publicKey: publicKey.map((byte, i) => (i === 0 ? byte + 4 : byte)) }),
    ],
    [false, false, 'an uncompressed key', withBytes(plain, { publicKey: p256.getPublicKey(P256_SECRET, false) })],
    [false, false, 'x is no point of the curve', withBytes(plain, { publicKey: concatBytes(Uint8Array.of(2), bigEndian(1n)) })],
    [false, false, 'x = p', withBytes(plain, { publicKey: concatBytes(Uint8Array.of(2), bigEndian(p256.Point.Fp.ORDER)) })],
    [false, false, 'a byte too few', withBytes(plain, { signature: signature.subarray(0, 63) })],
    [false, false, 'a byte too many', withBytes(plain, { signature: concatBytes(signature, Uint8Array.of(0)) })],
    [false, false, 'DER', withBytes(plain, { signature: p256.Signature.fromBytes(signature).toBytes('der') })],
  ];
}

function renderForged({ publicKey, message, signature }: Forged) {
  return { publicKey: toHex(publicKey), message: toHex(message), signature: toHex(signature) };
}

/** Path below `vectors` and text of every vector file. */
export function renderSignatureVectors(): readonly (readonly [string, string])[] {
  const files = {
    'ed25519-rule/keys.json': keyCases().map(([usable, why, publicKey]) => ({ why, publicKey: toHex(publicKey), usable })),
    'ed25519-rule/signatures.json': signatureCases().map(([accepted, why, forged]) => ({
      why,
      ...renderForged(forged),
      accepted,
    })),
    'es256/signatures.json': es256Cases().map(([lowS, anyS, why, forged]) => ({ why, ...renderForged(forged), lowS, anyS })),
  };
  return Object.entries(files).map(([name, cases]) => [name, `${JSON.stringify(cases, null, 2)}\n`]);
}

if (import.meta.main) {
  const folder = join(resolve(import.meta.dirname, '..'), 'vectors');
  for (const [name, text] of renderSignatureVectors()) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}
