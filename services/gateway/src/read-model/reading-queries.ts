/** Readings out of the read model, newest signed time first: so a span of time is one stretch of an index, however many there are. */

import { formatError } from '@oppidum/formats/errors';
import { findSenderOf } from './alarm-queries.ts';
import { type Database, HOUR_MS, type Tables } from './database.ts';
import { type Bounds, walk } from './walk.ts';

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
    const sender = await findSenderOf(database, device);
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

/** Sequence numbers of a device key: those of readings in a span, and of the nearest ones on either side. */
export type FoundSequences = { readonly first: number; readonly last: number; readonly lastInside: number };
export type SequenceSpan = {
  readonly device: string;
  readonly keyNumber: number;
  readonly fromMs: number;
  readonly toMs: number;
  /** Readings that the span may have. */
  readonly countMax: number;
};

/**
 * Null where the device key has no reading in the span. Looked for among all readings of the device in the hours in which this key spoke.
 * Throws TOO_LARGE where there are more than `countMax`, or too many others between them.
 */
export async function findSequences(database: Database, span: SequenceSpan): Promise<FoundSequences | null> {
  const sender = await findSenderOf(database, span.device);
  const hours = sender === null ? null : await findHours(database, sender, span.keyNumber);
  if (sender === null || hours === null) return null;
  const [firstMs, endMs] = [hours.first_ms, hours.last_ms + HOUR_MS];
  const ofKey = { sender, keyNumber: span.keyNumber };
  const [fromMs, toMs] = [Math.max(span.fromMs, firstMs), Math.min(span.toMs, endMs)];
  const inside = await walkKey(database, { ...ofKey, fromMs, toMs, limit: span.countMax + 1, order: 'asc', fits: () => true });
  if (inside.length > span.countMax) throw formatError('TOO_LARGE', { readings: inside.length, countMax: span.countMax });
  if (inside.length === 0) return null;
  const [first, last] = [Math.min(...inside), Math.max(...inside)];
  // Numbers begin with 1.
  const before = { fromMs: firstMs, toMs: span.fromMs, limit: first === 1 ? 0 : 1, order: 'desc' } as const;
  const [nearest] = await walkKey(database, { ...ofKey, ...before, fits: (sequence) => sequence < first });
  const after = { fromMs: span.toMs, toMs: endMs, limit: 1, order: 'asc' } as const;
  const [next] = await walkKey(database, { ...ofKey, ...after, fits: (sequence) => sequence > last });
  return { first: nearest ?? first, last: next ?? last, lastInside: last };
}

/** Between which all readings of a key are timed, or null where there are none. */
async function findHours(database: Database, sender: number, keyNumber: number) {
  const query = database.selectFrom('key_hours').select(['first_ms', 'last_ms']).where('sender', '=', sender);
  return (await query.where('key_number', '=', keyNumber).executeTakeFirst()) ?? null;
}

/** Readings of other keys in the hours of one: a device that signs twenty a second changes its key twice in them. */
const OTHERS: Bounds = { rows: 2_048, steps: 64 };

type KeyWalk = {
  readonly sender: number;
  readonly keyNumber: number;
  readonly fromMs: number;
  readonly toMs: number;
  readonly limit: number;
  readonly order: 'asc' | 'desc';
  readonly fits: (sequence: number) => boolean;
};

/** Sequence numbers of a key in the order of signed times. Throws TOO_LARGE where what else the device signed meanwhile is too much. */
async function walkKey(
  database: Database,
  { sender, keyNumber, fromMs, toMs, limit, order, fits }: KeyWalk,
): Promise<readonly number[]> {
  if (fromMs >= toMs || limit === 0) return [];
  const { rows, end } = await walk<number, ReadingPlace>(
    limit,
    null,
    async (from, rowCount) => {
      let query = database
        .selectFrom('readings')
        .select(['time_ms', 'shard', 'entry', 'key_number', 'sequence'])
        .where('sender', '=', sender)
        .where('time_ms', '>=', fromMs)
        .where('time_ms', '<', toMs);
      if (from !== null)
        query = query.where(({ eb, refTuple, tuple }) =>
          eb(refTuple('time_ms', 'shard', 'entry'), order === 'asc' ? '>' : '<', tuple(from.timeMs, from.shard, from.entry)),
        );
      const looked = await query
        .orderBy('time_ms', order)
        .orderBy('shard', order)
        .orderBy('entry', order)
        .limit(rowCount)
        .execute();
      const last = looked.length < rowCount ? undefined : looked.at(-1);
      return {
        rows: looked.flatMap(({ key_number: key, sequence }) => (key === keyNumber && fits(sequence) ? [sequence] : [])),
        end: last === undefined ? null : { timeMs: last.time_ms, shard: last.shard, entry: last.entry },
      };
    },
    OTHERS,
  );
  if (end !== null) throw formatError('TOO_LARGE', { readings: OTHERS.rows * OTHERS.steps });
  return rows;
}
