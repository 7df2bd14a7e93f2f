/**
 * `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header-07): who is not sure that a request arrived sends it again with the same key
 * and gets the first answer. The same key on another request is IDEMPOTENCY_KEY_REUSED; while the first is under way, IDEMPOTENCY_KEY_BUSY.
 *
 * Readings and transactions are known again by what they are, so only the check is made for them. A secret that an answer shows once is
 * not kept with it: routes say with `keepable` what may be.
 */

import { createHash } from 'node:crypto';
import { reject } from '@oppidum/formats/errors';
import type { FastifyRequest } from 'fastify';
import type { Request } from '../access/answer-store.ts';
import type { GatewayContext } from '../gateway-context.ts';
import type { App } from './app.ts';
import { accountOf } from './guard.ts';
import { sendProblem } from './problem.ts';
import { type RouteRule, ruleOf } from './route-rules.ts';

/** Visible ASCII, as it stands or as a string of RFC 8941 §3.3.3. */
const KEY_FORM = /^("[ !#-[\]-~]{1,128}"|[!#-[\]-~]{1,128})$/;

type Counts = Pick<GatewayContext['metrics'], 'countRefusedRequest'>;

/** Adds the check to every POST. */
export function addIdempotency(
  app: App,
  { access, answers: store, metrics }: Pick<GatewayContext, 'access' | 'answers'> & { readonly metrics: Counts },
): void {
  const begun = new WeakMap<FastifyRequest, Request>();
  app.addHook('preHandler', async (request, reply) => {
    const key = request.headers['idempotency-key'];
    if (key === undefined || request.method !== 'POST' || request.is404) return undefined;
    if (typeof key !== 'string' || !KEY_FORM.test(key))
      return sendProblem(request, reply, reject('REQUEST_INVALID', { header: 'idempotency-key' }));
    const asked: Request = {
      principal: accountOf(access.principalOf(request)),
      key: key.replaceAll('"', ''),
      digest: digestOf(request),
      repeats: hasNoFurtherEffect(ruleOf(request.method, request.routeOptions.url ?? '')),
    };
    const found = store.begin(asked);
    if (found.kind === 'new') {
      begun.set(request, asked);
      return undefined;
    }
    if (found.kind === 'answered')
      return reply.code(found.status).type(found.type).header('idempotency-replayed', 'true').send(Buffer.from(found.body));
    const code = found.kind === 'busy' ? 'IDEMPOTENCY_KEY_BUSY' : 'IDEMPOTENCY_KEY_REUSED';
    metrics.countRefusedRequest(code);
    return sendProblem(request, reply, reject(code, {}));
  });
  app.addHook('onSend', async (request, reply, payload) => {
    const asked = begun.get(request);
    if (asked === undefined) return payload;
    begun.delete(request);
    const type = String(reply.getHeader('content-type') ?? '');
    const body = typeof payload === 'string' || Buffer.isBuffer(payload) ? keepable(type, payload) : null;
    store.end(asked, body === null || reply.statusCode >= 500 ? null : { status: reply.statusCode, type, body });
    return payload;
  });
  // Who hangs up before the answer may send it again.
  app.addHook('onRequestAbort', async (request) => {
    const asked = begun.get(request);
    begun.delete(request);
    if (asked !== undefined) store.end(asked, null);
  });
}

/** Signed things are known again. Evidence is made anew, as a dry run is: an answer about a person must not outlive an erasure, nor be unrecorded. */
function hasNoFurtherEffect({ isSigned, budget }: RouteRule): boolean {
  return isSigned || budget === 'evidence';
}

/** The answer as it may lie on a disk: without a secret. */
function keepable(type: string, payload: string | Buffer): Buffer {
  const body = Buffer.from(payload);
  if (!type.startsWith('application/json')) return body;
  const value = JSON.parse(body.toString()) as Record<string, unknown>;
  return typeof value['secret'] === 'string' ? Buffer.from(JSON.stringify({ ...value, secret: null })) : body;
}

/** What makes two requests the same: where, and which bytes. */
function digestOf({ method, url, headers, body }: FastifyRequest): Uint8Array {
  const bytes = body instanceof Uint8Array ? body : JSON.stringify(body ?? null);
  return new Uint8Array(
    createHash('sha256')
      .update(`${method} ${url} ${headers['content-type'] ?? ''}\n`)
      .update(bytes)
      .digest(),
  );
}
