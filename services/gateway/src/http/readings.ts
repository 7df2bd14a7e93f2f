/** Readings, newest signed time first. Records of readings about people are shown, one by one, to keys with `personal:read` only. */

import { encodeBase64, parseHex, toHex } from '@oppidum/formats/bytes';
import { FormatError, formatError } from '@oppidum/formats/errors';
import { deviceUrnPrefix } from '@oppidum/formats/ids';
import { deviceKeyKind, deviceKind } from '@oppidum/formats/state-devices';
import { at } from '@oppidum/formats/state-layout';
import type { KeptReading, ShardStatus, TelemetryClient } from '@oppidum/telemetry/client';
import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { type ReadingDetailJson, type ReadingJson, type RecordJson, readingDetail, readingPage } from '../api/readings.ts';
import type { GatewayContext } from '../gateway-context.ts';
import { type FoundReading, findReadings } from '../read-model/reading-queries.ts';
import { isPersonal, msOf, openReading, showRecord } from '../read-model/reading-rows.ts';
import { inTurns } from '../turns.ts';
import type { App } from './app.ts';
import { makePage, pageQuery, parseCursor } from './paging.ts';
import { answers, hexId, idParams, noQuery, timeParameter } from './parameters.ts';
import { mayShow } from './personal.ts';

/** Records that a list shows of each reading; a pack may have 10,000. */
const RECORDS_SHOWN_MAX = 16;
const READINGS_OF_ONE_TURN = 4;

const readingQuery = pageQuery.extend({
  device: hexId.optional(),
  /** Times of the newest record, as signed: from (included) to (not included). */
  from: timeParameter.optional(),
  to: timeParameter.optional(),
});

/** GET /api/v1/readings, /api/v1/readings/{id}. */
export function addReadingRoutes(app: App, context: GatewayContext): void {
  const { readModel, shards } = context;
  app.get(
    '/api/v1/readings',
    {
      schema: {
        tags: ['readings'],
        summary: 'Readings, newest first',
        querystring: readingQuery,
        response: answers(readingPage),
      },
    },
    async (request, reply) => {
      const { limit, cursor, device, from, to } = request.query;
      const place = parseCursor('readings', cursor, ['number', 'number', 'number']);
      const before = place === null ? null : { timeMs: place[0], shard: place[1], entry: place[2] };
      const rows = await findReadings(readModel.database, { limit: limit + 1, before, device, fromMs: from, toMs: to });
      const show = async (row: FoundReading) => ({ row, records: await firstRecords(context, row) });
      const shown = await inTurns(rows, show, READINGS_OF_ONE_TURN);
      const statuses = new Map(shards.map((shard) => [shard.status().number, shard.status()]));
      const list = {
        name: 'readings',
        limit,
        positionOf: ({ row }: ShownReading) => [row.time_ms, row.shard, row.entry],
      };
      return makePage({ request, reply }, list, shown, (found) => showFound(found, statuses.get(found.row.shard)));
    },
  );
  app.get(
    '/api/v1/readings/:id',
    {
      schema: {
        tags: ['readings'],
        summary: 'One reading with all its records',
        params: idParams,
        querystring: noQuery,
        response: answers(readingDetail),
      },
    },
    async (request): Promise<ReadingDetailJson> => showKept(context, request),
  );
}

type ShownReading = { readonly row: FoundReading; readonly records: readonly RecordJson[] };

/** From the shard, which has the envelope; none while it is away. */
async function firstRecords({ crypto, shards }: GatewayContext, row: FoundReading): Promise<RecordJson[]> {
  const shard = shards.find((candidate) => candidate.status().number === row.shard);
  if (row.personal === 1 || shard === undefined) return [];
  try {
    const [kept] = await shard.readings(row.entry, 1);
    if (kept?.index !== row.entry || kept.envelope === null) return [];
    const { reading, records } = openReading(crypto, kept.envelope);
    const urnPrefixSize = deviceUrnPrefix(reading.device).length;
    return records.slice(0, RECORDS_SHOWN_MAX).map((record) => showRecord(record, urnPrefixSize));
  } catch (error) {
    if (error instanceof FormatError && error.code === 'NOT_READY') return [];
    throw error;
  }
}

function showFound({ row, records }: ShownReading, status: ShardStatus | undefined): ReadingJson {
  if (status === undefined) throw new Error(`the read model knows shard ${row.shard}, the gateway does not`);
  return {
    id: toHex(row.id),
    device: row.device,
    label: row.label,
    shard: toHex(status.id),
    index: row.entry,
    sequence: row.sequence,
    keyNumber: row.key_number,
    receivedMs: row.received_ms,
    timeMs: row.time_ms,
    clockErrorMs: row.clock_error_ms,
    grade: row.grade,
    anchored: isAnchored(status, row.entry),
    personal: row.personal === 1,
    records: [...records],
    recordCount: row.record_count,
  };
}

function isAnchored(status: ShardStatus, index: number): boolean {
  return index < (status.anchored?.size ?? 0);
}

/** The shard that keeps this entry, and the entry. Throws NOT_READY where no shard has it and not all could be asked. */
export async function findKept(
  shards: readonly TelemetryClient[],
  digest: Uint8Array,
): Promise<{ readonly shard: TelemetryClient; readonly kept: KeptReading } | null> {
  let away: FormatError | null = null;
  for (const shard of shards) {
    try {
      const kept = await shard.reading(digest);
      if (kept !== null) return { shard, kept };
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      away = error;
    }
  }
  if (away !== null) throw away;
  return null;
}

/** From the shard itself: the read model may be behind, and has not the envelope. */
async function showKept(context: GatewayContext, request: FastifyRequest): Promise<ReadingDetailJson> {
  const { crypto, node, shards } = context;
  const { id } = request.params as z.infer<typeof idParams>;
  const found = await findKept(shards, parseHex(id));
  const envelope = found?.kept.envelope ?? null;
  if (found === null || envelope === null) throw formatError('READING_UNKNOWN', found === null ? { id } : { id, erased: true });
  const { kept, shard } = found;
  const { reading, records } = openReading(crypto, envelope);
  const status = shard.status();
  const isShown = await mayShow(context, request, reading.device);
  const urnPrefixSize = deviceUrnPrefix(reading.device).length;
  return {
    id,
    device: toHex(reading.device),
    label: node.read(at(deviceKind, reading.device))?.label ?? null,
    shard: toHex(status.id),
    index: kept.index,
    sequence: reading.sequence,
    keyNumber: reading.keyNumber,
    receivedMs: kept.receivedMs,
    timeMs: msOf(records.at(-1)?.timeS ?? 0),
    clockErrorMs: reading.clockErrorMs,
    grade: node.read(at(deviceKeyKind, reading.device, reading.keyNumber))?.grade ?? null,
    anchored: isAnchored(status, kept.index),
    personal: isPersonal(node, reading.device),
    records: !isShown ? [] : records.map((record) => showRecord(record, urnPrefixSize)),
    recordCount: records.length,
    envelope: isShown ? encodeBase64(envelope) : null,
  };
}
