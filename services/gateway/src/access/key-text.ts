/**
 * An API key as text: `opk_<id>_<secret><checksum>`, all in lower-case hex, so that it is one word to a double click, a shell and a scanner
 * of leaked secrets, which can tell ours from look-alikes by prefix and checksum.
 *
 *   id        8 bytes: names the key in lists and logs, public        secret    32 random bytes
 *   checksum  CRC-32 (ISO 3309, as in zlib) of `opk_<id>_<secret>`, 4 bytes: a mistyped key is refused without a look at any store
 */

import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { type Bytes, encodeUtf8, toHex } from '@oppidum/formats/bytes';

const PREFIX = 'opk_';
const ID_SIZE = 8;
const SECRET_SIZE = 32;
const KEY_FORM = /^opk_([0-9a-f]{16})_[0-9a-f]{64}([0-9a-f]{8})$/;
/** Anything that looks like a key, wherever it stands in a text. */
const KEY_ANYWHERE = /opk_[0-9a-f]{16}_[0-9a-f]{8,}/gi;

/** A key while it is text: when it is made, and when somebody shows it. Never stored, never logged. */
export type KeyText = { readonly id: string; readonly text: string };

/** Makes a key from random bytes. */
export function makeKeyText(randomBytes: (size: number) => Bytes): KeyText {
  const id = toHex(randomBytes(ID_SIZE));
  const body = `${PREFIX}${id}_${toHex(randomBytes(SECRET_SIZE))}`;
  return { id, text: `${body}${checksumOf(body)}` };
}

/** The key in a text, or null when it is none or mistyped. */
export function parseKeyText(text: string): KeyText | null {
  const [, id, checksum] = KEY_FORM.exec(text) ?? [];
  if (id === undefined || checksum !== checksumOf(text.slice(0, -8))) return null;
  return { id, text };
}

function checksumOf(body: string): string {
  return crc32(body).toString(16).padStart(8, '0');
}

/**
 * What is stored of a key: SHA-256 of its text. A slow hash makes guessing dear where secrets are chosen by people; nobody guesses 256
 * random bits, and one here would only let strangers make this service work hard.
 */
export function hashKeyText({ text }: KeyText): Bytes {
  return new Uint8Array(createHash('sha256').update(encodeUtf8(text)).digest());
}

/** True where a text has a key in it. */
export function holdsKey(text: string): boolean {
  return text.search(KEY_ANYWHERE) >= 0;
}

/** The text with every key in it cut down to its id. */
export function withoutKeys(text: string): string {
  return text.replaceAll(KEY_ANYWHERE, (key) => `${key.slice(0, PREFIX.length + 2 * ID_SIZE)}_…`);
}
