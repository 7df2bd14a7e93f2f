/** Readings out of the read model, newest signed time first: so a span of time is one stretch of an index, however many there are. */

import type { Database, Tables } from './database.ts';

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

/** A reading as its row. */
export type FoundReading = Tables['readings'] & {
  readonly device: string;
  readonly label: string | null;
  readonly grade: Tables['device_keys']['grade'] | null;
};

/** Up to `limit` readings. */
export async function findReadings(
  database: Database,
  { limit, before, device, fromMs, toMs }: ReadingQuery,
): Promise<FoundReading[]> {
  let query = database
    .selectFrom('readings')
    .innerJoin('senders', 'senders.number', 'readings.sender')
    .leftJoin('devices', 'devices.id', 'senders.device')
    .leftJoin('device_keys', (join) =>
      join.onRef('device_keys.device', '=', 'senders.device').onRef('device_keys.number', '=', 'readings.key_number'),
    )
    .selectAll('readings')
    .select(['senders.device', 'devices.label', 'device_keys.grade'])
    .orderBy('readings.time_ms', 'desc')
    .orderBy('readings.shard', 'desc')
    .orderBy('readings.entry', 'desc')
    .limit(limit);
  if (device !== undefined) {
    const sender = await findSender(database, device);
    if (sender === null) return [];
    query = query.where('readings.sender', '=', sender);
  }
  if (fromMs !== undefined) query = query.where('readings.time_ms', '>=', fromMs);
  if (toMs !== undefined) query = query.where('readings.time_ms', '<', toMs);
  if (before !== null) {
    query = query.where(({ eb, refTuple, tuple }) =>
      eb(refTuple('readings.time_ms', 'readings.shard', 'readings.entry'), '<', tuple(before.timeMs, before.shard, before.entry)),
    );
  }
  return query.execute();
}

/** The number of a device that has sent readings, or null. */
export async function findSender(database: Database, device: string): Promise<number | null> {
  const row = await database.selectFrom('senders').select('number').where('device', '=', device).executeTakeFirst();
  return row?.number ?? null;
}
