/** What the attack desk says, in four languages: a missing sentence is a type error. What attacks say of themselves is in `told.ts`. */

import type { LanguageCode } from '@oppidum/pages/languages';
import { TEXTS_AR } from './texts-ar.ts';
import { TEXTS_EN } from './texts-en.ts';
import { TEXTS_ET } from './texts-et.ts';
import { TEXTS_ZH } from './texts-zh.ts';

/** How an attack stands. */
export type Standing = 'idle' | 'waiting' | 'running' | 'prevented' | 'detected' | 'succeeded' | 'missing';

export type AttackTexts = {
  readonly heading: string;
  readonly lead: string;
  readonly ownCity: string;
  /** Where the city has no desk, and where it is not for whoever asks. */
  readonly noDesk: string;
  readonly away: string;
  readonly all: string;
  readonly one: string;
  readonly again: string;
  readonly stop: string;
  readonly clear: string;
  readonly founding: string;
  /** {name}, {place}, {count} */
  readonly now: string;
  readonly resultHeading: string;
  /** {prevented}, {detected}, {succeeded}: how many. */
  readonly counts: string;
  readonly allStopped: string;
  /** {count} */
  readonly someSucceeded: string;
  readonly failed: string;
  readonly listHeading: string;
  readonly standing: Readonly<Record<Standing, string>>;
  readonly tried: string;
  readonly expected: string;
  /** Headings of what came of it. */
  readonly by: string;
  readonly rule: string;
  readonly noRule: string;
  readonly saw: string;
  readonly evidence: string;
  readonly evidenceHint: string;
  readonly checked: string;
  /** {verdict} */
  readonly same: string;
  /** {here}, {there} */
  readonly differs: string;
  readonly notKept: string;
  /** {name} */
  readonly save: string;
  readonly savePolicy: string;
  readonly elsewhereHeading: string;
  readonly elsewhere: string;
  readonly wordsHeading: string;
  readonly words: readonly (readonly [word: string, meaning: string])[];
};

export const TEXTS: Readonly<Record<LanguageCode, AttackTexts>> = { en: TEXTS_EN, et: TEXTS_ET, zh: TEXTS_ZH, ar: TEXTS_AR };
