/**
 * Verifier keys as one line of text (C2SP signed-note, "Verifier keys"): `name+keyid+base64(type ‖ public key)`.
 * Two types are in use: 0x01 Ed25519 signs note texts (log keys), 0x04 signs timestamped cosignatures (validators, witnesses).
 */

import { type Bytes, concatBytes, encodeBase64, encodeUtf8, equalBytes, parseBase64, parseHex, toHex } from './bytes.ts';
import type { Crypto } from './crypto.ts';
import { checkEd25519PublicKey } from './ed25519.ts';
import { formatError } from './errors.ts';
import { isKeyName } from './text-rules.ts';

/** Signature type identifier bytes (C2SP signed-note, "Signature types"). */
const TYPE = { log: 0x01, cosignature: 0x04 } as const;

/** What the key signs: `log` = note texts (0x01), `cosignature` = cosignature/v1 statements (0x04). */
export type KeyUse = keyof typeof TYPE;

/** One Ed25519 key of 32 bytes under a name. For a log key the name is the log's origin. */
export type VerifierKey = { readonly name: string; readonly algorithm: KeyUse; readonly publicKey: Bytes };

/** Size of a key id in bytes. */
export const KEY_ID_SIZE = 4;

/** SHA-256(name ‖ 0x0A ‖ type ‖ public key)[:4] (C2SP signed-note, "Signatures"). */
export function keyId(crypto: Crypto, key: VerifierKey): Bytes {
  const named = concatBytes(encodeUtf8(key.name), Uint8Array.of(0x0a, TYPE[key.algorithm]), key.publicKey);
  return crypto.sha256(named).slice(0, KEY_ID_SIZE);
}

/** The one line of a verifier key. */
export function encodeVerifierKey(crypto: Crypto, key: VerifierKey): string {
  const typed = concatBytes(Uint8Array.of(TYPE[key.algorithm]), key.publicKey);
  return `${key.name}+${toHex(keyId(crypto, key))}+${encodeBase64(typed)}`;
}

/**
 * Parses a verifier key.
 * Throws TEXT_INVALID (form, hex, base64), KEY_INVALID (another type, wrong length, not a usable Ed25519 key, key id of another key).
 */
export function parseVerifierKey(crypto: Crypto, text: string): VerifierKey {
  // Base64 may contain plus signs, a name may not: only the first two separate.
  const afterName = text.indexOf('+');
  const afterId = text.indexOf('+', afterName + 1);
  const name = text.slice(0, Math.max(afterName, 0));
  if (afterId < 0 || !isKeyName(name)) throw formatError('TEXT_INVALID', { want: 'name+keyid+base64' });
  const id = parseHex(text.slice(afterName + 1, afterId), KEY_ID_SIZE);
  const typed = parseBase64(text.slice(afterId + 1));
  const algorithm = keyUseOf(typed[0]);
  const publicKey = typed.slice(1);
  if (publicKey.length !== 32) throw formatError('KEY_INVALID', { want: 'an Ed25519 key of 32 bytes', got: publicKey.length });
  if (!checkEd25519PublicKey(publicKey)) throw formatError('KEY_INVALID', { want: 'a canonical key that is not of small order' });
  const key: VerifierKey = { name, algorithm, publicKey };
  if (!equalBytes(keyId(crypto, key), id))
    throw formatError('KEY_INVALID', { want: `key id ${toHex(keyId(crypto, key))}`, got: toHex(id) });
  return key;
}

function keyUseOf(type: number | undefined): KeyUse {
  if (type === TYPE.log) return 'log';
  if (type === TYPE.cosignature) return 'cosignature';
  throw formatError('KEY_INVALID', { want: 'type 1 (Ed25519) or 4 (cosignature/v1)', got: type ?? 'nothing' });
}
