/** Texts that strangers chose, as they may be shown: cut, and with what cannot be seen as escapes. */

/**
 * Controls, halves of characters, separators of lines, marks of direction (Unicode UAX #9): a label could make a line read as its opposite.
 * And whatever else leaves no mark: two names that look the same must be the same as far as their characters go.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/gu;

/** The text, of at most so many characters. */
export function plainText(text: string, lengthMax = 500): string {
  const shown = text.length > lengthMax ? `${text.slice(0, lengthMax).replace(/\p{Cs}$/u, '')}…` : text;
  return shown.replaceAll(UNSEEN, (character) => `\\u{${(character.codePointAt(0) as number).toString(16)}}`);
}
