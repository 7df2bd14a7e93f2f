/** Series out of the read model: the newest sample of each, and samples one by one in the order of their times. */

import { setImmediate as nextTurn } from 'node:timers/promises';
import { sql } from 'kysely';
import type { Database, Tables } from './database.ts';
import { inOrder, type Step, type Walked, walk } from './walk.ts';

/** A series and whose it is. */
export type FoundSeries = Tables['series'] & { readonly device: string; readonly label: string | null };
/** A sample with its series. */
export type FoundSample = Tables['samples'] & Pick<FoundSeries, 'device' | 'label' | 'name' | 'unit'>;

type Name = { readonly name?: string | undefined; readonly unit?: string | undefined };

/** The series of a device with one name, in the order of units; none of a device whose readings are about people. */
export async function findSeriesOf(
  database: Database,
  device: string,
  { name, unit }: Name & { readonly name: string },
  limit: number,
): Promise<FoundSeries[]> {
  let query = selectSeries(database).where('senders.device', '=', device).where('series.name', '=', name).limit(limit);
  if (unit !== undefined) query = query.where('series.unit', '=', unit);
  return query.orderBy('series.unit').execute();
}

function selectSeries(database: Database) {
  return database
    .selectFrom('series')
    .innerJoin('senders', 'senders.number', 'series.sender')
    .leftJoin('devices', 'devices.id', 'senders.device')
    .selectAll('series')
    .select(['senders.device', 'devices.label']);
}

/** Where a series stands among those of a type or a device. */
export type SeriesPlace = { readonly model: string; readonly device: string; readonly name: string; readonly series: number };
export type LatestQuery = Name & {
  readonly limit: number;
  readonly after: SeriesPlace | null;
  readonly device?: string | undefined;
  readonly type?: string | undefined;
};
export type LatestSample = FoundSample & { readonly model: string };

/**
 * The newest sample of up to `limit` series, by model, device and name: devices of one type stand in a few stretches of an index. A device
 * without such a series is looked at, too, and a city may have a million of them.
 */
export async function findLatest(database: Database, wanted: LatestQuery): Promise<Walked<LatestSample, SeriesPlace>> {
  const { device, limit, after } = wanted;
  const model = device === undefined ? null : await modelOf(database, device);
  if (device !== undefined && model === null) return { rows: [], end: null };
  const { rows: found, end } = await walk(limit, after, (from, rowCount) =>
    device === undefined || model === null
      ? stepOverModels(database, wanted, from, rowCount)
      : stepOverOne(database, { ...wanted, model, device }, from, rowCount),
  );
  const samples = await findNewest(
    database,
    found.map(({ series }) => series),
  );
  const rows = inOrder(
    found.map(({ series }) => series),
    samples,
    ({ series }) => series,
  );
  const of = new Map(found.map((one) => [one.series, one]));
  return { rows: rows.map((sample) => ({ ...sample, ...(of.get(sample.series) as FoundPlace) })), end };
}

async function modelOf(database: Database, device: string): Promise<string | null> {
  const row = await database.selectFrom('devices').select('model').where('id', '=', device).executeTakeFirst();
  return row?.model ?? null;
}

/** A series that is wanted; `fits` is 0 for one in another unit, and for a device that has none such. */
type LookedAt = SeriesPlace & Pick<FoundSeries, 'label' | 'unit'> & { readonly fits: 0 | 1 };
type FoundPlace = Omit<LookedAt, 'fits'>;
/** What finding the next model counts for. */
const MODEL_ROWS = 32;

async function stepOverOne(
  database: Database,
  wanted: LatestQuery & { readonly model: string; readonly device: string },
  from: SeriesPlace | null,
  rowCount: number,
): Promise<Step<FoundPlace, SeriesPlace>> {
  const place = from ?? { model: wanted.model, device: wanted.device, name: '', series: 0 };
  const looked = await restOfDevice(database, wanted, place, rowCount);
  return { rows: looked.filter(({ fits }) => fits === 1), end: looked.length < rowCount ? null : (looked.at(-1) ?? null) };
}

