/** What the page says, in every language it speaks. A missing sentence is a type error, and so no page is built. */

import type { Verdict } from '@oppidum/formats/verdicts';

/** The names of the steps of a verification, as reports give them. */
export type StepName =
  | 'format'
  | 'checkpoint'
  | 'older head'
  | 'reading'
  | 'anchor in log'
  | 'entry in shard'
  | 'device records'
  | 'entitled when anchored'
  | 'signature'
  | 'transaction in log'
  | 'claim'
  | 'state proof'
  | 'records'
  | 'erasure in log'
  | 'entry in erasure'
  | 'successor';

/** The names of facts that a reader is shown, as reports give them. */
export type FactName =
  | 'device'
  | 'label'
  | 'deviceType'
  | 'model'
  | 'manufacturer'
  | 'grade'
  | 'simulated'
  | 'personal'
  | 'sequence'
  | 'id'
  | 'shard'
  | 'anchoredAtHeight'
  | 'provenAtHeight'
  | 'provenAtMs'
  | 'records'
  | 'height'
  | 'timeMs'
  | 'code'
  | 'signers'
  | 'actions'
  | 'events'
  | 'kind'
  | 'about'
  | 'answer'
  | 'entry'
  | 'legalBasis'
  | 'erasedAtHeight';

export type Sentences = {
  readonly title: string;
  readonly lead: string;
  readonly offline: string;
  readonly language: string;
  readonly policyHeading: string;
  readonly policyHelp: string;
  readonly evidenceHeading: string;
  readonly evidenceHelp: string;
  readonly choosePolicy: string;
  readonly chooseEvidence: string;
  readonly chooseSuccessors: string;
  readonly successorHelp: string;
  readonly paste: string;
  readonly pastePolicy: string;
  readonly pasteEvidence: string;
  readonly dropHere: string;
  readonly remember: string;
  readonly forget: string;
  readonly remembered: string;
  readonly storageBlocked: string;
  readonly noPolicy: string;
  readonly policyOf: string;
  readonly policyDigest: string;
  readonly policyCompare: string;
  readonly policyBad: string;
  readonly successorBad: string;
  readonly successorsFollowed: string;
  readonly noEvidence: string;
  readonly partsMissing: string;
  readonly partsMixed: string;
  readonly pasteUnreadable: string;
  readonly tooLarge: string;
  readonly fileUnreadable: string;
  readonly verdictHeading: string;
  readonly whatToDo: string;
  readonly colors: Readonly<Record<'green' | 'amber' | 'red', string>>;
  readonly stepsHeading: string;
  readonly stepsNote: string;
  readonly outcomes: Readonly<Record<'passed' | 'failed' | 'noted', string>>;
  readonly factsHeading: string;
  readonly bytesHeading: string;
  readonly sizeBytes: string;
  readonly yes: string;
  readonly no: string;
  readonly time: string;
  readonly sensor: string;
  readonly value: string;
  readonly clear: string;
  readonly limitsHeading: string;
  readonly limits: string;
  readonly grades: Readonly<Record<'device' | 'bridge' | 'imported', string>>;
  readonly verdicts: Readonly<Record<Verdict, { readonly means: string; readonly action: string }>>;
  readonly steps: Readonly<Record<StepName, string>>;
  readonly facts: Readonly<Record<FactName, string>>;
};

export type Language = {
  /** BCP 47. */
  readonly tag: string;
  /** Its name in itself. */
  readonly name: string;
  readonly direction: 'ltr' | 'rtl';
  readonly sentences: Sentences;
};
