/** Schemas that several formats share. */

import { type Bytes, compareBytes } from './bytes.ts';
import { encodeCbor, parseCbor } from './cbor.ts';
import type { Crypto } from './crypto.ts';
import { checkEd25519PublicKey } from './ed25519.ts';
import { formatError } from './errors.ts';
import { type Algorithm, ES256, ID_SIZE } from './ids.ts';
import { blob, bytes, type Infer, list, oneOf, type Schema, struct, text, uint } from './schema.ts';

/** A 32-byte id or hash. */
export const id = (): Schema<Bytes> => bytes(ID_SIZE);
/** Block height; genesis is 0. */
export const height = (): Schema<number> => uint();
/** Milliseconds since 1970-01-01T00:00:00Z. */
export const timeMs = (): Schema<number> => uint();
/** How many, or which, of what is counted in 32 bits: keys of an account, links of a voucher. */
export const uint32 = (): Schema<number> => uint({ max: 0xffffffff });
/** A set of ids: strictly ascending. */
export const idSet = (max: number, min = 0): Schema<Bytes[]> => list(id(), { min, max, order: compareBytes });
/** RFC 6962 path, leaf to root. */
export const merklePath = (): Schema<Bytes[]> => list(id(), { max: 64 });
/** A short reason that a person reads; never personal data. */
export const reason = (): Schema<string> => text(256);

/** −8 EdDSA (Ed25519) or −7 ES256. */
export const algorithm = (): Schema<Algorithm> => {
  const inner = uint({ min: -8, max: -7 });
  return inner as Schema<Algorithm>;
};

/** A public key as it stands in actions and records. */
export const publicKeySchema = struct({ algorithm: algorithm(), publicKey: blob(33, 32) });

/** Refuses keys that no honest signer has: wrong length, not a curve point's one encoding, small order. Throws KEY_INVALID. */
export function assertPublicKey(key: Infer<typeof publicKeySchema>): void {
  const fits =
    key.algorithm === ES256
      ? isCompressedPoint(key.publicKey)
      : key.publicKey.length === 32 && checkEd25519PublicKey(key.publicKey);
  if (!fits) throw formatError('KEY_INVALID', { algorithm: key.algorithm });
}

/** SEC 1 §2.3.3: 0x02 or 0x03 and the x coordinate. Whether x is on the curve is the backend's check at verification. */
function isCompressedPoint(key: Bytes): boolean {
  return key.length === 33 && (key[0] === 2 || key[0] === 3);
}

/** Who really signs: the device, a bridge for devices that cannot, or whoever imported a file. */
export const grade = () => oneOf('device', 'bridge', 'imported');

/** Everyday keys are refused for dangerous acts, approvals and changes of keys or roles. */
export const keyClass = () => oneOf('everyday', 'full');

/** Deterministic CBOR of a value by its schema. */
export function encodeBy<T>(schema: Schema<T>, value: T): Bytes {
  return encodeCbor(schema.encode(value));
}

/** Strict parse of deterministic CBOR by a schema. Throws FormatError. */
export function parseBy<T>(schema: Schema<T>, data: Bytes): T {
  return schema.parse(parseCbor(data), '');
}

/** SHA-256 of the deterministic CBOR. */
export function digestBy<T>(crypto: Crypto, schema: Schema<T>, value: T): Bytes {
  return crypto.sha256(encodeBy(schema, value));
}