/** What is left of a device, then of its model, then of the next ones. */
async function stepOverModels(
  database: Database,
  wanted: LatestQuery,
  from: SeriesPlace | null,
  rowCount: number,
): Promise<Step<FoundPlace, SeriesPlace>> {
  const rows: FoundPlace[] = [];
  let place = from;
  for (let left = rowCount; left > 0; left -= MODEL_ROWS) {
    if (place !== null) {
      const looked = await restOfDevice(database, wanted, place, left);
      if (looked.length < left) looked.push(...(await restOfModel(database, wanted, place, left - looked.length)));
      rows.push(...looked.filter(({ fits }) => fits === 1));
      if (looked.length === left) return { rows, end: looked.at(-1) ?? null };
      left -= looked.length;
    }
    const model = await modelAfter(database, wanted.type, place?.model ?? '');
    if (model === null) return { rows, end: null };
    place = { model, device: '', name: '', series: 0 };
  }
  return { rows, end: place };
}

async function modelAfter(database: Database, type: string | undefined, after: string): Promise<string | null> {
  let query = database.selectFrom('models').select('id').where('personal', '=', 0).where('id', '>', after).orderBy('id').limit(1);
  if (type !== undefined) query = query.where('device_type', '=', type);
  return (await query.executeTakeFirst())?.id ?? null;
}

const isWanted = (unit: string | undefined) => (unit === undefined ? sql`1` : sql`series.unit IS ${unit}`);

/** Series of the device of a place after it. */
async function restOfDevice(
  database: Database,
  { name, unit }: Name,
  { model, device, name: afterName, series }: SeriesPlace,
  rowCount: number,
): Promise<LookedAt[]> {
  if (device === '') return [];
  const named = name === undefined ? sql`series.name >= ${afterName}` : sql`series.name = ${name}`;
  const { rows } = await sql<LookedAt>`
    SELECT ${model} AS model, senders.device, devices.label, series.name, series.unit, series.number AS series, ${isWanted(unit)} AS fits
    FROM senders JOIN series ON series.sender = senders.number LEFT JOIN devices ON devices.id = senders.device
    WHERE senders.device = ${device} AND ${named} AND (series.name, series.number) > (${afterName}, ${series})
    ORDER BY series.name, series.number LIMIT ${rowCount}`.execute(database);
  return rows;
}

/** The same of the devices of its model after its device; a row, too, for each that has no such series. */
async function restOfModel(
  database: Database,
  { name, unit }: Name,
  { model, device }: SeriesPlace,
  rowCount: number,
): Promise<LookedAt[]> {
  const named = name === undefined ? sql`` : sql`AND series.name = ${name}`;
  const { rows } = await sql<LookedAt>`
    SELECT ${model} AS model, devices.id AS device, devices.label, coalesce(series.name, '') AS name, series.unit,
      coalesce(series.number, 0) AS series, series.number IS NOT NULL AND ${isWanted(unit)} AS fits
    FROM devices LEFT JOIN senders ON senders.device = devices.id LEFT JOIN series ON series.sender = senders.number ${named}
    WHERE devices.model = ${model} AND devices.id > ${device}
    ORDER BY devices.id, series.name, series.number LIMIT ${rowCount}`.execute(database);
  return rows;
}

/** The newest sample of a series is the last row of its stretch. */
async function findNewest(database: Database, series: readonly number[]): Promise<Tables['samples'][]> {
  if (series.length === 0) return [];
  const { rows } = await sql<Tables['samples']>`
    SELECT samples.* FROM series JOIN samples ON samples.series = series.number
      AND (samples.time_ms, samples.shard, samples.entry, samples.position) = (
        SELECT newest.time_ms, newest.shard, newest.entry, newest.position FROM samples AS newest
        WHERE newest.series = series.number
        ORDER BY newest.time_ms DESC, newest.shard DESC, newest.entry DESC, newest.position DESC LIMIT 1)
    WHERE series.number IN (${sql.join(series)})`.execute(database);
  return rows;
}

