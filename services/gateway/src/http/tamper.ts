/** The tamper desk over HTTP: only in a demo city, only for whoever is on its machine, one game at a time. */

import { type TamperRequestJson, tamperDesk, tamperRequest } from '../api/tamper.ts';
import type { GatewayContext } from '../gateway-context.ts';
import type { App } from './app.ts';
import { requireHere } from './desk-place.ts';
import { readsJson } from './json-body.ts';
import { answers, noQuery } from './parameters.ts';

const BODY_SIZE_MAX = 1_024;

/** GET, POST, DELETE /api/v1/tamper; none of them where the city has no desk. */
export function addTamperRoutes(app: App, { tamperDesk: desk }: Pick<GatewayContext, 'tamperDesk'>): void {
  if (desk === null) return;
  app.register(async (scope: App) => {
    readsJson(scope, BODY_SIZE_MAX);
    scope.addHook('preHandler', async (request, reply) => {
      requireHere(request);
      reply.header('cache-control', 'no-store');
    });
    scope.get(
      '/api/v1/tamper',
      {
        schema: {
          tags: ['tamper desk'],
          summary: 'What lies on the tamper desk of this demo city, and what fsck, evidence and a witness say of it',
          querystring: noQuery,
          response: answers(tamperDesk),
        },
      },
      async () => desk.state(),
    );
    scope.post(
      '/api/v1/tamper',
      {
        bodyLimit: BODY_SIZE_MAX,
        schema: {
          tags: ['tamper desk'],
          summary: 'Alter a copy of the city',
          description: 'Takes a copy, alters it, and has it judged; the city itself goes on untouched. Ask again how far it is.',
          querystring: noQuery,
          body: tamperRequest,
          response: answers(tamperDesk),
        },
      },
      async (request) => desk.begin(request.body as TamperRequestJson),
    );
    scope.delete(
      '/api/v1/tamper',
      {
        schema: {
          tags: ['tamper desk'],
          summary: 'Put it back: the copy is removed',
          querystring: noQuery,
          response: answers(tamperDesk),
        },
      },
      async () => desk.clear(),
    );
  });
}
