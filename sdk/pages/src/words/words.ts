/** What every page says of a verification, in every language. A missing sentence is a type error, and so no page is built. */

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
  | 'readings'
  | 'sequence numbers'
  | 'erasure in log'
  | 'entry in erasure'
  | 'successor'
  | 'fork'
  | 'order issued'
  | 'order keys';

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
  | 'clockErrorMs'
  | 'id'
  | 'shard'
  | 'anchoredAtHeight'
  | 'quarantine'
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
  | 'found'
  | 'entry'
  | 'legalBasis'
  | 'erasedAtHeight'
  | 'keyNumber'
  | 'fromMs'
  | 'toMs'
  | 'firstSequence'
  | 'lastSequence'
  | 'readingCount'
  | 'isComplete'
  | 'gaps'
  | 'zone'
  | 'deviceCount'
  | 'command'
  | 'mode'
  | 'lifetime';

export type Words = {
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
  readonly grades: Readonly<Record<'device' | 'bridge' | 'imported', string>>;
  readonly verdicts: Readonly<Record<Verdict, { readonly means: string; readonly action: string }>>;
  readonly steps: Readonly<Record<StepName, string>>;
  readonly facts: Readonly<Record<FactName, string>>;
  /** What evidence of records says of those that it is about. */
  readonly found: Readonly<Record<'present' | 'absent' | 'complete', string>>;
  /** Of a range of readings, all of them proven. */
  readonly range: Readonly<Record<'complete' | 'incomplete' | 'action', string>>;
};
