/**
 * Accounts of a zone's cabinets over a span of signed readings (specs/lighting.md §8, §9): what was saved, which lamps are dead, what is
 * taken that no lamp explains. Computed here and not proven: whoever doubts it computes it again from the readings, which are.
 */

import { accountCabinet, type CabinetInterval } from '@oppidum/contracts/domains/lighting/cabinet-account';
import { cabinetSavings, type SavingsInterval } from '@oppidum/contracts/domains/lighting/cabinet-savings';
import { toHex } from '@oppidum/formats/bytes';
import type { LightingCabinets } from '@oppidum/formats/lighting-cabinets';
import { FULL_LEVEL } from '@oppidum/formats/lighting-level';
import type { CabinetAccountJson } from '../api/cabinets.ts';
import { type Database, ROLLUP_MS } from '../read-model/database.ts';
import { type Bucket, downsample } from '../read-model/downsampling.ts';
import { findSeriesOf } from '../read-model/series-queries.ts';

const MW_PER_W = 1_000;
const MWH_PER_KWH = 1e6;
const SECOND_MS = 1_000;
const WATTS = 'W';

/** A span in so many intervals, of which all series have the same: too short for rollups, or exactly as long as one. */
export type AccountSpan = { readonly fromMs: number; readonly toMs: number; readonly intervals: number };

/** Longer spans are counted from rollups: what lamps said in a day is too much to be counted one by one. */
const SHORT_MS_MAX = 4 * 3_600_000;
const SHORT_INTERVALS = 120;

/** The intervals of a span, none of them cut: of a piece the mean would count for the whole. A long one begins and ends with rollups. */
export function intervalsOf(fromMs: number, toMs: number): AccountSpan {
  if (toMs - fromMs <= SHORT_MS_MAX) {
    const intervalMs = Math.max(1, Math.ceil((toMs - fromMs) / SHORT_INTERVALS));
    const start = Math.floor(fromMs / intervalMs);
    const stop = Math.max(start + 1, Math.floor(toMs / intervalMs));
    return { fromMs: start * intervalMs, toMs: stop * intervalMs, intervals: stop - start };
  }
  const first = Math.floor(fromMs / ROLLUP_MS);
  const end = Math.ceil(toMs / ROLLUP_MS);
  return { fromMs: first * ROLLUP_MS, toMs: end * ROLLUP_MS, intervals: end - first };
}

type Cabinet = LightingCabinets['cabinets'][number];
type Buckets = ReadonlyMap<number, Bucket>;
/** One interval in which meter and all lamps spoke. */
type Heard = CabinetInterval & SavingsInterval & { readonly startMs: number; readonly isSteady: boolean };

/** The accounts of all cabinets, in the order of the document. */
export async function accountZone(
  database: Database,
  document: LightingCabinets,
  span: AccountSpan,
): Promise<CabinetAccountJson[]> {
  const accounts: CabinetAccountJson[] = [];
  for (const cabinet of document.cabinets) accounts.push(await accountOne(database, document, cabinet, span));
  return accounts;
}

async function accountOne(
  database: Database,
  { curves, level }: LightingCabinets,
  cabinet: Cabinet,
  span: AccountSpan,
): Promise<CabinetAccountJson> {
  const { fromMs, toMs } = span;
  const meter = await bucketsOf(database, toHex(cabinet.meter.device), cabinet.meter.name, { ...span, unit: WATTS });
  const lamps: Buckets[] = [];
  for (const { device } of cabinet.lamps) lamps.push((await bucketsOf(database, toHex(device), level, span)).buckets);
  const heard = [...meter.buckets.values()].flatMap((bucket) => intervalOf(bucket, lamps, meter.bucketMs) ?? []);
  const { standingMw, wavering, steadyPermille } = cabinet;
  const known = { lamps: cabinet.lamps.map(({ curve }) => curves[curve] ?? []), standingMw, wavering, steadyPermille };
  const savings = cabinetSavings(known, heard, meter.bucketMs / SECOND_MS);
  const facts = { name: cabinet.name, meter: toHex(cabinet.meter.device), lampCount: lamps.length, fromMs, toMs };
  const counted = {
    intervalMs: meter.bucketMs,
    intervalCount: heard.length,
    measuredKwh: savings.measuredMwh / MWH_PER_KWH,
    undimmedKwh: savings.undimmedMwh / MWH_PER_KWH,
    savedPercent: heard.some(({ lit }) => lit.some((each) => each > 0)) ? savings.savedPermille / 10 : null,
  };
  const steady = heard.filter(({ isSteady }) => isSteady);
  return { ...facts, ...counted, account: steady.length === 0 ? null : judge(known, steady, cabinet, meter.bucketMs) };
}

