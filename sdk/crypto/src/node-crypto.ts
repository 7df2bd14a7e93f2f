/** Cryptography by Node itself (OpenSSL): always there, and the fallback of `native-crypto.ts`. */

import { createPublicKey, hash, type KeyObject, verify } from 'node:crypto';
import type { Bytes } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';

const HASH_SIZE = 32;

/** SubjectPublicKeyInfo (RFC 5280 §4.1) up to the key: Ed25519 (RFC 8410 §4), and a compressed point of P-256 (RFC 5480 §2). */
const ED25519_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');
const P256_PREFIX = Buffer.from('3039301306072a8648ce3d020106082a8648ce3d030107032200', 'hex');

/** Everything by node:crypto. */
export const nodeCrypto: Crypto = {
  sha256(data) {
    const digest = new Uint8Array(HASH_SIZE);
    hashInto(data, digest, 0);
    return digest;
  },
  sha256Into: hashInto,
  verifyEd25519(publicKey, message, signature) {
    const key = readKey(ED25519_PREFIX, publicKey);
    return key !== null && verify(null, message, key, signature);
  },
  verifyP256(publicKey, message, signature) {
    const key = readKey(P256_PREFIX, publicKey);
    return key !== null && verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature);
  },
};

/** By way of a binary string, one character a byte: the fastest of Node's ways by far (`decisions/0006-hashing-and-signatures.md`). */
function hashInto(data: Bytes, out: Bytes, offset: number): void {
  const digest = hash('sha256', data, 'binary');
  for (let i = 0; i < HASH_SIZE; i++) out[offset + i] = digest.charCodeAt(i);
}

/** Null for bytes that are no point of the curve. */
function readKey(prefix: Bytes, publicKey: Bytes): KeyObject | null {
  try {
    return createPublicKey({ key: Buffer.concat([prefix, publicKey]), format: 'der', type: 'spki' });
  } catch {
    return null;
  }
}
