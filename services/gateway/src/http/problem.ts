/** How the API says no: problem details (RFC 9457) made from the error catalogue, whatever went wrong and wherever. */

import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { ERRORS } from '@oppidum/formats/error-catalogue';
import { describeError, type ErrorCode, type ErrorDetails, FormatError } from '@oppidum/formats/errors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { withoutKeys } from '../access/key-text.ts';
import type { ProblemJson } from '../api-types.ts';
import type { GatewayContext } from '../gateway-context.ts';
import type { App } from './app.ts';

const TYPE = 'application/problem+json';
/** Codes after which the same request may succeed: seconds to wait. */
const RETRY_AFTER_S: Partial<Record<ErrorCode, number>> = {
  OVERLOADED: 1,
  NOT_READY: 2,
  NOT_ANCHORED: 2,
  CHECKPOINT_LATE: 10,
  IDEMPOTENCY_KEY_BUSY: 1,
  RATE_LIMITED: 60,
};

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
    instance: withoutKeys(request.url).slice(0, 512),
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
  if (retryAfterS !== undefined && !reply.hasHeader('retry-after')) reply.header('retry-after', retryAfterS);
  const challenge = challengeOf(code, details);
  if (challenge !== null) reply.header('www-authenticate', challenge);
  // RFC 9110 §15.5.16
  if (code === 'ENCODING_UNSUPPORTED') reply.header('accept-encoding', 'identity');
  const body = { ...makeProblem(code, details, request), ...(errors === undefined ? {} : { errors: [...errors] }) };
  // As bytes: a problem must not fail in a serializer.
  return reply
    .code(body.status)
    .header('cache-control', 'no-store')
    .type(TYPE)
    .send(Buffer.from(JSON.stringify(body)));
}

/** RFC 6750 §3: what a client has to show, and what was wrong with what it showed. */
function challengeOf(code: ErrorCode, details: ErrorDetails): string | null {
  const scheme = 'Bearer realm="oppidum"';
  if (code === 'API_KEY_RIGHT') return `${scheme}, error="insufficient_scope", scope="${details['right']}"`;
  if (code === 'API_KEY_MISSING') return scheme;
  return ERRORS[code].httpStatus === 401 ? `${scheme}, error="invalid_token"` : null;
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

/** Answers every error, every unknown address and every wrong method with a problem. Before any route. */
export function addProblems(app: App, { metrics }: Pick<GatewayContext, 'metrics'>): void {
  const patterns = new Map<string, RegExp>();
  app.addHook('onRoute', ({ method, url }) => {
    for (const name of [method].flat()) patterns.set(`${name} ${url}`, patternOf(url));
  });
  app.setNotFoundHandler((request, reply) => {
    const { method, url } = request;
    const path = url.split('?', 1)[0] as string;
    const methods = [...patterns].flatMap(([name, pattern]) => (pattern.test(path) ? [name.split(' ', 1)[0] as string] : []));
    const code = methods.length > 0 ? 'METHOD_WRONG' : 'ROUTE_UNKNOWN';
    if (methods.length > 0) reply.header('allow', [...new Set(methods)].sort().join(', '));
    metrics.countRefusedRequest(code);
    return sendProblem(request, reply, { code, details: { method } });
  });
  app.setErrorHandler((error: Error & { readonly code?: string; readonly statusCode?: number }, request, reply) => {
    const refusal = refusalOf(error);
    metrics.countRefusedRequest(refusal.code);
    if (refusal.code === 'INTERNAL_FAULT')
      request.log.error({ error: { message: error.message, stack: error.stack } }, 'a request failed');
    return sendProblem(request, reply, refusal);
  });
}

/** The addresses of a route: `:name` is one segment, `*` whatever follows. */
function patternOf(url: string): RegExp {
  const parts = url.split('/').map((part) => (part.startsWith(':') ? '[^/]+' : part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')));
  return new RegExp(`^${parts.join('/').replace(/\\\*$/, '.*')}$`);
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

/** What Node finds before there is a request. */
const BROKEN: Readonly<Record<string, ErrorCode>> = {
  HPE_HEADER_OVERFLOW: 'HEAD_TOO_LARGE',
  ERR_HTTP_REQUEST_TIMEOUT: 'REQUEST_TOO_SLOW',
};

/** Answers bytes that are not HTTP, headers that are too large and clients that are too slow; then hangs up. */
export function answerBrokenRequest(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const problem = makeProblem(BROKEN[error.code ?? ''] ?? 'REQUEST_INVALID', {}, { url: '', id: '' });
  const { status } = problem;
  const body = JSON.stringify(problem);
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-type: ${TYPE}\r\ncontent-length: ${Buffer.byteLength(body)}`;
  socket.end(`${head}\r\nconnection: close\r\n\r\n${body}`, () => socket.destroy());
}
