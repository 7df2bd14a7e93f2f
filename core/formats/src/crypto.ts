/**
 * What core needs from a cryptographic library, as one small argument.
 * Two implementations exist: `noble-crypto.ts` (pure, browsers) and `@oppidum/crypto/native-crypto` (Node).
 * Both give equal answers on every published vector; `verifyEd25519` here is the raw backend, so callers use
 * the one rule in `ed25519.ts`, never this method directly.
 */

import type { Bytes } from './bytes.ts';

export type Crypto = {
  /** SHA-256 (FIPS 180-4) of the data: 32 bytes. */
  readonly sha256: (data: Bytes) => Bytes;
  /** SHA-256 of `data` written to `out` at `offset` (32 bytes): the allocation-free path of large trees. */
  readonly sha256Into: (data: Bytes, out: Bytes, offset: number) => void;
  /** encode([S]B − [k]A) == R bytewise (RFC 8032 §5.1.7 without cofactor), inputs already filtered by `ed25519.ts`. */
  readonly verifyEd25519: (publicKey: Bytes, message: Bytes, signature: Bytes) => boolean;
  /** ECDSA P-256 with SHA-256 (ES256); 33-byte compressed public key, 64-byte r ‖ s; ranges are checked by the caller `es256.ts`. */
  readonly verifyP256: (publicKey: Bytes, message: Bytes, signature: Bytes) => boolean;
};

/** One private key, reachable only through what it signs. `algorithm` is the COSE number: −8 EdDSA (Ed25519), −7 ES256. */
export type Signer = {
  readonly algorithm: -8 | -7;
  /** Ed25519: 32 bytes. P-256: 33 bytes, compressed (SEC 1 §2.3.3). */
  readonly publicKey: Bytes;
  readonly sign: (message: Bytes) => Bytes;
};
