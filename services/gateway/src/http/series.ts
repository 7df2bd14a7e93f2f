/** What devices measured, by series: the newest values, a span in buckets, every value one by one, also as CSV. */

import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { parseHex } from '@oppidum/formats/bytes';
import { formatError } from '@oppidum/formats/errors';
import { deviceKind } from '@oppidum/formats/state-devices';
import { at } from '@oppidum/formats/state-layout';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import type { Principal } from '../access/principal.ts';
import { latestPage, type SampleJson, type SeriesSpanJson, samplePage, seriesSpan } from '../api/readings.ts';
import type { GatewayContext } from '../gateway-context.ts';
import type { Database } from '../read-model/database.ts';
import { type Bucket, downsample } from '../read-model/downsampling.ts';
import { isPersonal, showValue } from '../read-model/reading-rows.ts';
import {
  countPersonal,
  type FoundSample,
  type FoundSeries,
  findLatest,
  findSamples,
  findSeriesOf,
  lastTime,
  type SamplePlace,
  type SampleQuery,
  type SeriesPlace,
} from '../read-model/series-queries.ts';
import type { Walked } from '../read-model/walk.ts';
import type { App } from './app.ts';
import { csvLine } from './csv.ts';
import { makePage, pageQuery, parseCursor } from './paging.ts';
import { acceptedType, answers, hexId, timeParameter } from './parameters.ts';

const POINTS_MAX = 5_000;
const SPAN_DEFAULT_MS = 86_400_000;
/** Rows that are asked for at once while CSV is sent. */
const CSV_ROWS = 1_000;
const CSV_TYPE = 'text/csv';
const JSON_TYPE = 'application/json';

const text = z.string().min(1).max(256);
const named = { name: text.optional(), unit: text.optional() };
const latestQuery = pageQuery.extend({ ...named, device: hexId.optional(), type: text.optional() });
const spanQuery = z.strictObject({
  ...{ device: hexId, name: text, unit: text.optional() },
  /** Times of records, as signed: from (included) to (not included); without them the last day that has values. */
  from: timeParameter.optional(),
  to: timeParameter.optional(),
  points: z.coerce.number().int().min(1).max(POINTS_MAX).default(500),
});
const valuesQuery = pageQuery.extend({
  ...named,
  ...{ device: hexId, from: timeParameter.optional(), to: timeParameter.optional() },
  format: z.enum(['json', 'csv']).optional(),
});

/** GET /api/v1/readings/latest, /api/v1/readings/series, /api/v1/readings/values. */
export function addSeriesRoutes(app: App, context: GatewayContext): void {
  const { database } = context.readModel;
  const schema = { tags: ['readings'] };
  app.get(
    '/api/v1/readings/latest',
    {
      schema: {
        ...schema,
        summary: 'The newest value of each series, of a device, of a type of device, or of all',
        querystring: latestQuery,
        response: answers(latestPage),
      },
    },
    async (request, reply) => {
      const { limit, cursor, device, type, name, unit } = request.query;
      if (device !== undefined) assertShown(context, device);
      const place = parseCursor('latest', cursor, ['string', 'string', 'string', 'number']);
      const after = place === null ? null : { model: place[0], device: place[1], name: place[2], series: place[3] };
      const { rows, end } = await findLatest(database, { limit: limit + 1, after, device, type, name, unit });
      const placeOf = (row: SeriesPlace) => [row.model, row.device, row.name, row.series];
      const list = { ...{ name: 'latest', limit }, positionOf: placeOf, end: end === null ? null : placeOf(end) };
      const personalDevices = device === undefined ? await countPersonal(database, type) : 0;
      const page = makePage({ request, reply }, list, rows, showSample);
      return { ...page, personalDevices, behindReadings: context.readModel.lag().readings };
    },
  );
  app.get(
    '/api/v1/readings/series',
    {
      schema: {
        ...schema,
        summary: 'A span of one series in buckets: lowest, highest, mean, last and count of each, and where nothing was kept',
        querystring: spanQuery,
        response: answers(seriesSpan),
      },
    },
    async (request): Promise<SeriesSpanJson> => {
      const { device, from, to, points } = request.query;
      assertShown(context, device);
      const series = await seriesNamed(database, device, request.query);
      const toMs = to ?? (await lastTime(database, series.number)) + 1;
      const fromMs = from ?? Math.max(0, toMs - SPAN_DEFAULT_MS);
      if (fromMs >= toMs) throw formatError('REQUEST_INVALID', { at: '/querystring/to', want: 'a time after `from`' });
      const { bucketMs, buckets } = await downsample(database, { series: series.number, fromMs, toMs, points });
      const { label, name, unit } = series;
      return {
        ...{ device, label, name, unit, fromMs, toMs, bucketMs },
        count: buckets.reduce((sum, { count }) => sum + count, 0),
        buckets: buckets.map(showBucket),
        gaps: gapsBetween(buckets, bucketMs, fromMs, toMs),
        behindReadings: context.readModel.lag().readings,
      };
    },
  );
  addValuesRoute(app, context);
}

