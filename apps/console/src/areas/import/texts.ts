/** What the import of devices says. */

import type { ProblemKind } from '@oppidum/onboarding/row-problems';
import type { LanguageCode } from '@oppidum/pages/languages';
import type { CopyWords } from '../maker/copy-block.tsx';
import type { JobWords } from '../maker/job-progress.tsx';
import { arabicImport } from './texts-ar.ts';
import { englishImport } from './texts-en.ts';
import { estonianImport } from './texts-et.ts';
import { chineseImport } from './texts-zh.ts';

export type RowState = 'new' | 'known' | 'failed' | 'registered';

export type ImportTexts = {
  readonly heading: string;
  readonly lead: string;
  readonly example: string;
  readonly fileHeading: string;
  readonly choose: string;
  readonly drop: string;
  readonly another: string;
  readonly fileFacts: string;
  readonly unreadable: Readonly<Record<'UTF-8' | 'a header' | 'fewer rows' | 'size', string>>;
  readonly columnsHeading: string;
  readonly columnsHint: string;
  readonly delimiter: string;
  readonly delimiters: Readonly<Record<',' | ';' | '\t' | '|', string>>;
  readonly fields: Readonly<Record<'public-key' | 'label' | 'grade' | 'model', string>>;
  readonly noColumn: string;
  readonly defaultModel: string;
  readonly noModel: string;
  readonly defaultGrade: string;
  readonly grades: Readonly<Record<'device' | 'bridge' | 'imported', string>>;
  readonly needKeys: string;
  readonly dryRun: string;
  readonly dryRunHint: string;
  readonly checking: string;
  readonly rowsHeading: string;
  readonly states: Readonly<Record<RowState, string>>;
  readonly all: string;
  readonly show: string;
  readonly columns: Readonly<Record<'line' | 'label' | 'device' | 'state' | 'why', string>>;
  readonly noRows: string;
  readonly paging: string;
  readonly previous: string;
  readonly next: string;
  readonly saveFailed: string;
  readonly saveFailedHint: string;
  readonly problems: Readonly<Record<ProblemKind, string>>;
  readonly registerHeading: string;
  readonly nothingToDo: string;
  readonly signedBy: string;
  readonly register: string;
  readonly registering: string;
  readonly stop: string;
  readonly done: string;
  readonly stopped: string;
  readonly byCommand: string;
  readonly byCommandHint: string;
  readonly noCommand: string;
  readonly resume: string;
  readonly afterwards: string;
} & CopyWords &
  JobWords;

export const TEXTS: Readonly<Record<LanguageCode, ImportTexts>> = {
  en: englishImport,
  et: estonianImport,
  zh: chineseImport,
  ar: arabicImport,
};
