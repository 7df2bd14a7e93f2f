/** Base45 (RFC 9285): the alphabet of QR codes' alphanumeric mode, two octets in three characters. Strict: one spelling each way. */

import type { Bytes } from './bytes.ts';
import { formatError } from './errors.ts';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:';
const BASE = ALPHABET.length;

/** RFC 9285 §4. */
export function encodeBase45(bytes: Bytes): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 2) {
    const isPair = i + 1 < bytes.length;
    let number = isPair ? (bytes[i] as number) * 256 + (bytes[i + 1] as number) : (bytes[i] as number);
    for (let digit = 0; digit < (isPair ? 3 : 2); digit++) {
      text += ALPHABET[number % BASE];
      number = Math.floor(number / BASE);
    }
  }
  return text;
}

/** Throws TEXT_INVALID: a foreign character, a length that no octets have, or a group beyond its octets. */
export function parseBase45(text: string): Bytes {
  if (text.length % 3 === 1) throw formatError('TEXT_INVALID', { want: 'base45' });
  const bytes = new Uint8Array(Math.floor(text.length / 3) * 2 + (text.length % 3 === 2 ? 1 : 0));
  for (let i = 0, at = 0; i < text.length; i += 3) {
    const digits = [...text.slice(i, i + 3)].map((character) => ALPHABET.indexOf(character));
    if (digits.includes(-1)) throw formatError('TEXT_INVALID', { want: 'base45', position: i });
    const number = digits.reduceRight((sum, digit) => sum * BASE + digit, 0);
    const isPair = digits.length === 3;
    if (number > (isPair ? 0xffff : 0xff)) throw formatError('TEXT_INVALID', { want: 'base45', position: i });
    if (isPair) bytes[at++] = number >> 8;
    bytes[at++] = number & 0xff;
  }
  return bytes;
}
