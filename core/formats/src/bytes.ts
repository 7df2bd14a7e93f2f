/** Bytes and their strict text forms. Every parser here refuses a second spelling of the same bytes. */

import { formatError } from './errors.ts';

export type Bytes = Uint8Array;

// Core compiles with `types: []`: these two exist in every runtime we serve (WHATWG Encoding).
declare const TextEncoder: { new (): { encode(text: string): Uint8Array } };
declare const TextDecoder: {
  new (label: string, options: { fatal: boolean; ignoreBOM: boolean }): { decode(bytes: Uint8Array): string };
};

const utf8Encoder = new TextEncoder();
const utf8Decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Joins byte strings in order. */
export function concatBytes(...parts: readonly Bytes[]): Bytes {
  let size = 0;
  for (const part of parts) size += part.length;
  const joined = new Uint8Array(size);
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/** True when both byte strings have the same length and content. Not constant-time: never compare secrets with it. */
export function equalBytes(a: Bytes, b: Bytes): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Bytewise lexicographic order; a proper prefix sorts first. Negative, zero or positive. */
export function compareBytes(a: Bytes, b: Bytes): number {
  const shared = a.length < b.length ? a.length : b.length;
  for (let i = 0; i < shared; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

const HEX_DIGITS = '0123456789abcdef';
const HEX_OF_BYTE: readonly string[] = Array.from(
  { length: 256 },
  (_, byte) => (HEX_DIGITS[byte >> 4] as string) + (HEX_DIGITS[byte & 15] as string),
);

/** Lower-case hexadecimal. */
export function toHex(bytes: Bytes): string {
  let text = '';
  for (const byte of bytes) text += HEX_OF_BYTE[byte];
  return text;
}

/** Parses lower-case hexadecimal of `length` bytes (any length when absent). Throws TEXT_INVALID. */
export function parseHex(text: string, length?: number): Bytes {
  if (text.length % 2 !== 0 || (length !== undefined && text.length !== 2 * length)) {
    throw formatError('TEXT_INVALID', { want: 'lower-case hex', length: text.length });
  }
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) {
    const high = HEX_DIGITS.indexOf(text.charAt(2 * i));
    const low = HEX_DIGITS.indexOf(text.charAt(2 * i + 1));
    if (high < 0 || low < 0) throw formatError('TEXT_INVALID', { want: 'lower-case hex', at: 2 * i });
    bytes[i] = 16 * high + low;
  }
  return bytes;
}

const BASE64_DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const BASE64URL_DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

function encodeSextets(bytes: Bytes, digits: string, pad: string): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i;
    const word = ((bytes[i] as number) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    text += digits.charAt(word >> 18) + digits.charAt((word >> 12) & 63);
    text += left > 1 ? digits.charAt((word >> 6) & 63) : pad;
    text += left > 2 ? digits.charAt(word & 63) : pad;
  }
  return text;
}

function parseSextets(text: string, digits: string, want: string): Bytes {
  if (text.length % 4 === 1) throw formatError('TEXT_INVALID', { want, length: text.length });
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let word = 0;
  let bits = 0;
  let size = 0;
  for (let i = 0; i < text.length; i++) {
    const sextet = digits.indexOf(text.charAt(i));
    if (sextet < 0) throw formatError('TEXT_INVALID', { want, at: i });
    word = ((word << 6) | sextet) & 0xffffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[size++] = (word >> bits) & 255;
    }
  }
  // RFC 4648 §3.5: bits that carry no data must be zero, or two texts would mean the same bytes.
  if ((word & ((1 << bits) - 1)) !== 0) throw formatError('TEXT_INVALID', { want, at: text.length - 1 });
  return bytes;
}

/** Base64 with padding (RFC 4648 §4). */
export function encodeBase64(bytes: Bytes): string {
  return encodeSextets(bytes, BASE64_DIGITS, '=');
}

/** Parses canonical base64 with padding (RFC 4648 §4, §3.5). Throws TEXT_INVALID on any second spelling. */
export function parseBase64(text: string): Bytes {
  if (text.length % 4 !== 0) throw formatError('TEXT_INVALID', { want: 'base64', length: text.length });
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  return parseSextets(text.slice(0, text.length - padding), BASE64_DIGITS, 'base64');
}

