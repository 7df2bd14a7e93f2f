/** Whether what the page shows is what was proven: a city may send true evidence beside a false picture of it. */

import type { ReadingDetailJson } from '@oppidum/gateway/api/readings';
import type { TransactionDetailJson } from '@oppidum/gateway/api-types';
import type { Report } from '@oppidum/proofs/report';

/** What a page shows of a record, as the city sent it. */
export type Shown =
  | ({ readonly fact: 'reading' } & Pick<ReadingDetailJson, 'device' | 'sequence' | 'records'>)
  | ({ readonly fact: 'transaction' } & Pick<TransactionDetailJson, 'height' | 'code' | 'signers' | 'kinds'>);

type ProvenRecord = {
  readonly name: string;
  readonly unit: string | null;
  readonly timeS: number;
  readonly value: unknown;
  readonly sum?: number;
};

/** Names of what differs; none where all agrees, or where nothing was proven. */
export function differences(shown: Shown, { color, facts }: Pick<Report, 'color' | 'facts'>): readonly string[] {
  if (color === 'red' || facts['fact'] !== shown.fact) return [];
  const pairs: readonly (readonly [string, unknown, unknown])[] =
    shown.fact === 'reading'
      ? [
          ['device', shown.device, facts['device']],
          ['sequence', shown.sequence, facts['sequence']],
          ['records', shown.records.map(shownRecord), provenRecords(facts)],
        ]
      : [
          ['height', shown.height, facts['height']],
          ['code', shown.code, facts['code']],
          ['signers', shown.signers, facts['signers']],
          ['actions', shown.kinds, facts['actions']],
        ];
  return pairs.flatMap(([name, a, b]) => (JSON.stringify(a) === JSON.stringify(b) ? [] : [name]));
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
