/** libsodium through `sodium-native`, or null where its binary does not load (another platform, a locked-down machine). */

import { createRequire } from 'node:module';
import type { Bytes } from '@oppidum/formats/bytes';

/** The part of sodium-native in use; the package brings no types. Outputs are written into the first argument. */
export type Sodium = {
  readonly crypto_sign_verify_detached: (signature: Bytes, message: Bytes, publicKey: Bytes) => boolean;
  readonly crypto_sign_seed_keypair: (publicKey: Bytes, secretKey: Bytes, seed: Bytes) => void;
  readonly crypto_sign_detached: (signature: Bytes, message: Bytes, secretKey: Bytes) => void;
};

/** Sizes of libsodium's keys and signatures, in bytes; its secret key is seed ‖ public key. */
export const SEED_SIZE = 32;
export const PUBLIC_KEY_SIZE = 32;
export const SECRET_KEY_SIZE = 64;
export const SIGNATURE_SIZE = 64;

export const sodium: Sodium | null = loadSodium();

function loadSodium(): Sodium | null {
  try {
    return createRequire(import.meta.url)('sodium-native') as Sodium;
  } catch {
    return null; // callers go on with node:crypto: slower, and equal in every answer
  }
}
