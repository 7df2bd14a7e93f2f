/**
 * Opaque octets as text, one to one (C2SP tlog-policy, "Character set": names are octet strings, UTF-8 is only usual).
 * Valid UTF-8 becomes its text; anything else keeps each octet from 0x80 as a lone surrogate U+DC80–U+DCFF, which no UTF-8 yields.
 */

import { type Bytes, encodeUtf8, parseUtf8 } from './bytes.ts';
import { FormatError } from './errors.ts';

/** The text that stands for these octets; equal only for equal octets. */
export function textOfOctets(octets: Bytes): string {
  try {
    return parseUtf8(octets);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    let text = '';
    for (const octet of octets) text += String.fromCharCode(octet < 0x80 ? octet : 0xdc00 + octet);
    return text;
  }
}

/** The octets that `textOfOctets` read. Throws TEXT_INVALID for texts it cannot have made. */
export function octetsOfText(text: string): Bytes {
  const units = Array.from({ length: text.length }, (_, i) => text.charCodeAt(i));
  const escaped =
    units.some((unit) => unit >= 0xdc80 && unit <= 0xdcff) &&
    units.every((unit) => unit < 0x80 || (unit >= 0xdc80 && unit <= 0xdcff));
  return escaped ? Uint8Array.from(units, (unit) => unit & 0xff) : encodeUtf8(text);
}
