/** Private keys in the memory of a Node process, behind the one thing they do: sign. */

import { createECDH, createPrivateKey, createPublicKey, type KeyObject, randomBytes, sign } from 'node:crypto';
import type { Bytes } from '@oppidum/formats/bytes';
import type { Signer } from '@oppidum/formats/crypto';
import { hasLowS } from '@oppidum/formats/es256';
import { EDDSA, ES256 } from '@oppidum/formats/ids';
import { PUBLIC_KEY_SIZE, SECRET_KEY_SIZE, SEED_SIZE, SIGNATURE_SIZE, type Sodium, sodium } from './sodium.ts';

/** PKCS #8 of an Ed25519 seed (RFC 8410 §7) up to the seed. */
const ED25519_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/** The order of P-256 (NIST SP 800-186 §3.2.1.3). */
const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const P256_SCALAR_SIZE = 32;

/** A fresh private key: 32 bytes from the system's random source. For P-256 too: the chance of a number outside its range is 2^−32. */
export function generateSeed(): Bytes {
  return new Uint8Array(randomBytes(SEED_SIZE));
}

/** Signs by Ed25519 (RFC 8032 §5.1.6) with a seed of 32 bytes, by libsodium where it loads. Throws RangeError for another length. */
export function ed25519Signer(seed: Bytes): Signer {
  if (seed.length !== SEED_SIZE) throw new RangeError(`a seed has ${SEED_SIZE} bytes, not ${seed.length}`);
  return sodium === null ? nodeEd25519Signer(seed) : sodiumSigner(sodium, seed);
}

function sodiumSigner(library: Sodium, seed: Bytes): Signer {
  const publicKey = new Uint8Array(PUBLIC_KEY_SIZE);
  const secretKey = new Uint8Array(SECRET_KEY_SIZE);
  library.crypto_sign_seed_keypair(publicKey, secretKey, seed);
  return {
    algorithm: EDDSA,
    publicKey,
    sign(message) {
      const signature = new Uint8Array(SIGNATURE_SIZE);
      library.crypto_sign_detached(signature, message, secretKey);
      return signature;
    },
  };
}

/** The same signer by Node alone; signatures are equal, for Ed25519 leaves nothing to chance. */
export function nodeEd25519Signer(seed: Bytes): Signer {
  const key = createPrivateKey({ key: Buffer.concat([ED25519_PREFIX, seed]), format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  return {
    algorithm: EDDSA,
    publicKey: new Uint8Array(spki.subarray(spki.length - PUBLIC_KEY_SIZE)),
    sign: (message) => new Uint8Array(sign(null, message, key)),
  };
}

/** Signs by ES256 with low s (specs/signatures.md §2). `privateKey`: 32 bytes big-endian, 0 < d < n; else RangeError. */
export function p256Signer(privateKey: Bytes): Signer {
  const { key, publicKey } = readP256(privateKey);
  return {
    algorithm: ES256,
    publicKey,
    sign: (message) => lowerS(new Uint8Array(sign('sha256', message, { key, dsaEncoding: 'ieee-p1363' }))),
  };
}

function readP256(privateKey: Bytes): { readonly key: KeyObject; readonly publicKey: Bytes } {
  const d = numberOf(privateKey);
  if (privateKey.length !== P256_SCALAR_SIZE || d === 0n || d >= P256_ORDER) throw new RangeError('not a private key of P-256');
  const pair = createECDH('prime256v1');
  pair.setPrivateKey(privateKey);
  const point = pair.getPublicKey();
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((part) => part.toString('base64url')) as [string, string];
  const jwk = { kty: 'EC', crv: 'P-256', x, y, d: Buffer.from(privateKey).toString('base64url') };
  return {
    key: createPrivateKey({ key: jwk, format: 'jwk' }),
    publicKey: new Uint8Array(pair.getPublicKey(null, 'compressed')),
  };
}

/** (r, s) or (r, n − s), whichever has the lower s. */
function lowerS(signature: Bytes): Bytes {
  if (hasLowS(signature)) return signature;
  const s = P256_ORDER - numberOf(signature.subarray(P256_SCALAR_SIZE));
  const digits = s.toString(16).padStart(2 * P256_SCALAR_SIZE, '0');
  signature.set(Buffer.from(digits, 'hex'), P256_SCALAR_SIZE);
  return signature;
}

/** A big-endian number. */
function numberOf(bytes: Bytes): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex') || '0'}`);
}
