/** Orders over HTTP, for actuators that do not speak MQTT: a challenge goes up, a question waits a few seconds for the order to it. */

import { equalBytes, parseHex } from '@oppidum/formats/bytes';
import { formatError } from '@oppidum/formats/errors';
import { LIMITS } from '@oppidum/formats/limits';
import { z } from 'zod';
import { challengeTaken } from '../api/orders.ts';
import type { GatewayContext } from '../gateway-context.ts';
import { Questions } from '../orders/questions.ts';
import type { App } from './app.ts';
import { accountOf } from './guard.ts';
import { acceptedType, answers, binaryAnswers, hexId, idParams, noQuery, signedBytes } from './parameters.ts';

const TYPE = 'application/cbor';
const WAIT_S_MAX = 5;

const orderQuery = z.strictObject({
  /** The newest challenge: who does not know it has no business here. */
  challenge: hexId,
  wait: z.coerce.number().int().min(0).max(WAIT_S_MAX).default(0),
});

const ORDER_ANSWERS: Readonly<Record<string, object>> = {
  ...binaryAnswers('A compact order (specs/orders.md)', TYPE),
  204: z.null().describe('None came'),
};

const zoneQuery = z.strictObject({
  /** What the device has, in CBOR, as hex. */
  have: z
    .string()
    .regex(/^([0-9a-f]{2})+$/)
    .max(2 * LIMITS.zoneHaveSizeMax),
  wait: z.coerce.number().int().min(0).max(WAIT_S_MAX).default(0),
});

const ZONE_ANSWERS: Readonly<Record<string, object>> = {
  ...binaryAnswers('A signed statement of the zone (specs/orders.md §4.4)', TYPE),
  204: z.null().describe('It lacks none'),
};

/** POST /api/v1/devices/{id}/challenge; GET /api/v1/devices/{id}/order, /api/v1/devices/{id}/zone. */
export function addDeviceOrderRoutes(app: App, context: GatewayContext): void {
  addChallenge(app, context);
  addOrder(app, context);
  addZone(app, context);
}

function addChallenge(app: App, { orders, access }: GatewayContext): void {
  app.register(async (scope: App) => {
    const bodyLimit = LIMITS.challengeSizeMax;
    scope.addContentTypeParser(TYPE, { parseAs: 'buffer', bodyLimit }, (_request, body, done) => done(null, body));
    scope.post(
      '/api/v1/devices/:id/challenge',
      {
        bodyLimit,
        schema: {
          tags: ['orders'],
          summary: 'Send the newest challenge of an actuator: orders for it can be made from now on',
          description: `${TYPE}: the challenge as its device signed it.`,
          consumes: [TYPE],
          params: idParams,
          querystring: noQuery,
          body: signedBytes,
          response: answers(challengeTaken),
        },
      },
      async (request) => {
        const { body } = request;
        if (!(body instanceof Uint8Array) || body.length === 0) throw formatError('REQUEST_INVALID', { want: 'a body' });
        const rejection = orders.takeChallenge(request.params.id, new Uint8Array(body), accountOf(access.principalOf(request)));
        if (rejection !== null) throw formatError(rejection.code, rejection.details);
        return { number: orders.challenges.newest(request.params.id)?.number ?? 0 };
      },
    );
  });
}

function addOrder(app: App, { orders, access }: GatewayContext): void {
  const questions = new Questions();
  app.addHook('preClose', async () => questions.end());
  app.get(
    '/api/v1/devices/:id/order',
    {
      exposeHeadRoute: false,
      schema: {
        tags: ['orders'],
        summary: 'The order for the newest challenge of an actuator, waited for a few seconds',
        description: '204 when none came. The same order comes again, later each time, until the device’s signed answer is here.',
        params: idParams,
        querystring: orderQuery,
        response: ORDER_ANSWERS,
      },
    },
    async (request, reply) => {
      const type = acceptedType(request, [TYPE]);
      const { id } = request.params;
      const { challenge, wait } = request.query;
      const known = orders.challenges.newest(id);
      if (known === null || !equalBytes(known.challenge, parseHex(challenge)))
        throw formatError('CHALLENGE_UNKNOWN', { device: id });
      const by = accountOf(access.principalOf(request));
      const order = await questions.ask({ device: id, by, isOwn: known.by === by }, 1_000 * wait, (answer) => {
        const forget = orders.listen(id, answer);
        request.raw.once('close', forget);
        return forget;
      });
      reply.header('cache-control', 'no-store');
      if (order === null) return reply.code(204).send();
      return reply.type(type).send(Buffer.from(order));
    },
  );
}

/** Public: key sets, envelopes and documents stand on the ledger. */
function addZone(app: App, { orders, access }: GatewayContext): void {
  const questions = new Questions();
  app.addHook('preClose', async () => questions.end());
  app.get(
    '/api/v1/devices/:id/zone',
    {
      exposeHeadRoute: false,
      schema: {
        tags: ['orders'],
        summary: 'The next key set, envelope or document of its zone that a device lacks, waited for a few seconds',
        description: '204 when there was none. One at a time: who took it in says what it has now.',
        params: idParams,
        querystring: zoneQuery,
        response: ZONE_ANSWERS,
      },
    },
    async (request, reply) => {
      const type = acceptedType(request, [TYPE]);
      const { id } = request.params;
      const { have, wait } = request.query;
      const by = accountOf(access.principalOf(request));
      const known = orders.zones.read(id, parseHex(have));
      if ('code' in known) throw formatError(known.code, known.details);
      const isOwn = orders.challenges.newest(id)?.by === by;
      const news = await questions.ask({ device: id, by, isOwn }, 1_000 * wait, (answer) => {
        const line = orders.zones.open(id, answer);
        request.raw.once('close', line.end);
        line.tell(parseHex(have));
        return line.end;
      });
      reply.header('cache-control', 'no-store');
      if (news === null) return reply.code(204).send();
      return reply.type(type).send(Buffer.from(news));
    },
  );
}
