/** Readings over HTTP, for whoever cannot speak MQTT. Answered when durable; a receipt is final, a code is not. */

import { describeError, formatError, type Rejection } from '@oppidum/formats/errors';
import { LIMITS } from '@oppidum/formats/limits';
import {
  encodeReadingAnswers,
  parseReadingBatch,
  parseReadingSequence,
  type ReadingAnswer,
  readingAnswersSchema,
} from '@oppidum/formats/reading-answers';
import type { IngestAnswer } from '@oppidum/telemetry/client';
import type { FastifyReply } from 'fastify';
import { type ReadingAnswersJson, readingAnswers } from '../api/readings.ts';
import type { GatewayContext } from '../gateway-context.ts';
import type { App } from './app.ts';
import { acceptedType, answers, noQuery, signedBytes } from './parameters.ts';

/** One envelope, an array of envelopes, or one after the other (RFC 8742). */
const ENVELOPE_TYPE = 'application/cose';
const BATCH_TYPE = 'application/cbor';
const SEQUENCE_TYPE = 'application/cbor-seq';
const BODY_SIZE_MAX = 64 * LIMITS.readingSizeMax;
const MESSAGE_LENGTH_MAX = 1_024;

/** POST /api/v1/readings. */
export function addIngestRoutes(app: App, { intake, metrics }: GatewayContext): void {
  app.register(async (scope: App) => {
    scope.addContentTypeParser(
      [ENVELOPE_TYPE, BATCH_TYPE, SEQUENCE_TYPE],
      { parseAs: 'buffer', bodyLimit: BODY_SIZE_MAX },
      (_request, body, done) => done(null, body),
    );
    scope.post(
      '/api/v1/readings',
      {
        bodyLimit: BODY_SIZE_MAX,
        schema: {
          tags: ['readings'],
          summary: 'Send signed readings',
          description: `${ENVELOPE_TYPE}: one envelope; ${BATCH_TYPE}: a CBOR array of up to 1,000; ${SEQUENCE_TYPE}: a CBOR sequence of up to 1,000. One answer each, in their order.`,
          consumes: [ENVELOPE_TYPE, BATCH_TYPE, SEQUENCE_TYPE],
          querystring: noQuery,
          body: signedBytes,
          response: answers(readingAnswers),
        },
      },
      async (request, reply): Promise<ReadingAnswersJson | undefined> => {
        const type = acceptedType(request, ['application/cbor', 'application/json']);
        const envelopes = readEnvelopes(request.headers['content-type'], request.body);
        const kept = await intake.ingestAll(envelopes);
        if (kept === null) throw formatError('OVERLOADED', { waiting: 'readings' });
        countAll(metrics, kept);
        const list = kept.map(showAnswer);
        if (type === 'application/json') return readingAnswersSchema.toJson([...list]) as ReadingAnswersJson;
        await (reply as FastifyReply).type(type).send(asBuffer(encodeReadingAnswers(list)));
        return undefined;
      },
    );
  });
}

/** The same bytes: a copy of a hundred receipts is a copy too many. */
function asBuffer({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, length);
}

function readEnvelopes(contentType: string | undefined, body: unknown): readonly Uint8Array[] {
  if (!(body instanceof Uint8Array) || body.length === 0) throw formatError('REQUEST_INVALID', { want: 'a body' });
  const bytes = new Uint8Array(body.buffer, body.byteOffset, body.length);
  const type = contentType?.split(';')[0]?.trim().toLowerCase();
  if (type === SEQUENCE_TYPE) return parseReadingSequence(bytes);
  return type === BATCH_TYPE ? parseReadingBatch(bytes) : [bytes];
}

function countAll(metrics: GatewayContext['metrics'], kept: readonly IngestAnswer[]): void {
  for (const kind of ['kept', 'refused', 'passing'] as const) {
    const count = kept.filter((answer) => answer.kind === kind).length;
    if (count > 0) metrics.countReading('http', kind, count);
  }
}

function showAnswer(answer: IngestAnswer): ReadingAnswer {
  if (answer.kind !== 'passing') return { receipt: answer.receipt };
  return { code: answer.rejection.code, message: passingMessage(answer.rejection) };
}

/** What a passing refusal tells a device, over either door. */
export function passingMessage({ code, details }: Rejection): string {
  return describeError(code, details).slice(0, MESSAGE_LENGTH_MAX);
}
