/** The words of acts by language. */

import type { LanguageCode } from '@oppidum/pages/languages';
import type { ActWords } from './act-words.ts';
import { arabicActs } from './ar.ts';
import { englishActs } from './en.ts';
import { estonianActs } from './et.ts';
import { chineseActs } from './zh.ts';

export const ACT_WORDS: Readonly<Record<LanguageCode, ActWords>> = {
  en: englishActs,
  et: estonianActs,
  zh: chineseActs,
  ar: arabicActs,
};
