/** GET /api/v1/evidence/readings: evidence of every reading of a device key in a span, so that its reader sees whether one is missing. */

import { parseHex, toHex } from '@oppidum/formats/bytes';
import { COMPLETE_RANGE_VERSION, encodeCompleteRange, RANGE_COUNT_MAX } from '@oppidum/formats/complete-range';
import { FormatError, formatError } from '@oppidum/formats/errors';
import { encodeEvidence } from '@oppidum/formats/evidence';
import { parseReceipt } from '@oppidum/formats/receipt';
import { deviceKind } from '@oppidum/formats/state-devices';
import { at } from '@oppidum/formats/state-layout';
import type { TelemetryClient } from '@oppidum/telemetry/client';
import { z } from 'zod';
import type { GatewayContext } from '../gateway-context.ts';
import { findSequences } from '../read-model/reading-queries.ts';
import { isPersonal } from '../read-model/reading-rows.ts';
import { Turns } from '../turns.ts';
import type { App } from './app.ts';
import { acceptedType, binaryAnswers, hexId, timeParameter } from './parameters.ts';

const RANGE_TYPE = 'application/vnd.oppidum.readings+cbor';
const KEY_NUMBER_MAX = 0xffffffff;

const rangeQuery = z.strictObject({
  device: hexId,
  key: z.coerce.number().int().min(0).max(KEY_NUMBER_MAX).default(0),
  /** Times of the newest record of a reading, as signed: from (included) to (not included). */
  from: timeParameter,
  to: timeParameter,
});

/** Made in one turn of the event loop, of all ranges that are asked for together: about three milliseconds. */
const EVIDENCE_OF_ONE_TURN = 8;

/** Adds the route. */
export function addCompleteRoutes(app: App, context: GatewayContext): void {
  const turns = new Turns();
  app.get(
    '/api/v1/evidence/readings',
    {
      schema: {
        tags: ['evidence'],
        summary:
          'Evidence of every reading of a device key in a span, and of one on either side: a reading left out shows as a gap',
        querystring: rangeQuery,
        response: binaryAnswers('A complete range (specs/complete-ranges.md)', RANGE_TYPE),
      },
    },
    async (request, reply) => {
      const type = acceptedType(request, [RANGE_TYPE]);
      const { device, key: keyNumber, from: fromMs, to: toMs } = request.query;
      if (fromMs >= toMs) throw formatError('REQUEST_INVALID', { at: '/querystring/to', want: 'a time after `from`' });
      const id = parseHex(device);
      if (context.node.read(at(deviceKind, id)) === null) throw formatError('DEVICE_UNKNOWN', { device });
      if (isPersonal(context.node, id)) throw formatError('PERSONAL_DATA', { device });
      const evidence = await evidenceOf(context, turns, { device: id, keyNumber, fromMs, toMs });
      const range = { version: COMPLETE_RANGE_VERSION, fact: 'readings' as const, device: id, keyNumber, fromMs, toMs, evidence };
      return reply
        .type(type)
        .header('cache-control', 'no-store')
        .send(Buffer.from(encodeCompleteRange(range)));
    },
  );
}

type Span = { readonly device: Uint8Array; readonly keyNumber: number; readonly fromMs: number; readonly toMs: number };

/** By the shard's own decisions, not by the read model, which only says where the span begins and ends. Throws TOO_LARGE, NOT_ANCHORED. */
async function evidenceOf({ readModel, shards }: GatewayContext, turns: Turns, span: Span): Promise<Uint8Array[]> {
  const { device, keyNumber } = span;
  const found = await findSequences(readModel.database, { ...span, device: toHex(device), countMax: RANGE_COUNT_MAX });
  if (found === null) return [];
  const count = found.last - found.first + 1;
  if (count > RANGE_COUNT_MAX) throw formatError('TOO_LARGE', { readings: count, countMax: RANGE_COUNT_MAX });
  const wanted = { device, keyNumber, sequence: found.first, limit: count };
  const decided = await Promise.all(
    shards.map(async (shard) => (await shard.receipts(wanted)).map((receipt) => ({ shard, leaf: parseReceipt(receipt).leaf }))),
  );
  const kept = decided
    .flat()
    .filter(({ leaf }) => leaf.index !== undefined && leaf.sequence <= found.last)
    .sort((a, b) => a.leaf.sequence - b.leaf.sequence);
  const evidence: Uint8Array[] = [];
  for (const [i, { shard, leaf }] of kept.entries()) {
    if (i % EVIDENCE_OF_ONE_TURN === 0) await turns.next();
    const one = await evidenceOfOne(shard, leaf.digest, leaf.sequence > found.lastInside);
    if (one !== null) evidence.push(one);
  }
  return evidence;
}

/** Null for the neighbour behind the span while nothing covers it yet, and for what is past its retention: it shows as a gap. */
async function evidenceOfOne(shard: TelemetryClient, digest: Uint8Array, isNeighbour: boolean): Promise<Uint8Array | null> {
  try {
    return encodeEvidence(await shard.evidence(digest));
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    if (error.code === 'ENVELOPE_RETIRED' || (isNeighbour && error.code === 'NOT_ANCHORED')) return null;
    throw error;
  }
}
