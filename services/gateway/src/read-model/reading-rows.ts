/** Kept readings as rows. Of a reading about people no record is kept here, not even a name: it, too, may be about somebody. */

import { type Bytes, encodeBase64, parseHex } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { type AllegedReading, parseReading, parseReadingRecords } from '@oppidum/formats/reading';
import type { ResolvedRecord } from '@oppidum/formats/senml';
import { deviceKind, modelKind } from '@oppidum/formats/state-devices';
import { at } from '@oppidum/formats/state-layout';
import type { NodeClient } from '@oppidum/node/client';
import type { KeptReading, TelemetryClient } from '@oppidum/telemetry/client';
import type { Database, Tables } from './database.ts';

type RecordRow = Tables['records'];

/** What of a kept reading becomes rows. */
export type KeptRow = KeptReading & { readonly envelope: Bytes };

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