/** Base64url without padding (RFC 4648 §5). */
export function encodeBase64Url(bytes: Bytes): string {
  return encodeSextets(bytes, BASE64URL_DIGITS, '');
}

/** Parses canonical base64url without padding. Throws TEXT_INVALID. */
export function parseBase64Url(text: string): Bytes {
  return parseSextets(text, BASE64URL_DIGITS, 'base64url');
}

/** Up to here loops over ASCII are faster than the encoders of the runtime. */
const SHORT_TEXT = 64;

function isAscii(bytes: Bytes): boolean {
  for (let i = 0; i < bytes.length; i++) if ((bytes[i] as number) > 0x7f) return false;
  return true;
}

/** UTF-8 of a text. Throws TEXT_INVALID on lone surrogates, which have no UTF-8 form. */
export function encodeUtf8(text: string): Bytes {
  if (text.length <= SHORT_TEXT) {
    const bytes = new Uint8Array(text.length);
    let i = 0;
    for (; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 0x7f) break;
      bytes[i] = unit;
    }
    if (i === text.length) return bytes;
  }
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0xd800 || unit > 0xdfff) continue;
    const next = text.charCodeAt(i + 1);
    if (unit > 0xdbff || !(next >= 0xdc00 && next <= 0xdfff)) throw formatError('TEXT_INVALID', { want: 'unicode', at: i });
    i++;
  }
  return utf8Encoder.encode(text);
}

/** Text of strictly valid UTF-8 (RFC 3629). Throws TEXT_INVALID. */
export function parseUtf8(bytes: Bytes): string {
  if (bytes.length <= SHORT_TEXT && isAscii(bytes)) return toOctets(bytes);
  try {
    return utf8Decoder.decode(bytes);
  } catch {
    throw formatError('TEXT_INVALID', { want: 'utf-8' });
  }
}

/** One character per byte: the cheapest name of short bytes in a Map. At most some thousand bytes. */
export function toOctets(bytes: Bytes): string {
  // Spreading them would walk an iterator: seven times slower.
  return String.fromCharCode.apply(null, bytes as unknown as number[]);
}

/** Big-endian unsigned 16-bit. */
export function encodeUint16(value: number): Bytes {
  if (!Number.isInteger(value) || value < 0 || value > 0xffff) throw new RangeError(`not a u16: ${value}`);
  return Uint8Array.of(value >> 8, value & 255);
}

/** Big-endian unsigned 32-bit. */
export function encodeUint32(value: number): Bytes {
  if (!Number.isInteger(value) || value < 0 || value > 0xffffffff) throw new RangeError(`not a u32: ${value}`);
  return Uint8Array.of(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255);
}

/** Big-endian unsigned 64-bit of a safe integer (at most 2^53 − 1). */
export function encodeUint64(value: number): Bytes {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`not a safe u64: ${value}`);
  const high = Math.floor(value / 2 ** 32);
  const low = value % 2 ** 32;
  return Uint8Array.of(high >>> 24, high >>> 16, high >>> 8, high, low >>> 24, low >>> 16, low >>> 8, low);
}

/** Reads a big-endian u32 at `offset`. Throws TRUNCATED. */
export function readUint32(bytes: Bytes, offset: number): number {
  if (offset < 0 || offset + 4 > bytes.length) throw formatError('TRUNCATED', { at: offset });
  const low = ((bytes[offset + 1] as number) << 16) + ((bytes[offset + 2] as number) << 8) + (bytes[offset + 3] as number);
  return (bytes[offset] as number) * 2 ** 24 + low;
}

/** Reads a big-endian u64 at `offset`. Throws TRUNCATED, or NUMBER_RANGE beyond 2^53 − 1. */
export function readUint64(bytes: Bytes, offset: number): number {
  const high = readUint32(bytes, offset);
  const value = high * 2 ** 32 + readUint32(bytes, offset + 4);
  if (!Number.isSafeInteger(value)) throw formatError('NUMBER_RANGE', { at: offset });
  return value;
}
