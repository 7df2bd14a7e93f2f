/** What the lamps of a zone said, in intervals that all of them share. */

import { sql } from 'kysely';
import { type Database, ROLLUP_MS } from '../read-model/database.ts';
import { type Bucket, downsample } from '../read-model/downsampling.ts';
import type { LampMean, LampMeans, Span } from './lamp-account.ts';

/** A lamp that says how bright it is and what it takes: the numbers of these series, and when it said so first and last. */
export type LampSeries = { readonly level: number; readonly power: number; readonly firstMs: number; readonly lastMs: number };
/** A lamp whose newest word is that it is told to burn and does not. */
export type FailedLamp = { readonly device: string; readonly label: string | null; readonly sinceMs: number };
/** How the readings of a span are counted: one by one, or by quarters of an hour. */
export type LampSpan = Span & { readonly from: 'samples' | 'rollups' };

const [LEVEL, POWER, FAILURE] = ['dimming', 'power', 'failure'];
const INTERVAL_COUNT = 96;
const MINUTE_MS = 60_000;
/** Of so many lamps and so long a time readings are counted one by one. */
const LAMP_COUNT_FINE = 256;
const SPAN_FINE_MS = 4 * 3_600_000;
/** Quarters of an hour of all series that one account looks at: of few lamps that is years, of ten thousand two days. */
const ROLLUP_COUNT_MAX = 4_000_000;

type SeriesRow = {
  readonly device: string;
  readonly label: string | null;
  readonly name: string;
  readonly number: number;
  readonly first_ms: number;
  readonly last_ms: number;
  /** The value of the newest sample. */
  readonly newest: number | null;
};

/** Those of a zone, in the order of their ids. */
export async function findLamps(
  database: Database,
  zone: string,
): Promise<{ readonly lamps: readonly LampSeries[]; readonly failed: readonly FailedLamp[] }> {
  const { rows } = await sql<SeriesRow>`
    SELECT zone_devices.device, devices.label, series.name, series.number,
      (SELECT time_ms FROM samples WHERE series = series.number ORDER BY time_ms LIMIT 1) AS first_ms,
      newest.time_ms AS last_ms, newest.number AS newest
    FROM zone_devices
    LEFT JOIN devices ON devices.id = zone_devices.device
    JOIN senders ON senders.device = zone_devices.device
    JOIN series ON series.sender = senders.number AND (series.name = ${FAILURE}
      OR (series.name = ${LEVEL} AND series.unit = '/') OR (series.name = ${POWER} AND series.unit = 'W'))
    JOIN samples AS newest ON newest.series = series.number AND (newest.time_ms, newest.shard, newest.entry, newest.position) = (
      SELECT time_ms, shard, entry, position FROM samples WHERE series = series.number
      ORDER BY time_ms DESC, shard DESC, entry DESC, position DESC LIMIT 1)
    WHERE zone_devices.zone = ${zone}
    ORDER BY zone_devices.device, series.number DESC`.execute(database);
  const ofDevice = new Map<string, Map<string, SeriesRow>>();
  for (const row of rows) {
    const known = ofDevice.get(row.device) ?? new Map<string, SeriesRow>();
    ofDevice.set(row.device, known.set(row.name, row));
  }
  const said = [...ofDevice.values()];
  return {
    lamps: said.flatMap((names) => {
      const [level, power] = [names.get(LEVEL), names.get(POWER)];
      if (level === undefined || power === undefined) return [];
      return [{ level: level.number, power: power.number, firstMs: level.first_ms, lastMs: level.last_ms }];
    }),
    failed: said.flatMap((names) => {
      const row = names.get(FAILURE);
      return row?.newest === 1 ? [{ device: row.device, label: row.label, sinceMs: row.last_ms }] : [];
    }),
  };
}

/** From the first word to the last, or as much of the end of it as can be counted; null where no lamp spoke twice. */
export function spanOf(lamps: readonly LampSeries[], rollupCountMax = ROLLUP_COUNT_MAX): LampSpan | null {
  const firstMs = lamps.reduce((least, lamp) => Math.min(least, lamp.firstMs), Number.POSITIVE_INFINITY);
  const toMs = lamps.reduce((most, lamp) => Math.max(most, lamp.lastMs), 0);
  if (firstMs >= toMs) return null;
  const isFine = toMs - firstMs <= SPAN_FINE_MS && lamps.length <= LAMP_COUNT_FINE;
  const quarters = Math.max(INTERVAL_COUNT, Math.floor(rollupCountMax / (2 * lamps.length)));
  const endMs = (Math.floor(toMs / ROLLUP_MS) + 1) * ROLLUP_MS;
  const fromMs = isFine ? firstMs : Math.max(firstMs, endMs - quarters * ROLLUP_MS);
  const unitMs = isFine ? MINUTE_MS : ROLLUP_MS;
  const stepMs = Math.max(1, Math.ceil((toMs - fromMs) / INTERVAL_COUNT / unitMs)) * unitMs;
  return { fromMs, toMs, stepMs, from: isFine ? 'samples' : 'rollups' };
}

/** Of each interval in which the lamp said both. */
export function meansOf(database: Database, lamp: LampSeries, span: LampSpan): Promise<LampMeans> {
  return span.from === 'rollups' ? fromRollups(database, lamp, span) : fromSamples(database, lamp, span);
}

async function fromSamples(database: Database, { level, power }: LampSeries, span: LampSpan): Promise<LampMeans> {
  const powers = await bucketsOf(database, power, span);
  const means = new Map<number, LampMean>();
  for (const [startMs, bucket] of await bucketsOf(database, level, span)) {
    const [mean, powerW] = [meanOf(bucket), meanOf(powers.get(startMs))];
    if (mean !== null && powerW !== null) means.set(startMs, { level: mean, lit: bucket.positives / bucket.numbers, powerW });
  }
  return means;
}

/** None of a series with so many samples that its intervals would be others. */
async function bucketsOf(database: Database, series: number, span: LampSpan): Promise<ReadonlyMap<number, Bucket>> {
  const fromMs = Math.floor(span.fromMs / span.stepMs) * span.stepMs;
  const toMs = (Math.floor(span.toMs / span.stepMs) + 1) * span.stepMs;
  const points = (toMs - fromMs) / span.stepMs;
  const { bucketMs, buckets } = await downsample(database, { series, fromMs, toMs, points });
  return new Map(bucketMs === span.stepMs ? buckets.map((bucket) => [bucket.startMs, bucket]) : []);
}

function meanOf(bucket: Bucket | undefined): number | null {
  return bucket === undefined || bucket.total === null ? null : bucket.total / bucket.numbers;
}

/** Of quarters of an hour in which it said both, in one question: there may be ten thousand lamps. */
async function fromRollups(database: Database, { level, power }: LampSeries, span: LampSpan): Promise<LampMeans> {
  const { rows } = await sql<LampMean & { readonly startMs: number }>`
    SELECT levels.start_ms - levels.start_ms % ${span.stepMs} AS "startMs", sum(levels.total) / sum(levels.numbers) AS level,
      1.0 * sum(levels.positives) / sum(levels.numbers) AS lit, sum(powers.total) / sum(powers.numbers) AS "powerW"
    FROM rollups AS levels JOIN rollups AS powers ON powers.series = ${power} AND powers.start_ms = levels.start_ms
    WHERE levels.series = ${level} AND levels.start_ms > ${span.fromMs - ROLLUP_MS} AND levels.start_ms <= ${span.toMs}
      AND levels.numbers > 0 AND powers.numbers > 0
    GROUP BY 1`.execute(database);
  return new Map(rows.map((row) => [row.startMs, row]));
}
