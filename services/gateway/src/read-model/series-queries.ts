/** Series out of the read model: the newest sample of each, and samples one by one in the order of their times. */

import { sql } from 'kysely';
import type { Database, Tables } from './database.ts';

/** A series and whose it is. */
export type FoundSeries = Tables['series'] & { readonly device: string; readonly label: string | null };
/** A sample with its series. */
export type FoundSample = Tables['samples'] & Pick<FoundSeries, 'device' | 'label' | 'name' | 'unit'>;

type Name = { readonly name?: string | undefined; readonly unit?: string | undefined };

/** The series of a device, in the order of names and units; none of a device whose readings are about people. */
export async function findSeriesOf(
  database: Database,
  device: string,
  { name, unit }: Name,
  limit: number,
): Promise<FoundSeries[]> {
  let query = selectSeries(database).where('senders.device', '=', device).limit(limit);
  if (name !== undefined) query = query.where('series.name', '=', name);
  if (unit !== undefined) query = query.where('series.unit', '=', unit);
  return query.orderBy('series.name').orderBy('series.unit').execute();
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

/** The newest sample of up to `limit` series, by model, device and name: devices of one type stand in a few stretches of an index. */
export async function findLatest(database: Database, wanted: LatestQuery): Promise<LatestSample[]> {
  const models = await modelsOf(database, wanted);
  const found: LatestSample[] = [];
  for (const model of models) {
    if (wanted.after !== null && model < wanted.after.model) continue;
    found.push(...(await findLatestOf(database, model, { ...wanted, limit: wanted.limit - found.length })));
    if (found.length >= wanted.limit) break;
  }
  return found;
}

async function modelsOf(database: Database, { device, type }: LatestQuery): Promise<string[]> {
  if (device !== undefined) {
    const rows = await database.selectFrom('devices').select('model').where('id', '=', device).execute();
    return rows.map(({ model }) => model);
  }
  let query = database.selectFrom('models').select('id').where('personal', '=', 0).orderBy('id');
  if (type !== undefined) query = query.where('device_type', '=', type);
  return (await query.execute()).map(({ id }) => id);
}

async function findLatestOf(database: Database, model: string, wanted: LatestQuery): Promise<LatestSample[]> {
  const { device, name, unit, after, limit } = wanted;
  const from = after !== null && after.model === model ? after : null;
  const filters = [
    sql`devices.model = ${model}`,
    ...(device === undefined ? [] : [sql`devices.id = ${device}`]),
    ...(name === undefined ? [] : [sql`series.name = ${name}`]),
    ...(unit === undefined ? [] : [sql`series.unit = ${unit}`]),
    ...(from === null ? [] : [sql`devices.id >= ${from.device}`]),
    ...(from === null ? [] : [sql`(devices.id, series.name, series.number) > (${from.device}, ${from.name}, ${from.series})`]),
  ];
  // The newest sample of a series is the last row of its stretch.
  const { rows } = await sql<LatestSample>`
    SELECT samples.*, senders.device, devices.label, devices.model, series.name, series.unit
    FROM devices
    JOIN senders ON senders.device = devices.id
    JOIN series ON series.sender = senders.number
    JOIN samples ON samples.series = series.number
      AND (samples.time_ms, samples.shard, samples.entry, samples.position) = (
        SELECT newest.time_ms, newest.shard, newest.entry, newest.position FROM samples AS newest
        WHERE newest.series = series.number
        ORDER BY newest.time_ms DESC, newest.shard DESC, newest.entry DESC, newest.position DESC LIMIT 1)
    WHERE ${sql.join(filters, sql` AND `)}
    ORDER BY devices.id, series.name, series.number
    LIMIT ${limit}`.execute(database);
  return rows;
}

/** How many devices of a type, or of all, are about people: of them nothing is shown. */
export async function countPersonal(database: Database, type: string | undefined): Promise<number> {
  let query = database
    .selectFrom('models')
    .innerJoin('devices', 'devices.model', 'models.id')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('models.personal', '=', 1);
  if (type !== undefined) query = query.where('models.device_type', '=', type);
  return Number((await query.executeTakeFirst())?.count ?? 0);
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

/** Up to `limit` samples of a device after one already shown: series by series, each in the order of its times. */
export async function findSamples(database: Database, wanted: SampleQuery): Promise<FoundSample[]> {
  const { device, after, limit } = wanted;
  const found: FoundSample[] = [];
  let from = after?.series ?? 0;
  for (;;) {
    const series = await findSeriesFrom(database, device, wanted, from);
    for (const one of series) {
      found.push(...(await findSamplesOf(database, one, { ...wanted, limit: limit - found.length })));
      if (found.length >= limit) return found;
      from = one.number + 1;
    }
    if (series.length < SERIES_COUNT_MAX) return found;
  }
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

/** Series that are looked up at once. */
const SERIES_COUNT_MAX = 1_000;

function findSeriesFrom(database: Database, device: string, { name, unit }: Name, from: number): Promise<FoundSeries[]> {
  let query = selectSeries(database)
    .where('senders.device', '=', device)
    .where('series.number', '>=', from)
    .orderBy('series.number')
    .limit(SERIES_COUNT_MAX);
  if (name !== undefined) query = query.where('series.name', '=', name);
  if (unit !== undefined) query = query.where('series.unit', '=', unit);
  return query.execute();
}
