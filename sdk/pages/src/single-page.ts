/** What pages that are one HTML file have in common: parts named by their sentences, which are put in by language. */

import { element } from './elements.ts';
import { chooseLanguage, LANGUAGES, type Language } from './languages.ts';

/** Of the sentences of a page, those that are texts. */
type Sayings = Readonly<Record<string, unknown>>;

/** The element with this id, which the layout made. */
export const at = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;

/** The language that the address asks for (`#lang=et`), else the browser's. */
export function preferredLanguage(): Language {
  const asked = new URLSearchParams(location.hash.slice(1)).get('lang');
  return chooseLanguage([asked ?? '', ...navigator.languages]);
}

/** Makes the parts of a page that are named by its sentences. */
export function partsOf<Sentences extends { readonly paste: string }>(): {
  readonly said: <K extends keyof HTMLElementTagNameMap>(
    tag: K,
    name: keyof Sentences & string,
    attributes?: Readonly<Record<string, string | boolean>>,
  ) => HTMLElementTagNameMap[K];
  readonly fileButton: (id: string, name: keyof Sentences & string) => HTMLElement;
  readonly pasteField: (id: string, name: keyof Sentences & string) => HTMLElement;
} {
  type Name = keyof Sentences & string;
  const said = <K extends keyof HTMLElementTagNameMap>(
    tag: K,
    name: Name,
    attributes: Readonly<Record<string, string | boolean>> = {},
  ): HTMLElementTagNameMap[K] => element(tag, { ...attributes, 'data-text': name });
  const fileButton = (id: string, name: Name): HTMLElement =>
    element('label', { class: 'button' }, said('span', name), element('input', { id, type: 'file' }));
  const pasteField = (id: string, name: Name): HTMLElement => {
    const attributes = { id, rows: '3', spellcheck: 'false', autocomplete: 'off', dir: 'ltr', 'data-label': name };
    return element('label', { class: 'field' }, said('span', 'paste'), element('textarea', attributes));
  };
  return { said, fileButton, pasteField };
}

/** Puts the sentences of a language in place; `title` names the page. */
export function putSentences({ tag, direction }: Language, sentences: Sayings): void {
  document.documentElement.lang = tag;
  document.documentElement.dir = direction;
  document.title = `Oppidum: ${String(sentences['title'])}`;
  for (const node of document.querySelectorAll<HTMLElement>('[data-text]')) {
    const text = sentences[node.dataset['text'] ?? ''];
    if (typeof text === 'string') node.textContent = text;
  }
  for (const node of document.querySelectorAll<HTMLElement>('[data-label]')) {
    const text = sentences[node.dataset['label'] ?? ''];
    if (typeof text === 'string') node.setAttribute('aria-label', text);
  }
}

/** Fills the list of languages, and tells which one is chosen. */
export function offerLanguages(now: Language, onChosen: (language: Language) => void): void {
  const select = at<HTMLSelectElement>('language');
  for (const { tag, name } of Object.values(LANGUAGES))
    select.append(element('option', { value: tag, selected: tag === now.tag, lang: tag }, name));
  select.addEventListener('change', () => onChosen(chooseLanguage([select.value])));
}
