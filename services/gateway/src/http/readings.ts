/** Readings, newest signed time first. Records of readings about people are not shown to anybody who asks. */

import { encodeBase64, parseHex, toHex } from '@oppidum/formats/bytes';
import { formatError } from '@oppidum/formats/errors';
import { deviceUrnPrefix } from '@oppidum/formats/ids';
import { deviceKeyKind, deviceKind } from '@oppidum/formats/state-devices';
import { at } from '@oppidum/formats/state-layout';
import type { KeptReading, ShardStatus, TelemetryClient } from '@oppidum/telemetry/client';
import { type ReadingDetailJson, type ReadingJson, readingDetail, readingPage } from '../api/readings.ts';
import type { GatewayContext } from '../gateway-context.ts';
import { type FoundReading, findReadings, showRecord } from '../read-model/reading-queries.ts';
import { isPersonal, msOf, openReading, recordRow } from '../read-model/reading-rows.ts';
import type { App } from './app.ts';
import { makePage, pageQuery, parseCursor } from './paging.ts';
import { answers, hexId, idParams, noQuery, timeParameter } from './parameters.ts';

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
      const statuses = new Map(shards.map((shard) => [shard.status().number, shard.status()]));
      const list = {
        name: 'readings',
        limit,
        positionOf: ({ row }: FoundReading) => [row.time_ms, row.shard, row.entry],
      };
      return makePage({ request, reply }, list, rows, (found) => showFound(found, statuses.get(found.row.shard)));
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
    async (request): Promise<ReadingDetailJson> => showKept(context, request.params.id),
  );
}

function showFound({ row, records }: FoundReading, status: ShardStatus | undefined): ReadingJson {
  if (status === undefined) throw new Error(`the read model knows shard ${row.shard}, the gateway does not`);
  return {
    id: row.id,
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

/** The shard that keeps this entry, and the entry. */
export function findKept(
  shards: readonly TelemetryClient[],
  digest: Uint8Array,
): { readonly shard: TelemetryClient; readonly kept: KeptReading } | null {
  for (const shard of shards) {
    const kept = shard.reading(digest);
    if (kept !== null) return { shard, kept };
  }
  return null;
}

/** From the shard itself: the read model may be behind, and has not the envelope. */
function showKept({ crypto, node, shards }: GatewayContext, id: string): ReadingDetailJson {
  const found = findKept(shards, parseHex(id));
  const envelope = found?.kept.envelope ?? null;
  if (found === null || envelope === null) throw formatError('READING_UNKNOWN', found === null ? { id } : { id, erased: true });
  const { kept, shard } = found;
  const { reading, records } = openReading(crypto, envelope);
  const status = shard.status();
  const personal = isPersonal(node, reading.device);
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
    personal,
    records: personal ? [] : records.map((record) => showRecord(recordRow(record, urnPrefixSize))),
    recordCount: records.length,
    envelope: personal ? null : encodeBase64(envelope),
  };
}
