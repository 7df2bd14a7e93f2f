/** Texts that strangers chose, as they may be shown: cut, and with what cannot be seen as escapes. */

/** Controls, separators of lines and marks of direction (Unicode UAX #9): a label could make a line read as its opposite. */
const UNSEEN = /[\p{Cc}\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu;

/** The text, of at most so many characters. */
export function plainText(text: string, lengthMax = 500): string {
  const shown = text.length > lengthMax ? `${text.slice(0, lengthMax)}…` : text;
  return shown.replaceAll(UNSEEN, (character) => `\\u{${(character.codePointAt(0) as number).toString(16)}}`);
}
