/** A signer in pure code, for browsers: the seed stays in this closure. */

import { ed25519 } from '@noble/curves/ed25519.js';
import type { Bytes } from '@oppidum/formats/bytes';
import type { Signer } from '@oppidum/formats/crypto';
import { EDDSA } from '@oppidum/formats/ids';

/** Signs by Ed25519 (RFC 8032 §5.1.6) with a seed of 32 bytes. */
export function nobleSigner(seed: Bytes): Signer {
  return {
    algorithm: EDDSA,
    publicKey: ed25519.getPublicKey(seed),
    sign: (message) => ed25519.sign(message, seed),
  };
}
