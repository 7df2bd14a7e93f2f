/**
 * A span of a series in at most so many buckets, each with its lowest, highest, mean and last value, so that no spike is lost. Long spans
 * are put together from rollups; what of the first and last quarter of an hour lies in the span is counted from samples: exact either way.
 */

import { sql } from 'kysely';
import { type Database, ROLLUP_MS } from './database.ts';

export type SpanQuery = { readonly series: number; readonly fromMs: number; readonly toMs: number; readonly points: number };

/** Samples from `startMs` on, for `bucketMs`; all but `count` is about those `numbers` of them that are numbers or flags, `positives` above zero. */
export type Bucket = {
  readonly startMs: number;
  readonly count: number;
  readonly numbers: number;
  readonly positives: number;
  readonly minimum: number | null;
  readonly maximum: number | null;
  readonly total: number | null;
  readonly lastMs: number | null;
  readonly last: number | null;
};

/** Buckets with a sample in them, in the order of time. They begin at whole multiples of `bucketMs` since 1970. */
export type Downsampled = {
  readonly bucketMs: number;
  readonly from: 'samples' | 'rollups';
  readonly buckets: readonly Bucket[];
};

/** Samples that are counted one by one: so many where buckets are long enough for rollups, and so many to have shorter ones at all. */
const SAMPLE_COUNT_MAX = 10_000;
const SAMPLE_COUNT_MAX_OF_SHORT = 200_000;

/** Makes the buckets; `fromMs` < `toMs`, `points` > 0. */
export async function downsample(database: Database, { series, fromMs, toMs, points }: SpanQuery): Promise<Downsampled> {
  const neededMs = Math.max(1, Math.ceil((toMs - fromMs) / points));
  const countMax = neededMs < ROLLUP_MS ? SAMPLE_COUNT_MAX_OF_SHORT : SAMPLE_COUNT_MAX;
  const isShort = !(await hasMore(database, { series, fromMs, toMs }, countMax));
  const width = isShort ? neededMs : Math.ceil(neededMs / ROLLUP_MS) * ROLLUP_MS;
  // Buckets begin at multiples of their width, so a span may touch one more than fits: a little wider ones do not.
  const bucketMs = bucketCount(fromMs, toMs, width) <= points ? width : widerBy(width, isShort, points, { fromMs, toMs });
  if (isShort) {
    const buckets = await fromSamples(database, { series, fromMs, toMs }, bucketMs);
    return { bucketMs, from: 'samples', buckets };
  }
  const firstMs = Math.ceil(fromMs / ROLLUP_MS) * ROLLUP_MS;
  const endMs = Math.floor(toMs / ROLLUP_MS) * ROLLUP_MS;
  const parts = [
    await fromSamples(database, { series, fromMs, toMs: firstMs }, bucketMs),
    await fromRollups(database, { series, fromMs: firstMs, toMs: endMs }, bucketMs),
    await fromSamples(database, { series, fromMs: endMs, toMs }, bucketMs),
  ];
  return { bucketMs, from: 'rollups', buckets: join(parts.flat()) };
}

type Span = Omit<SpanQuery, 'points'>;

function bucketCount(fromMs: number, toMs: number, bucketMs: number): number {
  return Math.floor((toMs - 1) / bucketMs) - Math.floor(fromMs / bucketMs) + 1;
}

function widerBy(width: number, isShort: boolean, points: number, span: Omit<Span, 'series'>): number {
  const step = isShort ? 1 : ROLLUP_MS;
  // With one bucket more than the span needs, some alignment always fits; a single point has no alignment and takes all.
  let wider = points === 1 ? span.toMs : Math.ceil((span.toMs - span.fromMs) / (points - 1) / step) * step;
  if (points === 1) return Math.ceil(wider / step) * step;
  while (bucketCount(span.fromMs, span.toMs, wider) > points) wider += step;
  return Math.max(width, wider);
}

