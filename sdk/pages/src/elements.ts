/** Making elements from values that strangers chose: as text, never as markup, and never able to turn the text around them. */

import { plainText } from './plain-text.ts';

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

/** A value of the evidence, isolated from the direction of the page. */
export function quoted(value: string): HTMLElement {
  return element('bdi', {}, plainText(value));
}
