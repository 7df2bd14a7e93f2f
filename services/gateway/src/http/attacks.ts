/** The attack desk over HTTP: only in a demo city, only for whoever is on its machine, one run at a time, on a city of its own. */

import { formatError } from '@oppidum/formats/errors';
import { type AttackRequestJson, attackDesk, attackRequest } from '../api/attacks.ts';
import type { GatewayContext } from '../gateway-context.ts';
import type { App } from './app.ts';
import { requireHere } from './desk-place.ts';
import { readsJson } from './json-body.ts';
import { answers, binaryAnswers, idParams, noQuery } from './parameters.ts';

const BODY_SIZE_MAX = 1_024;
const TAGS = ['attack desk'];
const PATH = '/api/v1/attacks';

/** GET, POST, DELETE /api/v1/attacks and GET /api/v1/attacks/files/{id}; none of them where the city has no desk. */
export function addAttackRoutes(app: App, { attackDesk: desk }: Pick<GatewayContext, 'attackDesk'>): void {
  if (desk === null) return;
  app.register(async (scope: App) => {
    readsJson(scope, BODY_SIZE_MAX);
    scope.addHook('preHandler', async (request, reply) => {
      requireHere(request);
      reply.header('cache-control', 'no-store');
    });
    const summary = 'Attacks that can be carried out, how far a run is, and what became of each';
    scope.get(PATH, { schema: { tags: TAGS, summary, querystring: noQuery, response: answers(attackDesk) } }, async () =>
      desk.state(),
    );
    scope.post(
      PATH,
      {
        bodyLimit: BODY_SIZE_MAX,
        schema: {
          tags: TAGS,
          summary: 'Carry out one attack, or all',
          description: 'A city is founded for it and removed afterwards; this one is never attacked. Ask again how far it is.',
          querystring: noQuery,
          body: attackRequest,
          response: answers(attackDesk),
        },
      },
      async (request) => desk.begin(request.body as AttackRequestJson),
    );
    scope.delete(
      PATH,
      {
        schema: {
          tags: TAGS,
          summary: 'End what runs, and forget what came of it',
          querystring: noQuery,
          response: answers(attackDesk),
        },
      },
      async () => {
        await desk.clear();
        return desk.state();
      },
    );
    scope.get(
      `${PATH}/files/:id`,
      {
        schema: {
          tags: TAGS,
          summary: 'Evidence that the last run left, or the policy to verify it under, by its SHA-256',
          params: idParams,
          querystring: noQuery,
          response: binaryAnswers('The file as it is', 'application/octet-stream'),
        },
      },
      async (request, reply) => {
        const file = desk.file(request.params.id);
        if (file === null) throw formatError('FACT_UNKNOWN', { id: request.params.id });
        return reply.type('application/octet-stream').send(Buffer.from(file));
      },
    );
  });
}
