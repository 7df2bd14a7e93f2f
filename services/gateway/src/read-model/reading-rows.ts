/** Kept readings as rows. Of a reading about people no record is kept here, not even a name: it, too, may be about somebody. */

import { type Bytes, encodeBase64, parseHex, toHex } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { deviceUrnPrefix } from '@oppidum/formats/ids';
import { type AllegedReading, parseReading, parseReadingRecords } from '@oppidum/formats/reading';
import type { ResolvedRecord } from '@oppidum/formats/senml';
import { deviceKind, modelKind } from '@oppidum/formats/state-devices';
import { at } from '@oppidum/formats/state-layout';
import type { NodeClient } from '@oppidum/node/client';
import type { KeptReading, TelemetryClient } from '@oppidum/telemetry/client';
import { sql } from 'kysely';
import type { Database, Tables } from './database.ts';

type ReadingRow = Tables['readings'];
type RecordRow = Tables['records'];

/** A kept envelope, opened: the shard verified it before it kept it. */
export type OpenReading = { readonly reading: AllegedReading; readonly records: readonly ResolvedRecord[] };

/** Opens a kept envelope. Throws FormatError only where a vault is damaged. */
export function openReading(crypto: Crypto, envelope: Bytes): OpenReading {
  const reading = parseReading(crypto, envelope);
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

/** The value of a record in its column. */
export function recordRow(record: ResolvedRecord, urnPrefixSize: number): Omit<RecordRow, 'shard' | 'entry' | 'position'> {
  const { name, unit, timeS, value, sum } = record;
  const row = { name: name.slice(urnPrefixSize), unit, time_ms: msOf(timeS), number: null, text: null, sum: null };
  if (typeof value === 'number') return { ...row, sum, kind: 'number', number: value };
  if (typeof value === 'boolean') return { ...row, sum, kind: 'boolean', number: value ? 1 : 0 };
  if (typeof value === 'string') return { ...row, sum, kind: 'text', text: value };
  return value === null ? { ...row, sum, kind: 'none' } : { ...row, sum, kind: 'data', text: encodeBase64(value) };
}

/** SQLite takes 32,766 parameters a statement; a record has ten. */
const RECORDS_OF_ONE_INSERT = 2_000;

/** Writes entries of a shard's log; erased ones leave no row. */
export async function writeReadings(
  database: Database,
  source: { readonly crypto: Crypto; readonly node: Pick<NodeClient, 'read'>; readonly shard: number },
  kept: readonly KeptReading[],
): Promise<void> {
  const readings: ReadingRow[] = [];
  const records: RecordRow[] = [];
  for (const entry of kept) {
    if (entry.envelope === null) continue;
    const rows = rowsOf(source, entry, openReading(source.crypto, entry.envelope));
    readings.push(rows.reading);
    records.push(...rows.records);
  }
  if (readings.length === 0) return;
  await database.replaceInto('readings').values(readings).execute();
  for (let i = 0; i < records.length; i += RECORDS_OF_ONE_INSERT)
    await database
      .replaceInto('records')
      .values(records.slice(i, i + RECORDS_OF_ONE_INSERT))
      .execute();
  await writeActivity(database, readings);
}

function rowsOf(
  source: Parameters<typeof writeReadings>[1],
  kept: KeptReading,
  { reading, records }: OpenReading,
): { readonly reading: ReadingRow; readonly records: readonly RecordRow[] } {
  const { shard } = source;
  const personal = isPersonal(source.node, reading.device);
  const urnPrefixSize = deviceUrnPrefix(reading.device).length;
  return {
    reading: {
      shard,
      entry: kept.index,
      id: toHex(kept.digest),
      device: toHex(reading.device),
      key_number: reading.keyNumber,
      sequence: reading.sequence,
      received_ms: kept.receivedMs,
      // Resolved records stand in the order of their times.
      time_ms: msOf(records.at(-1)?.timeS ?? 0),
      record_count: records.length,
      personal: personal ? 1 : 0,
    },
    records: personal
      ? []
      : records.map((record, position) => ({ shard, entry: kept.index, position, ...recordRow(record, urnPrefixSize) })),
  };
}

async function writeActivity(database: Database, readings: readonly ReadingRow[]): Promise<void> {
  const activity = new Map<string, { device: string; last_reading_ms: number; reading_count: number }>();
  for (const { device, received_ms } of readings) {
    const known = activity.get(device) ?? { device, last_reading_ms: 0, reading_count: 0 };
    known.last_reading_ms = Math.max(known.last_reading_ms, received_ms);
    known.reading_count += 1;
    activity.set(device, known);
  }
  await database
    .insertInto('device_activity')
    .values([...activity.values()])
    .onConflict((conflict) =>
      conflict.column('device').doUpdateSet({
        last_reading_ms: sql<number>`max(last_reading_ms, excluded.last_reading_ms)`,
        reading_count: sql<number>`reading_count + excluded.reading_count`,
      }),
    )
    .execute();
}

/** Deletes the rows of readings that were erased: what linked them to a device goes, too. `shards` by number. */
export async function deleteErased(
  database: Database,
  shards: readonly { readonly number: number; readonly client: Pick<TelemetryClient, 'reading'> }[],
): Promise<void> {
  for (const { number, client } of shards) {
    const rows = await database
      .selectFrom('readings')
      .select(['entry', 'id', 'device'])
      .where('shard', '=', number)
      .where('personal', '=', 1)
      .execute();
    const erased = rows.filter(({ id }) => client.reading(parseHex(id))?.envelope === null);
    for (const { entry } of erased) {
      await database.deleteFrom('records').where('shard', '=', number).where('entry', '=', entry).execute();
      await database.deleteFrom('readings').where('shard', '=', number).where('entry', '=', entry).execute();
    }
    for (const device of new Set(erased.map((row) => row.device))) {
      await database.deleteFrom('device_activity').where('device', '=', device).execute();
    }
  }
}
