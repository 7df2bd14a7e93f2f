/** Kept readings as rows. Of a reading about people no record is kept here, not even a name: it, too, may be about somebody. */

import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Bytes, encodeBase64 } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { type AllegedReading, parseReading, parseReadingRecords } from '@oppidum/formats/reading';
import type { ResolvedRecord } from '@oppidum/formats/senml';
import { deviceKind, modelKind } from '@oppidum/formats/state-devices';
import { at } from '@oppidum/formats/state-layout';
import type { NodeClient } from '@oppidum/node/client';
import type { KeptReading, TelemetryClient } from '@oppidum/telemetry/client';
import { sql } from 'kysely';
import type { RecordJson } from '../api/readings.ts';
import { type Database, SAMPLE_KINDS } from './database.ts';

/** What of a kept reading becomes rows. */
export type KeptRow = KeptReading & { readonly envelope: Bytes };

/** The first readings, at least one, until their envelopes have this size. */
export function takeSize(kept: readonly KeptReading[], sizeMax: number): readonly KeptReading[] {
  let size = 0;
  const end = kept.findIndex(({ envelope }, i) => {
    size += envelope?.length ?? 0;
    return i > 0 && size > sizeMax;
  });
  return end < 0 ? kept : kept.slice(0, end);
}

/** A kept envelope, opened: the shard verified it before it kept it. */
export type OpenReading = { readonly reading: AllegedReading; readonly records: readonly ResolvedRecord[] };

/** Opens a kept envelope, whose digest the shard has. Throws FormatError only where a vault is damaged. */
export function openReading(crypto: Crypto, envelope: Bytes, digest?: Bytes): OpenReading {
  const reading = parseReading(crypto, envelope, digest);
  return { reading, records: parseReadingRecords(reading) };
}

/** True when the readings of this device are about people; also for a device that nobody knows. */
export function isPersonal(node: Pick<NodeClient, 'read'>, device: Bytes): boolean {
  const record = node.read(at(deviceKind, device));
  const model = record === null ? null : node.read(at(modelKind, record.model));
  return model === null || model.personal;
}

/** POSIX seconds as whole milliseconds. */
export function msOf(timeS: number): number {
  return Math.round(timeS * 1_000);
}

/** A row of `samples`, but for its shard. */
export type SampleRow = {
  readonly series: number;
  readonly timeMs: number;
  readonly entry: number;
  readonly position: number;
  readonly kind: number;
  readonly number: number | null;
  readonly text: string | null;
  readonly sum: number | null;
};

const KIND = Object.fromEntries(SAMPLE_KINDS.map((kind, i) => [kind, i])) as Readonly<
  Record<(typeof SAMPLE_KINDS)[number], number>
>;

/** A record as a sample of its series. */
export function sampleRow(record: ResolvedRecord, place: Pick<SampleRow, 'series' | 'entry' | 'position'>): SampleRow {
  const { series, entry, position } = place;
  const { timeS, value, sum } = record;
  const timeMs = msOf(timeS);
  const row = (kind: number, number: number | null, text: string | null): SampleRow => {
    return { series, timeMs, entry, position, kind, number, text, sum };
  };
  if (typeof value === 'number') return row(KIND.number, value, null);
  if (typeof value === 'boolean') return row(KIND.boolean, value ? 1 : 0, null);
  if (typeof value === 'string') return row(KIND.text, null, value);
  return value === null ? row(KIND.none, null, null) : row(KIND.data, null, encodeBase64(value));
}

/** The value of a sample as the API shows it. */
export function showValue(row: Pick<SampleRow, 'kind' | 'number' | 'text'>): Pick<RecordJson, 'value' | 'data'> {
  if (row.kind === KIND.number) return { value: row.number, data: null };
  if (row.kind === KIND.boolean) return { value: row.number === 1, data: null };
  if (row.kind === KIND.text) return { value: row.text, data: null };
  return { value: null, data: row.kind === KIND.data ? row.text : null };
}

/** A record as the API shows it. */
export function showRecord(record: ResolvedRecord, urnPrefixSize: number): RecordJson {
  const { name, unit, timeS, value, sum } = record;
  const isData = value instanceof Uint8Array;
  return {
    name: name.slice(urnPrefixSize),
    unit,
    value: isData ? null : value,
    data: isData ? encodeBase64(value) : null,
    sum,
    timeMs: msOf(timeS),
  };
}

/** Rows that are compared in one turn of the event loop: opening as many envelopes takes about ten milliseconds. */
const ROWS_OF_ONE_TURN = 256;

/**
 * Deletes the rows of readings that were erased: what linked them to a device goes, too. `shards` by number. No erasure names whose it was, so
 * all that is about people is looked at, a few at a time.
 */
export async function deleteErased(
  database: Database,
  shards: readonly { readonly number: number; readonly client: Pick<TelemetryClient, 'reading'> }[],
): Promise<void> {
  const senders = new Set<number>();
  for (const { number, client } of shards) {
    let after = -1;
    for (;;) {
      const rows = await findPersonal(database, number, after);
      const last = rows.at(-1);
      if (last === undefined) break;
      after = last.entry;
      for (const { sender, time_ms, entry, id } of rows) {
        if ((await client.reading(id))?.envelope !== null) continue;
        senders.add(sender);
        await database
          .deleteFrom('readings')
          .where('sender', '=', sender)
          .where('time_ms', '=', time_ms)
          .where('shard', '=', number)
          .where('entry', '=', entry)
          .execute();
      }
      await nextTurn();
    }
  }
  for (const sender of senders) await database.deleteFrom('device_activity').where('sender', '=', sender).execute();
}

/** The next rows about people of a shard, in the order of its log. */
function findPersonal(database: Database, shard: number, after: number) {
  return (
    database
      .selectFrom('readings')
      .select(['sender', 'time_ms', 'entry', 'id'])
      .where('shard', '=', shard)
      // In so many letters: the index is of these rows alone.
      .where(sql<boolean>`personal = 1`)
      .where('entry', '>', after)
      .orderBy('entry')
      .limit(ROWS_OF_ONE_TURN)
      .execute()
  );
}