/** True when the span has more than `count` samples: rollups know roughly, the span's edges do not matter. */
async function hasMore(database: Database, { series, fromMs, toMs }: Span, count: number): Promise<boolean> {
  const row = await database
    .selectFrom('rollups')
    .select(({ fn }) => fn.sum<number>('count').as('total'))
    .where('series', '=', series)
    .where('start_ms', '>=', fromMs - (fromMs % ROLLUP_MS))
    .where('start_ms', '<', toMs)
    .executeTakeFirst();
  return Number(row?.total ?? 0) > count;
}

// Of rows with the greatest time the last in the order of the log counts, as in the rollups: SQLite takes `last` from the row that has
// the maximum of an aggregate alone in its kind; portable SQL asks again for it.
async function fromSamples(database: Database, { series, fromMs, toMs }: Span, bucketMs: number): Promise<Bucket[]> {
  if (fromMs >= toMs) return [];
  const { rows } = await sql<Bucket>`
    WITH inside AS (
      SELECT time_ms - time_ms % ${bucketMs} AS start_ms, time_ms, shard, entry, position, number FROM samples
      WHERE series = ${series} AND time_ms >= ${fromMs} AND time_ms < ${toMs}),
    stretches AS (
      SELECT start_ms, count(*) AS count, count(number) AS numbers, count(CASE WHEN number > 0 THEN 1 END) AS positives, min(number) AS minimum, max(number) AS maximum,
        sum(number) AS total, max(CASE WHEN number IS NOT NULL THEN time_ms END) AS last_ms
      FROM inside GROUP BY start_ms)
    SELECT start_ms AS "startMs", count, numbers, positives, minimum, maximum, total, last_ms AS "lastMs",
      (SELECT number FROM samples WHERE series = ${series} AND time_ms = last_ms AND number IS NOT NULL
        ORDER BY shard DESC, entry DESC, position DESC LIMIT 1) AS last
    FROM stretches ORDER BY start_ms`.execute(database);
  return rows;
}

async function fromRollups(database: Database, { series, fromMs, toMs }: Span, bucketMs: number): Promise<Bucket[]> {
  if (fromMs >= toMs) return [];
  const { rows } = await sql<Bucket>`
    WITH stretches AS (
      SELECT start_ms - start_ms % ${bucketMs} AS bucket, sum(count) AS count, sum(numbers) AS numbers, sum(positives) AS positives,
        min(minimum) AS minimum, max(maximum) AS maximum, sum(total) AS total, max(last_ms) AS newest_ms
      FROM rollups WHERE series = ${series} AND start_ms >= ${fromMs} AND start_ms < ${toMs} GROUP BY 1)
    SELECT bucket AS "startMs", count, numbers, positives, minimum, maximum, total, newest_ms AS "lastMs",
      (SELECT last FROM rollups WHERE series = ${series} AND start_ms = newest_ms - newest_ms % ${ROLLUP_MS}) AS last
    FROM stretches ORDER BY bucket`.execute(database);
  return rows;
}

/** Parts of one bucket made one; `parts` in the order of time. */
function join(parts: readonly Bucket[]): Bucket[] {
  const buckets: Bucket[] = [];
  for (const part of parts) {
    const known = buckets.at(-1);
    if (known === undefined || known.startMs !== part.startMs) buckets.push(part);
    else buckets[buckets.length - 1] = joinTwo(known, part);
  }
  return buckets;
}

function joinTwo(a: Bucket, b: Bucket): Bucket {
  if (a.numbers === 0 || b.numbers === 0) return { ...(b.numbers === 0 ? a : b), count: a.count + b.count };
  const [least, most] = [Math.min(a.minimum ?? 0, b.minimum ?? 0), Math.max(a.maximum ?? 0, b.maximum ?? 0)];
  return {
    ...{ startMs: a.startMs, count: a.count + b.count, numbers: a.numbers + b.numbers, positives: a.positives + b.positives },
    ...{ minimum: least, maximum: most, total: (a.total ?? 0) + (b.total ?? 0), lastMs: b.lastMs, last: b.last },
  };
}
