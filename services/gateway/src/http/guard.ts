/**
 * What every request passes before anything looks at it, in this order: a host name of ours, no key in the address, a key that is one,
 * a budget with something left, the right that its route asks for, a body that is not compressed. Once the body is here, that the key has
 * not ended meanwhile: who sends it byte by byte does not outlive a revocation. Then, where a key is limited to devices, that the request
 * is about one of them.
 */

import rateLimit, { normalizeIP } from '@fastify/rate-limit';
import { parseHex, toHex } from '@oppidum/formats/bytes';
import { type Rejection, reject } from '@oppidum/formats/errors';
import { deviceKind, modelKind } from '@oppidum/formats/state-devices';
import { at } from '@oppidum/formats/state-layout';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { holdsKey } from '../access/key-text.ts';
import { isInScope, type Principal } from '../access/principal.ts';
import type { GatewayContext } from '../gateway-context.ts';
import { openReading } from '../read-model/reading-rows.ts';
import type { App } from './app.ts';
import { checkRequest } from './hosts.ts';
import { sendProblem } from './problem.ts';
import { findKept } from './readings.ts';
import { type Budget, type RouteRule, ruleOf } from './route-rules.ts';

/** Requests a minute of one principal: the holder of a key, or an address. */
export type Budgets = Readonly<Record<Budget, number>>;

type Limiter = ReturnType<App['createRateLimit']>;

/** Keys that are none: so many a minute from one address get an answer that says why. Right keys are never held up by wrong ones. */
const FAILURES_PER_MINUTE = 20;
const WINDOW_MS = 60_000;
/** Principals that are counted; those that were quiet longest are forgotten. */
const PRINCIPAL_COUNT_MAX = 5_000;
/** Who has one IPv6 address has all of its network (RFC 6177). */
const IPV6_PREFIX_SIZE = 64;
/** Names under which other services take keys in addresses. */
const KEY_PARAMETERS = /[?&](access_token|api[_-]?key)=/i;
const EVERYTHING_ELSE: RouteRule = { right: null, isSigned: false, budget: 'reads', device: 'any' };

/** Adds these checks to every route that comes after. */
export async function addGuard(app: App, context: GatewayContext, own: ReadonlySet<string>, budgets: Budgets): Promise<void> {
  await app.register(rateLimit, { global: false, cache: PRINCIPAL_COUNT_MAX });
  const { access, metrics } = context;
  const rules = new Map<string, RouteRule>();
  app.addHook('onRoute', ({ method, url }) => {
    for (const name of [method].flat()) rules.set(`${name} ${url}`, ruleOf(name, url));
  });
  const ruleFor = ({ method, routeOptions: { url } }: FastifyRequest): RouteRule =>
    rules.get(`${method} ${url}`) ?? EVERYTHING_ELSE;
  const limiterOf = (max: number, keyGenerator: (request: FastifyRequest) => string): Limiter =>
    app.createRateLimit({ max, timeWindow: WINDOW_MS, keyGenerator });
  const byPrincipal = (request: FastifyRequest): string => accountOf(access.principalOf(request));
  const failures = limiterOf(FAILURES_PER_MINUTE, ({ ip }) => normalizeIP(ip, IPV6_PREFIX_SIZE));
  const limiters = {
    reads: limiterOf(budgets.reads, byPrincipal),
    writes: limiterOf(budgets.writes, byPrincipal),
    evidence: limiterOf(budgets.evidence, byPrincipal),
  };
  const check = async (request: FastifyRequest, reply: FastifyReply): Promise<Rejection | null> => {
    const foreign = checkRequest(own, request.raw) ?? checkAddress(request.url);
    if (foreign !== null) return foreign;
    const unknown = access.authenticate(request, request.raw);
    if (unknown !== null) return (await spend(failures, request, reply, null)) ?? unknown;
    const rule = ruleFor(request);
    return (
      (await spend(limiters[rule.budget], request, reply, rule.budget)) ??
      checkRight(access.principalOf(request), rule) ??
      checkEncoding(request)
    );
  };
  app.addHook('onRequest', async (request, reply) => {
    const refusal = await check(request, reply);
    return refusal === null ? undefined : refuse(request, reply, refusal);
  });
  app.addHook('preHandler', async (request, reply) => {
    const principal = access.principalOf(request);
    const refusal = access.recheck(principal) ?? (await checkScope(context, principal, ruleFor(request), request));
    return refusal === null ? undefined : refuse(request, reply, refusal);
  });
  const refuse = (request: FastifyRequest, reply: FastifyReply, refusal: Rejection): FastifyReply => {
    metrics.countRefusedRequest(refusal.code);
    return sendProblem(request, reply, refusal);
  };
}

