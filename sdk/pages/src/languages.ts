/** The languages of every page, and which of them a browser wants. */

import { arabicWords } from './words/ar.ts';
import { englishWords } from './words/en.ts';
import { estonianWords } from './words/et.ts';
import type { Words } from './words/words.ts';
import { chineseWords } from './words/zh.ts';

export type LanguageCode = 'en' | 'et' | 'zh' | 'ar';

export type Language = {
  readonly code: LanguageCode;
  /** BCP 47. */
  readonly tag: string;
  /** Its name in itself. */
  readonly name: string;
  readonly direction: 'ltr' | 'rtl';
  readonly words: Words;
};

export const LANGUAGES: Readonly<Record<LanguageCode, Language>> = {
  en: { code: 'en', tag: 'en', name: 'English', direction: 'ltr', words: englishWords },
  et: { code: 'et', tag: 'et', name: 'Eesti', direction: 'ltr', words: estonianWords },
  zh: { code: 'zh', tag: 'zh-Hans', name: '中文', direction: 'ltr', words: chineseWords },
  ar: { code: 'ar', tag: 'ar', name: 'العربية', direction: 'rtl', words: arabicWords },
};

/** The first of these tags that is spoken here, else English. */
export function chooseLanguage(tags: readonly string[]): Language {
  for (const tag of tags) {
    // Some systems write et_EE.UTF-8 or en@posix for what is et-EE or en.
    const code = tag.toLowerCase().split(/[-_@.]/)[0] ?? '';
    if (isSpoken(code)) return LANGUAGES[code];
  }
  return LANGUAGES.en;
}

function isSpoken(code: string): code is LanguageCode {
  return Object.hasOwn(LANGUAGES, code);
}
