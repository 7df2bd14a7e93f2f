/** Evidence: of a reading or a transaction by its id, and of records of the state. Whoever gets it needs to believe nobody here. */

import { parseHex } from '@oppidum/formats/bytes';
import { formatError } from '@oppidum/formats/errors';
import {
  type Evidence,
  encodeEvidence,
  encodeEvidenceJson,
  type StateClaim,
  type StateEvidence,
} from '@oppidum/formats/evidence';
import { LIMITS } from '@oppidum/formats/limits';
import type { Segment } from '@oppidum/formats/state-layout';
import { kindNamed } from '@oppidum/formats/state-registry';
import { stateEvidence, transactionEvidence } from '@oppidum/node/evidence';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { GatewayContext } from '../gateway-context.ts';
import { openReading } from '../read-model/reading-rows.ts';
import type { App } from './app.ts';
import { acceptedType, binaryAnswers, idParams, noQuery, signedBytes } from './parameters.ts';
import { mayShow } from './personal.ts';
import { findKept } from './readings.ts';

const CBOR = 'application/cbor';
const JSON_TYPE = 'application/json';
const ENVELOPE_TYPE = 'application/cose';
const NUMBER_FORM = /^(0|[1-9][0-9]{0,15})$/;

const number = z.string().regex(NUMBER_FORM, 'a whole number').transform(Number).refine(Number.isSafeInteger, 'at most 2^53 − 1');
const stateQuery = z.strictObject({
  kind: z.string().min(1).max(32),
  /** Leading segments of the key, separated by commas: ids as hex, numbers in decimal. */
  segments: z.string().max(512).default(''),
  from: number.optional(),
  to: number.optional(),
});

/** GET /api/v1/evidence/{id}, /api/v1/evidence/state; POST /api/v1/evidence/{id} with the envelope of a reading that is past its retention. */
export function addEvidenceRoutes(app: App, context: GatewayContext): void {
  app.get(
    '/api/v1/evidence/state',
    {
      schema: {
        tags: ['evidence'],
        summary: 'Evidence of records of the state: these and no others stand under the segments',
        querystring: stateQuery,
        response: binaryAnswers('Evidence', CBOR, JSON_TYPE),
      },
    },
    async (request, reply) => {
      const { kind, segments, from, to } = request.query;
      const claim: StateClaim = {
        kind,
        segments: parseSegments(kind, segments),
        ...(from === undefined ? {} : { from }),
        ...(to === undefined ? {} : { to }),
      };
      return sendEvidence(request, reply, await stateEvidenceNow(context, claim));
    },
  );
  app.get(
    '/api/v1/evidence/:id',
    {
      schema: {
        tags: ['evidence'],
        summary: 'Evidence of a reading or a transaction',
        params: idParams,
        querystring: noQuery,
        response: binaryAnswers('Evidence', CBOR, JSON_TYPE),
      },
    },
    async (request, reply) => sendEvidence(request, reply, await evidenceOf(context, request, request.params.id)),
  );
  addHeldEvidence(app, context);
}

/** Whoever kept an envelope longer than the city proves it by giving it back for a moment; nothing of it is kept. */
function addHeldEvidence(app: App, context: GatewayContext): void {
  app.register(async (scope: App) => {
    const bodyLimit = LIMITS.readingSizeMax;
    scope.addContentTypeParser(ENVELOPE_TYPE, { parseAs: 'buffer', bodyLimit }, (_request, body, done) => done(null, body));
    scope.post(
      '/api/v1/evidence/:id',
      {
        bodyLimit,
        schema: {
          tags: ['evidence'],
          summary: 'Evidence of a reading whose envelope the city no longer has',
          description: `${ENVELOPE_TYPE}: the envelope, from whoever kept it.`,
          consumes: [ENVELOPE_TYPE],
          params: idParams,
          querystring: noQuery,
          body: signedBytes,
          response: binaryAnswers('Evidence', CBOR, JSON_TYPE),
        },
      },
      async (request, reply) => {
        const { id } = request.params;
        const found = await findKept(context.shards, parseHex(id));
        if (found === null) throw formatError('FACT_UNKNOWN', { id });
        // While the city has it, what holds for everybody's evidence holds here.
        const isHere = found.kept.envelope !== null;
        const evidence = isHere
          ? await evidenceOf(context, request, id)
          : await found.shard.evidence(parseHex(id), new Uint8Array(request.body as Buffer));
        return sendEvidence(request, reply, evidence);
      },
    );
  });
}

