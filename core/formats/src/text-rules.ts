/** Small text rules that several C2SP formats share: decimal numbers, key names, lines. */

import { formatError } from './errors.ts';

/** Unicode White_Space beyond ASCII (Unicode 15, PropList.txt); listed, because engines differ on `\s`. */
const UNICODE_SPACES =
  '\u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000';

/** Parses an ASCII decimal without sign or leading zeroes. Throws TEXT_INVALID, or NUMBER_RANGE beyond 2^53 − 1. */
export function parseDecimal(text: string): number {
  if (!/^(0|[1-9][0-9]*)$/.test(text)) throw formatError('TEXT_INVALID', { want: 'a decimal without leading zeroes' });
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw formatError('NUMBER_RANGE', { want: 'at most 2^53 - 1' });
  return value;
}

/** True for a signed-note key name: not empty, no Unicode space, no control character, no plus (C2SP signed-note, Format). */
export function isKeyName(text: string): boolean {
  if (text.length === 0) return false;
  for (const character of text) {
    if (character <= ' ' || character === '+' || UNICODE_SPACES.includes(character)) return false;
  }
  return true;
}

/** Throws TEXT_INVALID when the text has a control character below U+0020 other than newline (C2SP signed-note, Format). */
export function assertNoteCharacters(text: string): void {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x20 && unit !== 0x0a) throw formatError('TEXT_INVALID', { want: 'no control characters', at: i });
  }
}
