/** Readings out of the read model, newest signed time first: so a span of time is one stretch of an index, however many there are. */

import type { RecordJson } from '../api/readings.ts';
import type { Database, Tables } from './database.ts';

/** Records that a list shows of each reading; a pack may have 10,000. */
const RECORDS_SHOWN_MAX = 16;

/** Where a reading stands in the list. */
export type ReadingPlace = { readonly timeMs: number; readonly shard: number; readonly entry: number };

/** The readings that are wanted; `before` is the last one already shown. Times are of the newest record, as signed. */
export type ReadingQuery = {
  readonly limit: number;
  readonly before: ReadingPlace | null;
  readonly device?: string | undefined;
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
};

/** A reading as its row, with its first records. */
export type FoundReading = {
  readonly row: Tables['readings'] & { readonly label: string | null; readonly grade: Tables['device_keys']['grade'] | null };
  readonly records: readonly RecordJson[];
};

/** Up to `limit` readings. */
export async function findReadings(
  database: Database,
  { limit, before, device, fromMs, toMs }: ReadingQuery,
): Promise<FoundReading[]> {
  let query = database
    .selectFrom('readings')
    .leftJoin('devices', 'devices.id', 'readings.device')
    .leftJoin('device_keys', (join) =>
      join.onRef('device_keys.device', '=', 'readings.device').onRef('device_keys.number', '=', 'readings.key_number'),
    )
    .selectAll('readings')
    .select(['devices.label', 'device_keys.grade'])
    .orderBy('readings.time_ms', 'desc')
    .orderBy('readings.shard', 'desc')
    .orderBy('readings.entry', 'desc')
    .limit(limit);
  if (device !== undefined) query = query.where('readings.device', '=', device);
  if (fromMs !== undefined) query = query.where('readings.time_ms', '>=', fromMs);
  if (toMs !== undefined) query = query.where('readings.time_ms', '<', toMs);
  if (before !== null) {
    query = query.where(({ eb, refTuple, tuple }) =>
      eb(refTuple('readings.time_ms', 'readings.shard', 'readings.entry'), '<', tuple(before.timeMs, before.shard, before.entry)),
    );
  }
  const rows = await query.execute();
  const records = await findRecords(database, rows);
  return rows.map((row) => ({ row, records: records.get(`${row.shard}/${row.entry}`) ?? [] }));
}

async function findRecords(
  database: Database,
  rows: readonly Pick<Tables['readings'], 'shard' | 'entry'>[],
): Promise<Map<string, RecordJson[]>> {
  const found = new Map<string, RecordJson[]>();
  if (rows.length === 0) return found;
  const records = await database
    .selectFrom('records')
    .selectAll()
    .where(({ eb, refTuple, tuple }) =>
      eb(
        refTuple('shard', 'entry'),
        'in',
        rows.map(({ shard, entry }) => tuple(shard, entry)),
      ),
    )
    .where('position', '<', RECORDS_SHOWN_MAX)
    .orderBy('shard')
    .orderBy('entry')
    .orderBy('position')
    .execute();
  for (const record of records) {
    const place = `${record.shard}/${record.entry}`;
    const list = found.get(place) ?? [];
    list.push(showRecord(record));
    found.set(place, list);
  }
  return found;
}

/** A record's row as the API shows it. */
export function showRecord(row: Omit<Tables['records'], 'shard' | 'entry' | 'position'>): RecordJson {
  const { name, unit, sum, kind } = row;
  const record = { name, unit, value: null, data: null, sum, timeMs: row.time_ms };
  if (kind === 'number') return { ...record, value: row.number };
  if (kind === 'boolean') return { ...record, value: row.number === 1 };
  if (kind === 'text') return { ...record, value: row.text };
  return kind === 'data' ? { ...record, data: row.text } : record;
}
