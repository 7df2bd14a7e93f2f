/** Verifies a signature under a public key of either algorithm, each by its one strict rule. */

import type { Bytes } from './bytes.ts';
import type { Crypto } from './crypto.ts';
import { verifyEd25519 } from './ed25519.ts';
import { verifyEs256LowS } from './es256.ts';
import { ES256, type PublicKey } from './ids.ts';

/** True when `signature` (64 bytes) is the key's over `message`: Ed25519 by our one rule, ES256 only with low s. */
export function verifySignature(crypto: Crypto, key: PublicKey, message: Bytes, signature: Bytes): boolean {
  if (key.algorithm === ES256) return verifyEs256LowS(crypto, key.publicKey, message, signature);
  return verifyEd25519(crypto, key.publicKey, message, signature);
}
