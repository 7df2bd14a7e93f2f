/** Whether what the page shows is what was proven: a city may send true evidence beside a false picture of it. */

import { actionJson, eventJson } from '@oppidum/formats/action-json';
import { parseEvidenceFile } from '@oppidum/formats/evidence';
import { parseEvents } from '@oppidum/formats/result';
import { parsePayload } from '@oppidum/formats/transaction';
import type { ReadingDetailJson } from '@oppidum/gateway/api/readings';
import type { TransactionDetailJson } from '@oppidum/gateway/api-types';
import type { Report } from '@oppidum/proofs/report';

/** What a page shows of a record, as the city sent it. */
export type Shown =
  | ({ readonly fact: 'reading' } & Pick<
      ReadingDetailJson,
      'device' | 'label' | 'sequence' | 'timeMs' | 'grade' | 'personal' | 'records'
    >)
  | ({ readonly fact: 'transaction' } & Pick<
      TransactionDetailJson,
      'height' | 'code' | 'signers' | 'kinds' | 'validUntil' | 'actions' | 'events'
    >);

type ProvenRecord = {
  readonly name: string;
  readonly unit: string | null;
  readonly timeS: number;
  readonly value: unknown;
  readonly sum?: number;
};

type Facts = Report['facts'];
/** A name, what is shown, what is proven. */
type Pair = readonly [name: string, shown: unknown, proven: unknown];

/** Names of what differs; none where all agrees, or where nothing was proven. `file`: the evidence that the report is of. */
export function differences(
  shown: Shown,
  { color, facts }: Pick<Report, 'color' | 'facts'>,
  file: Uint8Array,
): readonly string[] {
  if (color === 'red' || facts['fact'] !== shown.fact) return [];
  const pairs = shown.fact === 'reading' ? readingPairs(shown, facts) : transactionPairs(shown, facts, file);
  return pairs.flatMap(([name, a, b]) => (textOf(a) === textOf(b) ? [] : [name]));
}

function readingPairs(shown: Extract<Shown, { fact: 'reading' }>, facts: Facts): readonly Pair[] {
  const records = provenRecords(facts);
  // Values about people may be kept back. Not instead of proven ones that are about nobody, and not for others.
  const isKeptBack = shown.personal && shown.records.length === 0;
  return [
    ['device', shown.device, facts['device']],
    ['label', shown.label, facts['label']],
    ['sequence', shown.sequence, facts['sequence']],
    ['time', shown.timeMs, records.at(-1)?.[2] ?? 0],
    ['grade', shown.grade, facts['grade']],
    ['personal', shown.personal, facts['personal']],
    ...(isKeptBack ? [] : ([['records', shown.records.map(shownRecord), records]] as const)),
  ];
}

function transactionPairs(shown: Extract<Shown, { fact: 'transaction' }>, facts: Facts, file: Uint8Array): readonly Pair[] {
  const evidence = parseEvidenceFile(file);
  if (evidence.fact !== 'transaction') throw new Error('the report is of other evidence');
  const { validUntil, actions } = parsePayload(evidence.payload);
  return [
    ['height', shown.height, facts['height']],
    ['code', shown.code, facts['code']],
    ['signers', shown.signers, facts['signers']],
    ['kinds', shown.kinds, facts['actions']],
    ['valid until', shown.validUntil, validUntil],
    ['actions', shown.actions, actions.map(actionJson)],
    ['events', shown.events, parseEvents(evidence.events).map(eventJson)],
  ];
}

/** JSON whose members stand in one order. */
function textOf(value: unknown): string | undefined {
  return JSON.stringify(value, (_name, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}

function shownRecord({ name, unit, value, data, sum, timeMs }: ReadingDetailJson['records'][number]): readonly unknown[] {
  return [name, unit, timeMs, value ?? data, sum];
}

function provenRecords(facts: Report['facts']): readonly (readonly unknown[])[] {
  const prefix = `urn:oppidum:${String(facts['device'])}:`;
  const records = (facts['records'] ?? []) as unknown as readonly ProvenRecord[];
  return records.map(({ name, unit, timeS, value, sum }) => [
    name.startsWith(prefix) ? name.slice(prefix.length) : name,
    unit,
    Math.round(timeS * 1_000),
    value,
    sum ?? null,
  ]);
}