/** Whose budget it is. */
export function accountOf({ kind, id }: Principal): string {
  return kind === 'key' ? `key ${id}` : `address ${normalizeIP(id, IPV6_PREFIX_SIZE)}`;
}

/** Refuses API_KEY_IN_ADDRESS. */
function checkAddress(url: string): Rejection | null {
  const at = url.indexOf('?');
  const isKey = holdsKey(url) || (at >= 0 && KEY_PARAMETERS.test(url.slice(at)));
  return isKey ? reject('API_KEY_IN_ADDRESS', {}) : null;
}

/**
 * Counts the request. Says how much is left in the fields of draft-ietf-httpapi-ratelimit-headers-10, unless `name` is null.
 * Refuses RATE_LIMITED.
 */
async function spend(
  limiter: Limiter,
  request: FastifyRequest,
  reply: FastifyReply,
  name: Budget | null,
): Promise<Rejection | null> {
  const state = await limiter(request);
  if (state.isAllowed) return null;
  const { max, remaining, ttlInSeconds, isExceeded } = state;
  if (name !== null) {
    reply.header('ratelimit-policy', `"${name}";q=${max};w=${WINDOW_MS / 1_000}`);
    reply.header('ratelimit', `"${name}";r=${remaining};t=${ttlInSeconds}`);
  }
  if (!isExceeded) return null;
  reply.header('retry-after', Math.max(1, ttlInSeconds));
  return reject('RATE_LIMITED', name === null ? {} : { budget: name });
}

/** Refuses API_KEY_MISSING to strangers, API_KEY_RIGHT to keys. */
function checkRight({ kind, rights }: Principal, { right, isSigned }: RouteRule): Rejection | null {
  if (right === null || rights.has(right)) return null;
  if (kind === 'key') return reject('API_KEY_RIGHT', { right });
  return isSigned ? null : reject('API_KEY_MISSING', { right });
}

/** Refuses ENCODING_UNSUPPORTED: what is small on the way and large here is nobody's friend. */
function checkEncoding({ headers }: FastifyRequest): Rejection | null {
  const encoding = headers['content-encoding'] ?? 'identity';
  return encoding.toLowerCase() === 'identity' ? null : reject('ENCODING_UNSUPPORTED', {});
}

/** Refuses API_KEY_SCOPE: a key that is limited to devices asks about one of them by name, and about nothing that could be of others. */
async function checkScope(
  context: GatewayContext,
  { scope }: Principal,
  rule: RouteRule,
  request: FastifyRequest,
): Promise<Rejection | null> {
  if (scope === null || rule.device === 'any') return null;
  const device = await deviceOf(context, rule, request);
  if (device === null) return null;
  return device !== '' && isInScope(scope, device, deviceTypeOf(context, device)) ? null : reject('API_KEY_SCOPE', {});
}

/** The device as hex; empty where none is named or known; null where the request is about no device. */
async function deviceOf(
  { crypto, node, shards }: GatewayContext,
  { device }: RouteRule,
  request: FastifyRequest,
): Promise<string | null> {
  const { id = '' } = request.params as { readonly id?: string };
  if (device === 'path') return id;
  if (device === 'query') return (request.query as { readonly device?: string }).device ?? '';
  if (device === 'nowhere') return '';
  const digest = parseHex(id);
  const found = await findKept(shards, digest);
  if (found === null) return node.transaction(digest) === null ? '' : null;
  const { envelope } = found.kept;
  return envelope === null ? '' : toHex(openReading(crypto, envelope).reading.device);
}

function deviceTypeOf({ node }: GatewayContext, device: string): string | null {
  const record = node.read(at(deviceKind, parseHex(device)));
  return (record === null ? null : node.read(at(modelKind, record.model)))?.deviceType ?? null;
}
