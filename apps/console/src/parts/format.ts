/** How values look: times and numbers in the reader's language, ids short with the whole in reach. */

/** A time in the reader's language and time zone; the machine-readable one stands in `dateTime`. */
export function formatTime(timeMs: number, tag: string): string {
  return new Intl.DateTimeFormat(tag, { dateStyle: 'short', timeStyle: 'medium' }).format(timeMs);
}

/** A number in the reader's language. */
export function formatNumber(value: number, tag: string): string {
  return new Intl.NumberFormat(tag, { maximumFractionDigits: 3 }).format(value);
}

/** Controls, line separators and marks of direction (Unicode UAX #9): a label could make a line read as its opposite. */
const UNSEEN = /[\p{Cc}\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu;
const SHOWN_LENGTH_MAX = 200;

/** A stranger's text, cut and with what cannot be seen as escapes. */
export function plainText(text: string): string {
  const shown = text.length > SHOWN_LENGTH_MAX ? `${text.slice(0, SHOWN_LENGTH_MAX)}…` : text;
  return shown.replaceAll(UNSEEN, (character) => `\\u{${(character.codePointAt(0) as number).toString(16)}}`);
}
