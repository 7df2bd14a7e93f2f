/** Making elements from values that strangers chose: as text, never as markup, and never able to turn the text around them. */

type Child = Node | string;

/** An element with attributes and children. Attributes that are false are left out. */
export function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes: Readonly<Record<string, string | boolean>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes))
    if (value !== false) made.setAttribute(attribute, value === true ? '' : value);
  made.append(...children);
  return made;
}

/** Controls, separators of lines and marks of direction (Unicode UAX #9): a label could make a line read as its opposite. */
const UNSEEN = /[\p{Cc}\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu;
/** Longer values are cut on the screen; the bytes below show all of them. */
const SHOWN_LENGTH_MAX = 500;

/** A value of the evidence, isolated from the direction of the page. */
export function quoted(value: string): HTMLElement {
  const shown = value.length > SHOWN_LENGTH_MAX ? `${value.slice(0, SHOWN_LENGTH_MAX)}…` : value;
  return element('bdi', {}, shown.replaceAll(UNSEEN, escapeOf));
}

function escapeOf(character: string): string {
  return `\\u{${(character.codePointAt(0) as number).toString(16)}}`;
}
