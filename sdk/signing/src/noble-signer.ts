/** A signer in pure code, for browsers: the seed stays in this closure. By the small library whose points `page-crypto.ts` verifies with. */

import { getPublicKey, hashes, sign } from '@noble/ed25519';
import { sha512 } from '@noble/hashes/sha2.js';
import type { Bytes } from '@oppidum/formats/bytes';
import type { Signer } from '@oppidum/formats/crypto';
import { EDDSA } from '@oppidum/formats/ids';

/** Signs by Ed25519 (RFC 8032 §5.1.6) with a seed of 32 bytes. */
export function nobleSigner(seed: Bytes): Signer {
  // The library answers at once where it is given the hash that it lacks.
  hashes.sha512 = sha512;
  return {
    algorithm: EDDSA,
    publicKey: getPublicKey(seed),
    sign: (message) => sign(message, seed),
  };
}