/**
 * Under a checkpoint over everything that is durable now. While cosigners are away the one published last proves what it covers, and
 * evidence says as of which block. Throws what a claim's terms throw, CHECKPOINT_LATE before the first one.
 */
async function stateEvidenceNow({ node, crypto, evidenceWaitMs }: GatewayContext, claim: StateClaim): Promise<StateEvidence> {
  const newest = await within(evidenceWaitMs, node.checkpointOf(node.head().logSize));
  const checkpoint = newest ?? node.checkpoint();
  if (checkpoint === null) throw formatError('CHECKPOINT_LATE', { kind: claim.kind });
  return stateEvidence(node, crypto, claim, checkpoint);
}

/** Throws FACT_UNKNOWN, PERSONAL_DATA, CHECKPOINT_LATE, and what its shard throws. */
async function evidenceOf(context: GatewayContext, request: FastifyRequest, id: string): Promise<Evidence> {
  const evidence = await within(context.evidenceWaitMs, findEvidence(context, request, id));
  if (evidence === null) throw formatError('CHECKPOINT_LATE', { id });
  return evidence;
}

/** What was promised, or null when it does not come in time. */
async function within<T>(waitMs: number, promised: Promise<T>): Promise<T | null> {
  const { promise, resolve } = Promise.withResolvers<null>();
  const timer = setTimeout(resolve, waitMs, null);
  try {
    return await Promise.race([promised, promise]);
  } finally {
    clearTimeout(timer);
  }
}

async function findEvidence(context: GatewayContext, request: FastifyRequest, id: string): Promise<Evidence> {
  const { crypto, node, shards } = context;
  const digest = parseHex(id);
  if (node.transaction(digest) !== null) return transactionEvidence(node, crypto, digest);
  const found = await findKept(shards, digest);
  if (found === null) throw formatError('FACT_UNKNOWN', { id });
  const { envelope } = found.kept;
  // Evidence carries the envelope. What was erased has none, and its evidence says only that it is gone.
  if (envelope !== null && !(await mayShow(context, request, openReading(crypto, envelope).reading.device)))
    throw formatError('PERSONAL_DATA', { id });
  return found.shard.evidence(digest);
}

/** Throws TEXT_INVALID, NUMBER_RANGE, LENGTH_WRONG. */
function parseSegments(kindName: string, segments: string): Segment[] {
  const kind = kindNamed(kindName);
  if (segments === '') return [];
  return segments.split(',').map((segment, i) => {
    if (kind.segments[i] === undefined) throw formatError('LENGTH_WRONG', { kind: kindName, segments: i + 1 });
    if (kind.segments[i] === 'id') return parseHex(segment, 32);
    if (!NUMBER_FORM.test(segment)) throw formatError('TEXT_INVALID', { at: `/segments/${i}`, want: 'a whole number' });
    if (!Number.isSafeInteger(Number(segment))) throw formatError('NUMBER_RANGE', { at: `/segments/${i}` });
    return Number(segment);
  });
}

function sendEvidence(request: FastifyRequest, reply: FastifyReply, evidence: Evidence): FastifyReply {
  const type = acceptedType(request, [CBOR, JSON_TYPE]);
  const data = type === CBOR ? Buffer.from(encodeEvidence(evidence)) : Buffer.from(encodeEvidenceJson(evidence));
  return reply.type(type).header('cache-control', 'no-store').send(data);
}
