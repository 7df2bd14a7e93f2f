/**
 * Short texts that formats repeat, names of fields above all: met again, they are recognised by their bytes instead of decoded.
 * Only speed depends on what is remembered here.
 */

import { type Bytes, equalBytes, parseUtf8 } from './bytes.ts';

const TEXT_SIZE_MAX = 32;
const PLACE_COUNT = 1_024;
const FNV_PRIME = 16_777_619;

type KnownText = { readonly bytes: Bytes; readonly text: string };

/** One text per place: a newcomer takes the place over. */
const KNOWN: (KnownText | undefined)[] = Array.from({ length: PLACE_COUNT }, () => undefined);

/** The text of strictly valid UTF-8 in a view. Throws TEXT_INVALID. */
export function parseKnownText(view: Bytes): string {
  if (view.length > TEXT_SIZE_MAX) return parseUtf8(view);
  let place = view.length;
  for (let i = 0; i < view.length; i++) place = Math.imul(place ^ (view[i] as number), FNV_PRIME);
  place &= PLACE_COUNT - 1;
  const known = KNOWN[place];
  if (known !== undefined && equalBytes(known.bytes, view)) return known.text;
  const text = parseUtf8(view);
  KNOWN[place] = { bytes: view.slice(), text };
  return text;
}
