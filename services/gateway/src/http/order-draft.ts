/** How an order begins: what is to be signed, with the newest challenges; and break-glass, which no ledger is asked for. */

import { encodeBase64, parseBase64, toHex } from '@oppidum/formats/bytes';
import { formatError } from '@oppidum/formats/errors';
import { orderId, parseOrder } from '@oppidum/formats/order-statement';
import { describeOrder } from '@oppidum/formats/order-words';
import {
  type BreakGlassTakenJson,
  breakGlassRequest,
  breakGlassTaken,
  draftRequest,
  type OrderDraftJson,
  orderDraft,
} from '../api/orders.ts';
import type { GatewayContext } from '../gateway-context.ts';
import type { App } from './app.ts';
import { accountOf } from './guard.ts';
import { readsJson } from './json-body.ts';
import { answers, noQuery } from './parameters.ts';

const BODY_SIZE_MAX = 8_192;

/** POST /api/v1/orders/draft, /api/v1/orders/break-glass. */
export function addOrderDraftRoutes(app: App, context: GatewayContext): void {
  app.register(async (scope: App) => {
    readsJson(scope, BODY_SIZE_MAX);
    addDraft(scope, context);
    addBreakGlass(scope, context);
  });
}

function addDraft(scope: App, { crypto, orders, access }: GatewayContext): void {
  scope.post(
    '/api/v1/orders/draft',
    {
      bodyLimit: BODY_SIZE_MAX,
      schema: {
        tags: ['orders'],
        summary: 'An order to sign: for one device, or for all devices of a zone whose challenge is known here',
        description: 'Nothing is signed or sent by this. Whoever signs reads the statement itself, and not only these words.',
        querystring: noQuery,
        body: draftRequest,
        response: answers(orderDraft),
      },
    },
    async (request): Promise<OrderDraftJson> => {
      const { order, statement, zone, isDangerous, deviceCount, missingCount } = await orders.draft(
        request.body,
        accountOf(access.principalOf(request)),
      );
      return {
        ...{ order: toHex(orderId(crypto, statement)), statement: encodeBase64(statement) },
        words: describeOrder(order, zone.envelope, orders.namesOf(order)),
        ...{ keys: zone.keySet.keys.map(toHex), needed: zone.needed, dangerous: isDangerous, deviceCount, missingCount },
      };
    },
  );
}

function addBreakGlass(scope: App, { crypto, orders }: GatewayContext): void {
  scope.post(
    '/api/v1/orders/break-glass',
    {
      bodyLimit: BODY_SIZE_MAX,
      schema: {
        tags: ['orders'],
        summary: 'Hand over an order in a safe direction without the ledger, signed by the order keys of its zone',
        description: 'Works while no validator does. It is to be reported to the ledger afterwards (order/report).',
        querystring: noQuery,
        body: breakGlassRequest,
        response: answers(breakGlassTaken),
      },
    },
    async (request): Promise<BreakGlassTakenJson> => {
      const statement = parseBase64(request.body.statement);
      const signatures = request.body.signatures.map(({ key, signature }) => ({ key, signature: parseBase64(signature) }));
      const order = parseOrder(statement);
      const taken = await orders.breakGlass(order, { statement, signatures });
      if ('code' in taken) throw formatError(taken.code, taken.details);
      return { order: toHex(orderId(crypto, statement)), ...taken };
    },
  );
}
