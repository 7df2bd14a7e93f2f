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
async function findSender(database: Database, device: string): Promise<number | null> {
  const row = await database.selectFrom('senders').select('number').where('device', '=', device).executeTakeFirst();
  return row?.number ?? null;
}

/** Sequence numbers of a device key: those of readings in a span, and of the nearest ones on either side. */
export type FoundSequences = { readonly first: number; readonly last: number; readonly lastInside: number };

/** Null where the device key has no reading in the span. */
export async function findSequences(
  database: Database,
  span: { readonly device: string; readonly keyNumber: number; readonly fromMs: number; readonly toMs: number },
): Promise<FoundSequences | null> {
  const sender = await findSender(database, span.device);
  if (sender === null) return null;
  const ofKey = () => database.selectFrom('readings').where('sender', '=', sender).where('key_number', '=', span.keyNumber);
  const inside = await ofKey()
    .select(({ fn }) => [fn.min<number | null>('sequence').as('first'), fn.max<number | null>('sequence').as('last')])
    .where('time_ms', '>=', span.fromMs)
    .where('time_ms', '<', span.toMs)
    .executeTakeFirst();
  const [first, last] = [inside?.first ?? null, inside?.last ?? null];
  if (first === null || last === null) return null;
  const before = await ofKey()
    .select('sequence')
    .where('time_ms', '<', span.fromMs)
    .where('sequence', '<', first)
    .orderBy('time_ms', 'desc')
    .limit(1)
    .executeTakeFirst();
  const after = await ofKey()
    .select('sequence')
    .where('time_ms', '>=', span.toMs)
    .where('sequence', '>', last)
    .orderBy('time_ms')
    .limit(1)
    .executeTakeFirst();
  return { first: before?.sequence ?? first, last: after?.sequence ?? last, lastInside: last };
}
