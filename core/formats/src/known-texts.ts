/**
 * Short texts that formats repeat, names of fields above all: met again, they are recognised by their bytes instead of decoded.
 * Only speed depends on what is remembered here.
 */

import { type Bytes, parseUtf8 } from './bytes.ts';

const TEXT_SIZE_MAX = 32;
const PLACE_COUNT = 1_024;
const FNV_PRIME = 16_777_619;

type KnownText = { readonly bytes: Bytes; readonly text: string };

/** One text per place: a newcomer takes the place over. */
const KNOWN: (KnownText | undefined)[] = Array.from({ length: PLACE_COUNT }, () => undefined);

/** The text of strictly valid UTF-8 in bytes [start, end). Throws TEXT_INVALID. */
export function parseKnownText(bytes: Bytes, start: number, end: number): string {
  if (end - start > TEXT_SIZE_MAX) return parseUtf8(bytes.subarray(start, end));
  let place = end - start;
  for (let i = start; i < end; i++) place = Math.imul(place ^ (bytes[i] as number), FNV_PRIME);
  place &= PLACE_COUNT - 1;
  const known = KNOWN[place];
  if (known !== undefined && isAt(bytes, start, end, known.bytes)) return known.text;
  const text = parseUtf8(bytes.subarray(start, end));
  KNOWN[place] = { bytes: bytes.slice(start, end), text };
  return text;
}

function isAt(bytes: Bytes, start: number, end: number, expected: Bytes): boolean {
  if (end - start !== expected.length) return false;
  for (let i = 0; i < expected.length; i++) if (bytes[start + i] !== expected[i]) return false;
  return true;
}