function judge(
  known: Parameters<typeof accountCabinet>[0],
  steady: readonly Heard[],
  { lamps }: Cabinet,
  intervalMs: number,
): CabinetAccountJson['account'] {
  const { findings, residualMw, uncertaintyMw, unexplained, hidden } = accountCabinet(known, steady);
  const startOf = (at: number): number => steady[at]?.startMs ?? (steady.at(-1)?.startMs ?? 0) + intervalMs;
  return {
    steadyCount: steady.length,
    residualW: residualMw / MW_PER_W,
    uncertaintyW: uncertaintyMw / MW_PER_W,
    unexplained,
    dead: findings.flatMap((finding) =>
      finding.kind === 'dead'
        ? [
            {
              count: finding.count,
              lamps: finding.lamps.flatMap((i) => (lamps[i] === undefined ? [] : [toHex(lamps[i].device)])),
            },
          ]
        : [],
    ),
    stolen: findings.flatMap((finding) =>
      finding.kind === 'stolen'
        ? [
            {
              powerW: finding.powerMw / MW_PER_W,
              uncertaintyW: finding.uncertaintyMw / MW_PER_W,
              fromMs: startOf(finding.from),
              toMs: startOf(finding.to),
            },
          ]
        : [],
    ),
    hidden: { deadLamps: hidden.deadLamps, stolenW: hidden.stolenMw / MW_PER_W },
  };
}

/** Null where a lamp or the meter was silent. Steady: no lamp changed its level in it, nor just before or after. */
function intervalOf({ startMs, numbers, total }: Bucket, lamps: readonly Buckets[], intervalMs: number): Heard | null {
  if (total === null || numbers === 0) return null;
  const [levels, lit]: [number[], number[]] = [[], []];
  let isSteady = true;
  for (const buckets of lamps) {
    const bucket = buckets.get(startMs);
    const level = levelOf(bucket?.last ?? null);
    if (bucket === undefined || level === null) return null;
    levels.push(level);
    lit.push(Math.round((FULL_LEVEL * bucket.positives) / bucket.numbers));
    isSteady &&= [startMs - intervalMs, startMs, startMs + intervalMs].every((at) => staysAt(buckets.get(at), level));
  }
  return { startMs, meterMw: Math.max(0, Math.round((MW_PER_W * total) / numbers)), levels, lit, isSteady };
}

function staysAt(bucket: Bucket | undefined, level: number): boolean {
  return bucket === undefined || (levelOf(bucket.minimum) === level && levelOf(bucket.maximum) === level);
}

/** Ratio to ‰; null where it is none. */
function levelOf(ratio: number | null): number | null {
  return ratio === null || ratio < 0 || ratio > 1 ? null : Math.round(FULL_LEVEL * ratio);
}

/** Buckets of one series by their starts; none where there is no such series. */
async function bucketsOf(
  database: Database,
  device: string,
  name: string,
  { fromMs, toMs, intervals, unit }: AccountSpan & { readonly unit?: string },
): Promise<{ readonly bucketMs: number; readonly buckets: Buckets }> {
  const [series] = await findSeriesOf(database, device, { name, unit }, 1);
  if (series === undefined) return { bucketMs: 0, buckets: new Map() };
  const { bucketMs, buckets } = await downsample(database, { series: series.number, fromMs, toMs, points: intervals });
  return { bucketMs, buckets: new Map(buckets.map((bucket) => [bucket.startMs, bucket])) };
}
