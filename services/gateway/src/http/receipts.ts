/** Receipts once more, as the shard signed them: for a device that lost its own, for somebody who counts what was acknowledged. */

import { encodeBase64, parseHex, toHex } from '@oppidum/formats/bytes';
import { formatError } from '@oppidum/formats/errors';
import { parseReceipt } from '@oppidum/formats/receipt';
import { deviceKind } from '@oppidum/formats/state-devices';
import { at } from '@oppidum/formats/state-layout';
import type { TelemetryClient } from '@oppidum/telemetry/client';
import { RECEIPT_COUNT_MAX } from '@oppidum/telemetry/shard-wire';
import { z } from 'zod';
import { type ReceiptJson, receiptPage } from '../api/readings.ts';
import type { GatewayContext } from '../gateway-context.ts';
import type { App } from './app.ts';
import { makePage, pageQuery, parseCursor } from './paging.ts';
import { acceptedType, answers, binaryAnswers, hexId, idParams, noQuery } from './parameters.ts';
import { findKept } from './readings.ts';

const RECEIPT_TYPE = 'application/vnd.oppidum.receipt+cbor';
const KEY_NUMBER_MAX = 0xffffffff;

const receiptQuery = pageQuery.extend({
  device: hexId,
  key: z.coerce.number().int().min(0).max(KEY_NUMBER_MAX).default(0),
  /** The first sequence number. */
  from: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(0),
});

/** GET /api/v1/receipts, /api/v1/receipts/{id}. */
export function addReceiptRoutes(app: App, context: GatewayContext): void {
  const { node, shards } = context;
  app.get(
    '/api/v1/receipts',
    {
      schema: {
        tags: ['readings'],
        summary: 'Receipts of a device key by sequence number: of what was kept, and of what was refused for good',
        querystring: receiptQuery,
        response: answers(receiptPage),
      },
    },
    async (request, reply) => {
      const { device, key, from, limit, cursor } = request.query;
      const id = parseHex(device);
      if (node.read(at(deviceKind, id)) === null) throw formatError('DEVICE_UNKNOWN', { device });
      const place = parseCursor('receipts', cursor, ['number']);
      const sequence = place === null ? from : place[0] + 1;
      // Whoever makes cursors up.
      if (!Number.isSafeInteger(sequence) || sequence < 0) throw formatError('CURSOR_INVALID', { list: 'receipts' });
      const wanted = { device: id, keyNumber: key, sequence, limit: Math.min(limit + 1, RECEIPT_COUNT_MAX) };
      const found = (await Promise.all(shards.map((shard) => shard.receipts(wanted)))).flat().map(showReceipt);
      const rows = found.sort((a, b) => a.sequence - b.sequence).slice(0, limit + 1);
      const list = {
        name: 'receipts',
        limit: Math.min(limit, RECEIPT_COUNT_MAX - 1),
        positionOf: (row: ReceiptJson) => [row.sequence],
      };
      return makePage({ request, reply }, list, rows, (row) => row);
    },
  );
  app.get(
    '/api/v1/receipts/:id',
    {
      schema: {
        tags: ['readings'],
        summary: 'The receipt of a reading, by its id',
        params: idParams,
        querystring: noQuery,
        response: binaryAnswers('The receipt as the shard signed it', RECEIPT_TYPE),
      },
    },
    async (request, reply) => {
      const type = acceptedType(request, [RECEIPT_TYPE]);
      const receipt = await receiptOf(shards, request.params.id);
      return reply.type(type).header('cache-control', 'no-store').send(Buffer.from(receipt));
    },
  );
}

/** Throws READING_UNKNOWN, NOT_READY. */
async function receiptOf(shards: readonly TelemetryClient[], id: string): Promise<Uint8Array> {
  const digest = parseHex(id);
  const receipt = (await (await findKept(shards, digest))?.shard.receipt(digest)) ?? null;
  if (receipt === null) throw formatError('READING_UNKNOWN', { id });
  return receipt;
}

function showReceipt(receipt: Uint8Array): ReceiptJson {
  const { sequence, digest, index = null, refusal = null } = parseReceipt(receipt).leaf;
  return { sequence, id: toHex(digest), index, refusal, receipt: encodeBase64(receipt) };
}
