/** What the tamper desk says, in four languages: a missing sentence is a type error. */

import type { LanguageCode } from '@oppidum/pages/languages';
import { TEXTS_AR } from './texts-ar.ts';
import { TEXTS_EN } from './texts-en.ts';
import { TEXTS_ET } from './texts-et.ts';
import { TEXTS_ZH } from './texts-zh.ts';

type Choice = { readonly name: string; readonly hint: string };

export type TamperTexts = {
  readonly heading: string;
  readonly lead: string;
  readonly copyNote: string;
  /** Where the city has no desk, and where it is not for whoever asks. */
  readonly noDesk: string;
  readonly away: string;
  readonly chooseHeading: string;
  readonly chooseHint: string;
  readonly noReadings: string;
  readonly whatHeading: string;
  readonly whatLegend: string;
  readonly what: Readonly<Record<'alter' | 'drop' | 'reorder' | 'checkpoint', Choice>>;
  readonly depthLegend: string;
  readonly depth: Readonly<Record<'bytes' | 'shard' | 'city', Choice>>;
  readonly value: string;
  readonly valueHint: string;
  readonly begin: string;
  readonly working: string;
  readonly stages: Readonly<Record<'copy' | 'alter' | 'prove' | 'witness' | 'fsck', string>>;
  /** {name}, {done}, {total}: of what fsck checks now. */
  readonly checking: string;
  readonly failedHeading: string;
  readonly changesHeading: string;
  readonly before: string;
  readonly after: string;
  readonly gone: string;
  readonly sensor: string;
  readonly time: string;
  readonly bytesHint: string;
  /** {place} */
  readonly storedAt: string;
  readonly verdictsHeading: string;
  readonly caught: string;
  readonly missed: string;
  readonly fsck: {
    readonly heading: string;
    readonly about: string;
    /** {count} */
    readonly caught: string;
    readonly missed: string;
    readonly findings: string;
    readonly code: string;
    readonly place: string;
    readonly finding: string;
    readonly checkedHeading: string;
  };
  readonly verifier: {
    readonly heading: string;
    readonly about: string;
    readonly pinned: string;
    readonly served: string;
    readonly policy: string;
    readonly memory: string;
    /** {index} */
    readonly gone: string;
    /** {index}, {now} */
    readonly moved: string;
    readonly missed: string;
    /** {code} */
    readonly refused: string;
    readonly nowHeading: string;
    readonly memoryHeading: string;
    readonly besideHeading: string;
    readonly earlierHeading: string;
  };
  readonly witness: {
    readonly heading: string;
    readonly about: string;
    /** {size} */
    readonly caught: string;
    readonly missed: string;
    readonly logs: Readonly<Record<'city' | 'shard', string>>;
    readonly cosigned: string;
    readonly refused: string;
    readonly answer: string;
    readonly log: string;
  };
  readonly forkHeading: string;
  /** {earlier}, {later}: sizes. */
  readonly fork: string;
  readonly forkBroken: string;
  readonly forkWarning: string;
  readonly takeHeading: string;
  readonly takeHint: string;
  readonly takeWarning: string;
  readonly takeNow: string;
  readonly takeEarlier: string;
  readonly takeFork: string;
  readonly takePolicy: string;
  readonly backHeading: string;
  readonly back: string;
  readonly backButton: string;
  readonly whoHeading: string;
  readonly who: string;
  readonly limitsHeading: string;
  readonly limits: readonly string[];
};

export const TEXTS: Readonly<Record<LanguageCode, TamperTexts>> = { en: TEXTS_EN, et: TEXTS_ET, zh: TEXTS_ZH, ar: TEXTS_AR };