/** How many devices of a type, or of all, are about people: of them nothing is shown. */
export async function countPersonal(database: Database, type: string | undefined): Promise<number> {
  let query = database
    .selectFrom('device_counts')
    .select(({ fn }) => fn.sum<number>('count').as('count'))
    .where('personal', '=', 1);
  if (type !== undefined) query = query.where('device_type', '=', type);
  return Number((await query.executeTakeFirst())?.count ?? 0);
}

/** When the newest sample of a series was taken; 0 without any. */
export async function lastTime(database: Database, series: number): Promise<number> {
  const row = await database
    .selectFrom('samples')
    .select('time_ms')
    .where('series', '=', series)
    .orderBy('time_ms', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.time_ms ?? 0;
}

/** Where a sample stands. */
export type SamplePlace = {
  readonly series: number;
  readonly timeMs: number;
  readonly shard: number;
  readonly entry: number;
  readonly position: number;
};
export type SampleQuery = Name & {
  readonly device: string;
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
  readonly after: SamplePlace | null;
  readonly limit: number;
};

/** Each is a question. */
const SERIES_OF_ONE_TURN = 32;

/** Up to `limit` samples of a device after one already shown: series by series, each in the order of its times. */
export async function findSamples(database: Database, wanted: SampleQuery): Promise<Walked<FoundSample, SamplePlace>> {
  const { after, limit } = wanted;
  let left = limit;
  return walk(limit, after, async (from, rowCount) => {
    const rows: FoundSample[] = [];
    const series = await findSeriesFrom(database, wanted, from?.series ?? 0, rowCount);
    let asked = 0;
    for (const { fits, ...one } of series) {
      if (!fits) continue;
      if (++asked % SERIES_OF_ONE_TURN === 0) await nextTurn();
      const found = await findSamplesOf(database, one, { ...wanted, after: from, limit: left });
      rows.push(...found);
      left -= found.length;
      if (left <= 0) break;
    }
    const last = series.length < rowCount ? undefined : series.at(-1);
    return { rows, end: last === undefined ? null : endOf(last.number) };
  });
}

/** After all samples of a series. */
function endOf(series: number): SamplePlace {
  return { series, timeMs: Number.MAX_SAFE_INTEGER, shard: 0, entry: 0, position: 0 };
}

async function findSamplesOf(database: Database, series: FoundSeries, wanted: SampleQuery): Promise<FoundSample[]> {
  const { fromMs, toMs, after, limit } = wanted;
  const { number, device, label, name, unit } = series;
  let query = database.selectFrom('samples').selectAll().where('series', '=', number).limit(limit);
  if (fromMs !== undefined) query = query.where('time_ms', '>=', fromMs);
  if (toMs !== undefined) query = query.where('time_ms', '<', toMs);
  if (after !== null && after.series === number) {
    const { timeMs, shard, entry, position } = after;
    query = query.where(({ eb, refTuple, tuple }) =>
      eb(refTuple('time_ms', 'shard', 'entry', 'position'), '>', tuple(timeMs, shard, entry, position)),
    );
  }
  const rows = await query.orderBy('time_ms').orderBy('shard').orderBy('entry').orderBy('position').execute();
  return rows.map((row) => ({ ...row, device, label, name, unit }));
}

/** The next series of a device; `fits` where it is in the unit that is wanted and has a sample in the span. */
function findSeriesFrom(
  database: Database,
  { device, name, unit, fromMs, toMs }: SampleQuery,
  from: number,
  rowCount: number,
): Promise<(FoundSeries & { readonly fits: 0 | 1 })[]> {
  const [least, end] = [fromMs ?? Number.MIN_SAFE_INTEGER, toMs ?? Number.MAX_SAFE_INTEGER];
  const inSpan = sql`EXISTS (SELECT 1 FROM samples WHERE samples.series = series.number AND time_ms >= ${least} AND time_ms < ${end})`;
  let query = selectSeries(database)
    .where('senders.device', '=', device)
    .where('series.number', '>=', from)
    .orderBy('series.number')
    .limit(rowCount);
  if (name !== undefined) query = query.where('series.name', '=', name);
  return query.select(sql<0 | 1>`${isWanted(unit)} AND ${inSpan}`.as('fits')).execute();
}
