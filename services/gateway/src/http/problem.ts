/** How the API says no: problem details (RFC 9457) made from the error catalogue, whatever went wrong and wherever. */

import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { ERRORS } from '@oppidum/formats/error-catalogue';
import { describeError, type ErrorCode, type ErrorDetails, FormatError } from '@oppidum/formats/errors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import type { ProblemJson } from '../api-types.ts';
import type { GatewayContext } from '../gateway-context.ts';
import type { App } from './app.ts';

const TYPE = 'application/problem+json';
/** Codes after which the same request may succeed: seconds to wait. */
const RETRY_AFTER_S: Partial<Record<ErrorCode, number>> = { OVERLOADED: 1, NOT_READY: 2, NOT_ANCHORED: 2 };

type Part = { readonly pointer: string; readonly detail: string };

/** The problem of a code, as JSON. */
export function makeProblem(
  code: ErrorCode,
  details: ErrorDetails,
  request: { readonly url: string; readonly id: string },
): ProblemJson {
  const { message, httpStatus } = ERRORS[code];
  return {
    type: `/docs/errors#${code}`,
    title: message,
    status: httpStatus,
    detail: describeError(code, details),
    instance: request.url.slice(0, 512),
    code,
    traceId: request.id,
  };
}

/** Sends a refusal. */
export function sendProblem(
  request: FastifyRequest,
  reply: FastifyReply,
  refusal: { readonly code: ErrorCode; readonly details: ErrorDetails; readonly errors?: readonly Part[] },
): FastifyReply {
  const { code, details, errors } = refusal;
  const retryAfterS = RETRY_AFTER_S[code];
  if (retryAfterS !== undefined) reply.header('retry-after', retryAfterS);
  const body = { ...makeProblem(code, details, request), ...(errors === undefined ? {} : { errors: [...errors] }) };
  // As bytes: a problem must not fail in a serializer.
  return reply
    .code(body.status)
    .header('cache-control', 'no-store')
    .type(TYPE)
    .send(Buffer.from(JSON.stringify(body)));
}

/** What Fastify refuses by itself, in the catalogue's words. */
const FASTIFY_CODES: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'MEDIA_TYPE_WRONG',
  FST_ERR_CTP_BODY_TOO_LARGE: 'TOO_LARGE',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'REQUEST_INVALID',
  FST_ERR_CTP_EMPTY_TYPE: 'MEDIA_TYPE_WRONG',
  FST_ERR_BAD_URL: 'REQUEST_INVALID',
  FST_ERR_ASYNC_CONSTRAINT: 'REQUEST_INVALID',
};

/** Answers every error and every unknown address with a problem. */
export function addProblems(app: App, { metrics }: Pick<GatewayContext, 'metrics'>): void {
  app.setNotFoundHandler((request, reply) => {
    metrics.countRefusedRequest('ROUTE_UNKNOWN');
    return sendProblem(request, reply, { code: 'ROUTE_UNKNOWN', details: { method: request.method } });
  });
  app.setErrorHandler((error: Error & { readonly code?: string; readonly statusCode?: number }, request, reply) => {
    const refusal = refusalOf(error);
    metrics.countRefusedRequest(refusal.code);
    if (refusal.code === 'INTERNAL_FAULT')
      request.log.error({ error: { message: error.message, stack: error.stack } }, 'a request failed');
    return sendProblem(request, reply, refusal);
  });
}

function refusalOf(error: Error & { readonly code?: string; readonly statusCode?: number }): Parameters<typeof sendProblem>[2] {
  if (error instanceof FormatError) return { code: error.code, details: error.details };
  if (hasZodFastifySchemaValidationErrors(error)) {
    const errors = error.validation.map(({ instancePath, message }) => ({
      pointer: `/${error.validationContext ?? 'request'}${instancePath}`,
      detail: message ?? 'not valid',
    }));
    return { code: 'REQUEST_INVALID', details: { at: errors[0]?.pointer ?? '' }, errors };
  }
  const code = FASTIFY_CODES[error.code ?? ''];
  if (code !== undefined) return { code, details: {} };
  if (error.statusCode === 429) return { code: 'RATE_LIMITED', details: {} };
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500)
    return { code: 'REQUEST_INVALID', details: {} };
  return { code: 'INTERNAL_FAULT', details: {} };
}

/** Answers bytes that are not HTTP, headers that are too large and clients that are too slow; then hangs up. */
export function answerBrokenRequest(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = error.code === 'HPE_HEADER_OVERFLOW' ? 431 : error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400;
  const problem = { ...makeProblem('REQUEST_INVALID', {}, { url: '', id: '' }), status };
  const body = JSON.stringify(problem);
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-type: ${TYPE}\r\ncontent-length: ${Buffer.byteLength(body)}`;
  socket.end(`${head}\r\nconnection: close\r\n\r\n${body}`, () => socket.destroy());
}
