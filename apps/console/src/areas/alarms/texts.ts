/** What the console says of alarms. What each cause and each answer is called stands with the words of acts: it is signed so. */

import type { AlarmCalled, AlarmSubject, Severity } from '@oppidum/formats/alarm';
import type { AlarmState } from '@oppidum/formats/alarm-life';
import type { AlarmJson } from '@oppidum/gateway/api/alarms';
import type { LanguageCode } from '@oppidum/pages/languages';
import type { AlarmWords } from '@oppidum/signing/words/alarm-words';
import { arabicAlarms } from '@oppidum/signing/words/alarms-ar';
import { englishAlarms } from '@oppidum/signing/words/alarms-en';
import { estonianAlarms } from '@oppidum/signing/words/alarms-et';
import { chineseAlarms } from '@oppidum/signing/words/alarms-zh';
import { arabicTexts } from './texts-ar.ts';
import { englishTexts } from './texts-en.ts';
import { estonianTexts } from './texts-et.ts';
import { chineseTexts } from './texts-zh.ts';

export type AlarmTexts = {
  readonly heading: string;
  readonly lead: string;
  readonly counts: string;
  readonly filterState: string;
  readonly filterSeverity: string;
  readonly all: string;
  readonly unclosed: string;
  readonly none: string;
  readonly quiet: string;
  readonly older: string;
  readonly newest: string;
  readonly states: Readonly<Record<AlarmState, string>>;
  readonly severities: Readonly<Record<Severity, string>>;
  readonly called: Readonly<Record<AlarmCalled, string>>;
  readonly escalated: string;
  readonly subjects: Readonly<Record<AlarmSubject, string>>;
  readonly evidence: Readonly<Record<AlarmJson['opening']['kind'], string>>;
  readonly columns: Readonly<
    Record<'cause' | 'severity' | 'state' | 'about' | 'zone' | 'since' | 'count' | 'calls' | 'answers', string>
  >;
  readonly alarmHeading: string;
  readonly back: string;
  readonly detail: string;
  readonly last: string;
  readonly openings: string;
  readonly openedBy: string;
  readonly nextCall: string;
  readonly answer: string;
  readonly answeredAt: string;
  readonly closedAt: string;
  readonly closedBy: string;
  readonly closedByAnswer: string;
  readonly derived: string;
  readonly answerHeading: string;
  readonly answerLead: string;
  readonly answerSeen: string;
  readonly answerWhat: string;
  readonly answerLook: string;
  readonly answerNeedsKey: string;
  readonly answerNotYours: string;
  readonly toKeys: string;
};

export const TEXTS: Readonly<Record<LanguageCode, AlarmTexts>> = {
  en: englishTexts,
  et: estonianTexts,
  zh: chineseTexts,
  ar: arabicTexts,
};

export const WORDS: Readonly<Record<LanguageCode, AlarmWords>> = {
  en: englishAlarms,
  et: estonianAlarms,
  zh: chineseAlarms,
  ar: arabicAlarms,
};
