/** Node's own cryptography for tests; its answers are those of the other backends behind the one rule of `ed25519.ts`. */

import { createHash, createPublicKey, verify } from 'node:crypto';
import type { Bytes } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';

/** SubjectPublicKeyInfo (RFC 5280 §4.1) of an Ed25519 key (RFC 8410 §4) and of a compressed P-256 point (RFC 5480 §2.2), up to the key. */
const ED25519_SPKI = Buffer.from('302a300506032b6570032100', 'hex');
const P256_SPKI = Buffer.from('3039301306072a8648ce3d020106082a8648ce3d030107032200', 'hex');

function publicKeyOf(prefix: Uint8Array, publicKey: Bytes) {
  return createPublicKey({ key: Buffer.concat([prefix, publicKey]), format: 'der', type: 'spki' });
}

export const nodeCrypto: Crypto = {
  sha256: (data) => new Uint8Array(createHash('sha256').update(data).digest()),
  sha256Into: (data, out, offset) => out.set(createHash('sha256').update(data).digest(), offset),
  verifyEd25519: (publicKey, message, signature) => verify(null, message, publicKeyOf(ED25519_SPKI, publicKey), signature),
  verifyP256: (publicKey, message, signature) =>
    verify('sha256', message, { key: publicKeyOf(P256_SPKI, publicKey), dsaEncoding: 'ieee-p1363' }, signature),
};
