/** What the lamps of a zone said, in intervals that all of them share. */

import { setImmediate as pause } from 'node:timers/promises';
import type { Database } from '../read-model/database.ts';
import { ROLLUP_MS } from '../read-model/database.ts';
import { type Bucket, downsample } from '../read-model/downsampling.ts';
import { findSeriesOf } from '../read-model/series-queries.ts';
import type { LampMean, LampMeans, Span } from './lamp-account.ts';

/** A lamp with what it said. */
export type HeardLamp = { readonly device: string; readonly label: string | null; readonly means: LampMeans };

type LampSeries = Omit<HeardLamp, 'means'> & { readonly level: number; readonly power: number };

const [LEVEL, POWER] = ['dimming', 'power'];
const INTERVAL_COUNT = 96;
const MINUTE_MS = 60_000;

/** Of those that said how bright they are and what they take; null where none did. */
export async function hearLamps(
  database: Database,
  devices: readonly string[],
): Promise<{ readonly lamps: readonly HeardLamp[]; readonly span: Span } | null> {
  const known: LampSeries[] = [];
  for (const device of devices) {
    const series = await lampSeries(database, device);
    if (series !== null) known.push(series);
  }
  const span = await spanOf(database, known);
  if (span === null) return null;
  const lamps: HeardLamp[] = [];
  for (const { device, label, level, power } of known) {
    lamps.push({ device, label, means: await meansOf(database, { level, power }, span) });
    // Counting samples keeps the process; others have their turn between two lamps.
    await pause();
  }
  return { lamps, span };
}

async function lampSeries(database: Database, device: string): Promise<LampSeries | null> {
  const [level] = await findSeriesOf(database, device, { name: LEVEL, unit: '/' }, 1);
  const [power] = await findSeriesOf(database, device, { name: POWER, unit: 'W' }, 1);
  if (level === undefined || power === undefined) return null;
  return { device, label: level.label, level: level.number, power: power.number };
}

/** From the first word to the last, in steps of minutes, of a day and more of quarters of an hour. */
async function spanOf(database: Database, lamps: readonly LampSeries[]): Promise<Span | null> {
  let [fromMs, lastMs] = [Number.POSITIVE_INFINITY, 0];
  for (const { level } of lamps) {
    fromMs = Math.min(fromMs, (await edgeOf(database, level, 'asc')) ?? fromMs);
    lastMs = Math.max(lastMs, (await edgeOf(database, level, 'desc')) ?? lastMs);
  }
  if (fromMs >= lastMs) return null;
  const neededMs = (lastMs - fromMs) / INTERVAL_COUNT;
  const unitMs = neededMs > ROLLUP_MS ? ROLLUP_MS : MINUTE_MS;
  return { fromMs, toMs: lastMs, stepMs: Math.max(1, Math.ceil(neededMs / unitMs)) * unitMs };
}

async function edgeOf(database: Database, series: number, order: 'asc' | 'desc'): Promise<number | null> {
  const edge = database.selectFrom('samples').select('time_ms').where('series', '=', series);
  return (await edge.orderBy('time_ms', order).limit(1).executeTakeFirst())?.time_ms ?? null;
}

/** Of each interval in which it said both. */
async function meansOf(database: Database, lamp: Pick<LampSeries, 'level' | 'power'>, span: Span): Promise<LampMeans> {
  const powers = await bucketsOf(database, lamp.power, span);
  const means = new Map<number, LampMean>();
  for (const [startMs, bucket] of await bucketsOf(database, lamp.level, span)) {
    const [level, powerW] = [meanOf(bucket), meanOf(powers.get(startMs))];
    if (level !== null && powerW !== null)
      means.set(startMs, { level, least: bucket.minimum ?? 0, most: bucket.maximum ?? 0, powerW });
  }
  return means;
}

/** None of a series with so many samples that its intervals would be others. */
async function bucketsOf(database: Database, series: number, span: Span): Promise<ReadonlyMap<number, Bucket>> {
  const fromMs = Math.floor(span.fromMs / span.stepMs) * span.stepMs;
  const toMs = (Math.floor(span.toMs / span.stepMs) + 1) * span.stepMs;
  const points = (toMs - fromMs) / span.stepMs;
  const { bucketMs, buckets } = await downsample(database, { series, fromMs, toMs, points });
  return new Map(bucketMs === span.stepMs ? buckets.map((bucket) => [bucket.startMs, bucket]) : []);
}

function meanOf(bucket: Bucket | undefined): number | null {
  return bucket === undefined || bucket.total === null ? null : bucket.total / bucket.numbers;
}
