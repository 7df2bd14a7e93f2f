/** Readings over HTTP, for whoever cannot speak MQTT. Answered when durable; a receipt is final, a code is not. */

import { describeError, formatError, type Rejection } from '@oppidum/formats/errors';
import { LIMITS } from '@oppidum/formats/limits';
import {
  encodeReadingAnswers,
  parseReadingBatch,
  type ReadingAnswer,
  readingAnswersSchema,
} from '@oppidum/formats/reading-answers';
import type { IngestAnswer } from '@oppidum/telemetry/client';
import type { FastifyReply } from 'fastify';
import { type ReadingAnswersJson, readingAnswers } from '../api/readings.ts';
import type { GatewayContext } from '../gateway-context.ts';
import type { App } from './app.ts';
import { acceptedType, answers, noQuery, signedBytes } from './parameters.ts';

/** One envelope, or an array of envelopes. */
const ENVELOPE_TYPE = 'application/cose';
const BATCH_TYPE = 'application/cbor';
const BODY_SIZE_MAX = 64 * LIMITS.readingSizeMax;
const MESSAGE_LENGTH_MAX = 1_024;

/** POST /api/v1/readings. */
export function addIngestRoutes(app: App, { intake, metrics }: GatewayContext): void {
  app.register(async (scope: App) => {
    scope.addContentTypeParser(
      [ENVELOPE_TYPE, BATCH_TYPE],
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
          description: `${ENVELOPE_TYPE}: one envelope; ${BATCH_TYPE}: a CBOR array of up to 1,000. One answer each, in their order.`,
          consumes: [ENVELOPE_TYPE, BATCH_TYPE],
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
        for (const { kind } of kept) metrics.countReading('http', kind);
        const list = kept.map(showAnswer);
        if (type === 'application/json') return readingAnswersSchema.toJson([...list]) as ReadingAnswersJson;
        await (reply as FastifyReply).type(type).send(Buffer.from(encodeReadingAnswers(list)));
        return undefined;
      },
    );
  });
}

function readEnvelopes(contentType: string | undefined, body: unknown): readonly Uint8Array[] {
  if (!(body instanceof Uint8Array) || body.length === 0) throw formatError('REQUEST_INVALID', { want: 'a body' });
  const bytes = new Uint8Array(body.buffer, body.byteOffset, body.length);
  return contentType?.toLowerCase().startsWith(BATCH_TYPE) === true ? parseReadingBatch(bytes) : [bytes];
}

function showAnswer(answer: IngestAnswer): ReadingAnswer {
  if (answer.kind !== 'passing') return { receipt: answer.receipt };
  return { code: answer.rejection.code, message: passingMessage(answer.rejection) };
}

/** What a passing refusal tells a device, over either door. */
export function passingMessage({ code, details }: Rejection): string {
  return describeError(code, details).slice(0, MESSAGE_LENGTH_MAX);
}
