/** API keys over HTTP, for whoever holds one with `keys:manage`; the owner of the data folder does the same through the admin door. */

import { formatError } from '@oppidum/formats/errors';
import { z } from 'zod';
import { showKey } from '../access/key-json.ts';
import type { StoredKey } from '../access/key-store.ts';
import type { Principal } from '../access/principal.ts';
import {
  type ApiKeyJson,
  accessLogPage,
  apiKey,
  apiKeyList,
  type KeyRequestJson,
  keyId,
  keyRequest,
  newApiKey,
} from '../api/access.ts';
import type { GatewayContext } from '../gateway-context.ts';
import type { App } from './app.ts';
import { readsJson } from './json-body.ts';
import { makePage, pageQuery, parseCursor } from './paging.ts';
import { answers, noQuery } from './parameters.ts';

/** A thousand ids of devices and their commas. */
const BODY_SIZE_MAX = 131_072;
const keyParams = z.strictObject({ id: keyId });

/** GET, POST /api/v1/keys; DELETE /api/v1/keys/{id}; GET /api/v1/audit. */
export function addKeyRoutes(app: App, context: GatewayContext): void {
  const { access } = context;
  app.get(
    '/api/v1/keys',
    {
      schema: { tags: ['keys'], summary: 'API keys, without their secrets', querystring: noQuery, response: answers(apiKeyList) },
    },
    async (_request, reply) => {
      reply.header('cache-control', 'no-store');
      return { items: access.keys().map((key) => showKey(key, access.nowMs())) };
    },
  );
  addCreate(app, context);
  app.delete(
    '/api/v1/keys/:id',
    {
      schema: {
        tags: ['keys'],
        summary: 'Revoke an API key',
        description: 'In force when it is answered, also for what is under way. Again it changes nothing. None that can do more.',
        params: keyParams,
        querystring: noQuery,
        response: answers(apiKey),
      },
    },
    async (request): Promise<ApiKeyJson> => {
      const by = access.principalOf(request);
      const { id } = request.params;
      const key = access.keys().find((known) => known.id === id);
      if (key !== undefined && id !== by.id) checkWithin(by, key);
      return showKey(access.revokeKey(id, { key: by.id }), access.nowMs());
    },
  );
  app.get(
    '/api/v1/audit',
    {
      schema: {
        tags: ['keys'],
        summary: 'Who made and revoked keys, and who read values about people, newest first',
        querystring: pageQuery,
        response: answers(accessLogPage),
      },
    },
    async (request, reply) => {
      const { limit, cursor } = request.query;
      const below = parseCursor('audit', cursor, ['number'])?.[0] ?? null;
      const list = { name: 'audit', limit, positionOf: ({ number }: { readonly number: number }) => [number] };
      reply.header('cache-control', 'no-store');
      return makePage({ request, reply }, list, access.log(limit + 1, below), showEntry);
    },
  );
}

function addCreate(app: App, { access }: GatewayContext): void {
  app.register(async (scope: App) => {
    readsJson(scope, BODY_SIZE_MAX);
    scope.post(
      '/api/v1/keys',
      {
        bodyLimit: BODY_SIZE_MAX,
        schema: {
          tags: ['keys'],
          summary: 'Make an API key',
          description:
            'Its secret is in this answer and nowhere else. A key gives no rights that it does not have, no other devices, and no longer life.',
          querystring: noQuery,
          body: keyRequest,
          response: answers(newApiKey),
        },
      },
      async (request, reply) => {
        const by = access.principalOf(request);
        checkWithin(by, request.body);
        const own = access.keys().find(({ id }) => id === by.id);
        if (own === undefined || request.body.expiresMs > own.expiresMs)
          throw formatError('REQUEST_INVALID', { at: '/expiresMs', want: `at most ${own?.expiresMs}, when this key expires` });
        const { key, text } = access.createKey(request.body, { key: by.id });
        reply.header('cache-control', 'no-store');
        return { key: showKey(key, access.nowMs()), secret: text };
      },
    );
  });
}

/** Who may make and revoke keys does it with none that can do more. Throws API_KEY_RIGHT, API_KEY_SCOPE. */
function checkWithin(
  { rights, scope }: Principal,
  wanted: Pick<StoredKey, 'rights' | 'devices' | 'deviceTypes'> | KeyRequestJson,
): void {
  const missing = wanted.rights.find((right) => !rights.has(right));
  if (missing !== undefined) throw formatError('API_KEY_RIGHT', { right: missing });
  if (scope === null) return;
  const fits = (list: readonly string[] | null, allowed: ReadonlySet<string> | null): boolean =>
    list === null || list.every((item) => allowed?.has(item) === true);
  const isLimited = wanted.devices !== null || wanted.deviceTypes !== null;
  if (!isLimited || !fits(wanted.devices, scope.devices) || !fits(wanted.deviceTypes, scope.deviceTypes))
    throw formatError('API_KEY_SCOPE', {});
}

type Entry = ReturnType<GatewayContext['access']['log']>[number];

/** A copy that the schema may write to. */
function showEntry({ number, timeMs, event, hash }: Entry) {
  return { number, timeMs, event: structuredClone(event) as AccessEventJson, hash };
}

type AccessEventJson = z.infer<typeof accessLogPage>['items'][number]['event'];