function addValuesRoute(app: App, context: GatewayContext): void {
  const { database } = context.readModel;
  app.get(
    '/api/v1/readings/values',
    {
      schema: {
        tags: ['readings'],
        summary:
          'Every value of a device in a span, series by series in the order of time; as CSV (`accept: text/csv`) all of them at once',
        querystring: valuesQuery,
        response: answers(samplePage),
      },
    },
    async (request, reply) => {
      const { limit, cursor, device, from: fromMs, to: toMs, name, unit, format } = request.query;
      assertShown(context, device);
      if (fromMs !== undefined && toMs !== undefined && fromMs >= toMs)
        throw formatError('REQUEST_INVALID', { at: '/querystring/to', want: 'a time after `from`' });
      const place = parseCursor('values', cursor, ['number', 'number', 'number', 'number', 'number']);
      const after =
        place === null ? null : { series: place[0], timeMs: place[1], shard: place[2], entry: place[3], position: place[4] };
      const wanted = { device, name, unit, fromMs, toMs, after };
      const isCsv = format === undefined ? acceptedType(request, [JSON_TYPE, CSV_TYPE]) === CSV_TYPE : format === 'csv';
      if (isCsv) return sendCsv(reply, csvParts(context, context.access.principalOf(request), wanted), device) as never;
      const { rows, end } = await findSamples(database, { ...wanted, limit: limit + 1 });
      const list = { name: 'values', limit, positionOf, end: end === null ? null : placeOf(end) };
      return makePage({ request, reply }, list, rows, showSample);
    },
  );
}

/** Throws DEVICE_UNKNOWN, PERSONAL_DATA. */
function assertShown({ node }: GatewayContext, device: string): void {
  const id = parseHex(device);
  if (node.read(at(deviceKind, id)) === null) throw formatError('DEVICE_UNKNOWN', { device });
  if (isPersonal(node, id)) throw formatError('PERSONAL_DATA', { device });
}

/** The one series with this name. Throws SERIES_UNKNOWN, REQUEST_INVALID where several units would fit. */
async function seriesNamed(
  database: Database,
  device: string,
  named: { readonly name: string; readonly unit?: string | undefined },
): Promise<FoundSeries> {
  const [first, second] = await findSeriesOf(database, device, named, 2);
  if (first === undefined) throw formatError('SERIES_UNKNOWN', { device, name: named.name });
  if (second === undefined) return first;
  throw formatError('REQUEST_INVALID', { at: '/querystring/unit', want: `one of ${first.unit}, ${second.unit}, …` });
}

function showSample(row: FoundSample): SampleJson {
  const { device, label, name, unit, sum, time_ms: timeMs, shard: shardNumber, entry: index } = row;
  return { device, label, name, unit, ...showValue(row), sum, timeMs, shardNumber, index };
}

function showBucket({
  startMs,
  count,
  numbers,
  minimum,
  maximum,
  total,
  last,
  lastMs,
}: Bucket): SeriesSpanJson['buckets'][number] {
  const mean = total === null ? null : total / numbers;
  return { fromMs: startMs, count, numbers, min: minimum, max: maximum, mean, last, lastMs };
}

/** Where no bucket is, between the first whole one and the last. */
function gapsBetween(buckets: readonly Bucket[], bucketMs: number, fromMs: number, toMs: number): SeriesSpanJson['gaps'] {
  const gaps: { fromMs: number; toMs: number }[] = [];
  let nextMs = fromMs;
  for (const { startMs } of buckets) {
    if (startMs > nextMs) gaps.push({ fromMs: nextMs, toMs: startMs });
    nextMs = startMs + bucketMs;
  }
  if (nextMs < toMs) gaps.push({ fromMs: nextMs, toMs });
  return gaps;
}

function placeOf({ series, timeMs, shard, entry, position }: SamplePlace): [number, number, number, number, number] {
  return [series, timeMs, shard, entry, position];
}

function positionOf(row: FoundSample): [number, number, number, number, number] {
  return placeOf(placeOfSample(row));
}

function placeOfSample({ series, time_ms: timeMs, shard, entry, position }: FoundSample): SamplePlace {
  return { series, timeMs, shard, entry, position };
}

const CSV_COLUMNS = ['device', 'label', 'time', 'name', 'unit', 'value', 'sum', 'data', 'shard', 'entry'];

/** The rows come as fast as they are read, some at a time: whoever reads slowly costs nothing. */
function sendCsv(reply: FastifyReply, parts: AsyncGenerator<Buffer>, device: string): FastifyReply {
  return reply
    .type(`${CSV_TYPE}; charset=utf-8; header=present`)
    .header('content-disposition', `attachment; filename="readings-${device.slice(0, 8)}.csv"`)
    .header('cache-control', 'no-store')
    .send(Readable.from(parts, { objectMode: false, highWaterMark: 65_536 }));
}

/**
 * The header, then some rows at a time. Throws API_KEY_INVALID when the key of this principal is revoked or expires meanwhile: the answer
 * breaks off, so that nobody takes it for whole.
 */
export async function* csvParts(
  { access, readModel }: Pick<GatewayContext, 'access' | 'readModel'>,
  principal: Principal,
  wanted: Omit<SampleQuery, 'limit'>,
): AsyncGenerator<Buffer> {
  yield Buffer.from(csvLine(CSV_COLUMNS));
  let after: SamplePlace | null = wanted.after;
  for (;;) {
    const { rows, end }: Walked<FoundSample, SamplePlace> = await findSamples(readModel.database, {
      ...{ ...wanted, after, limit: CSV_ROWS },
    });
    if (!access.stillMay(principal, 'readings:read')) throw formatError('API_KEY_INVALID', { key: principal.id });
    const last = rows.at(-1);
    if (end === null && last === undefined) return;
    if (last !== undefined) yield Buffer.from(rows.map(csvRow).join(''));
    after = end ?? placeOfSample(last as FoundSample);
    // Whoever reads as fast as this is made would be alone with it.
    await nextTurn();
  }
}

function csvRow(row: FoundSample): string {
  const { device, label, name, unit, sum, shard, entry } = row;
  const { value, data } = showValue(row);
  return csvLine([device, label, new Date(row.time_ms).toISOString(), name, unit, value, sum, data, shard, entry]);
}
