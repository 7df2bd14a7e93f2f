/** The fastest cryptography on this machine: Ed25519 by libsodium where it loads, all else by Node. */

import type { Crypto } from '@oppidum/formats/crypto';
import { nodeCrypto } from './node-crypto.ts';
import { type Sodium, sodium } from './sodium.ts';

/** For Node services and tools; equal to `nodeCrypto` and `nobleCrypto` in every answer behind the rules of `ed25519.ts` and `es256.ts`. */
export const nativeCrypto: Crypto = sodium === null ? nodeCrypto : withSodium(sodium);

function withSodium(library: Sodium): Crypto {
  return {
    ...nodeCrypto,
    verifyEd25519: (publicKey, message, signature) => library.crypto_sign_verify_detached(signature, message, publicKey),
  };
}
