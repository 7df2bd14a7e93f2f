/** The language of the console, for every part of it. */

import { chooseLanguage, type Language, type LanguageCode } from '@oppidum/pages/languages';
import { createContext, useContext } from 'react';
import { arabic } from './texts/ar.ts';
import { english } from './texts/en.ts';
import { estonian } from './texts/et.ts';
import type { Sentences } from './texts/sentences.ts';
import { chinese } from './texts/zh.ts';

const SENTENCES: Readonly<Record<LanguageCode, Sentences>> = { en: english, et: estonian, zh: chinese, ar: arabic };
const STORED = 'oppidum.console.language';

export const LanguageContext = createContext<Language>(chooseLanguage([]));

/** The language and what is said in it. */
export function useLanguage(): Language & { readonly sentences: Sentences } {
  const language = useContext(LanguageContext);
  return { ...language, sentences: SENTENCES[language.code] };
}

/** The one chosen here before, else the browser's. */
export function firstLanguage(): Language {
  const asked = new URLSearchParams(location.search).get('lang') ?? stored();
  return chooseLanguage([asked ?? '', ...navigator.languages]);
}

/** Kept for the next visit where the browser keeps anything. */
export function keepLanguage(code: LanguageCode): void {
  try {
    localStorage.setItem(STORED, code);
  } catch {
    // A page that may keep nothing asks again.
  }
}

function stored(): string | null {
  try {
    return localStorage.getItem(STORED);
  } catch {
    return null;
  }
}

/** The sentence with its values in place. */
export function fill(sentence: string, values: Readonly<Record<string, string | number>>): string {
  return sentence.replaceAll(/\{(\w+)\}/g, (whole, name: string) => (Object.hasOwn(values, name) ? String(values[name]) : whole));
}
