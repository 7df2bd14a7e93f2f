/** Orders to machines: what the ledger says of them, what their devices signed, and how a new one begins. */

import { encodeBase64, parseHex, toHex } from '@oppidum/formats/bytes';
import { formatError } from '@oppidum/formats/errors';
import { parseOrder } from '@oppidum/formats/order-statement';
import { describeOrder } from '@oppidum/formats/order-words';
import { at } from '@oppidum/formats/state-layout';
import { orderKind } from '@oppidum/formats/state-orders';
import type { StatementSignature } from '@oppidum/formats/statement';
import { z } from 'zod';
import {
  type LocalActJson,
  localActPage,
  type OrderDetailJson,
  type OrderDeviceJson,
  type OrderJson,
  orderDetail,
  orderDevicePage,
  orderPage,
} from '../api/orders.ts';
import type { GatewayContext } from '../gateway-context.ts';
import { readZoneAt } from '../orders/zone-records.ts';
import {
  type AnswerRow,
  countAnswers,
  findAnswers,
  findLocalActs,
  findOrder,
  findOrders,
  type OrderPlace,
  type OrderRow,
  orderStateOf,
} from '../read-model/order-queries.ts';
import { ANSWERS } from '../read-model/order-rows.ts';
import { inTurns } from '../turns.ts';
import type { App } from './app.ts';
import { makePage, pageQuery, parseCursor } from './paging.ts';
import { answers, hexId, idParams, noQuery } from './parameters.ts';

const orderQuery = pageQuery.extend({
  zone: hexId.optional(),
  device: hexId.optional(),
  status: z.enum(['awaiting', 'issued', 'cancelled', 'superseded', 'reported']).optional(),
});
const localQuery = pageQuery.extend({ device: hexId.optional() });
/** Each with the key set and the envelope that it was signed under. */
const ORDERS_OF_ONE_TURN = 8;
/** Of one device: it signs at most one answer of each sort that is kept. */
const ANSWERS_OF_ONE = ANSWERS.length;

/** GET /api/v1/orders, /api/v1/orders/local, /api/v1/orders/{id}, /api/v1/orders/{id}/devices. */
export function addOrderRoutes(app: App, context: GatewayContext): void {
  const { readModel } = context;
  app.get(
    '/api/v1/orders',
    { schema: { tags: ['orders'], summary: 'Orders, newest first', querystring: orderQuery, response: answers(orderPage) } },
    async (request, reply) => {
      const { limit, cursor, ...filter } = request.query;
      const place = parseCursor('orders', cursor, ['number', 'string']);
      const before = place === null ? null : { atMs: place[0], id: place[1] };
      const { rows, end } = await findOrders(readModel.database, { ...filter, limit: limit + 1, before });
      const shown = await inTurns(rows, (row) => showRow(context, row), ORDERS_OF_ONE_TURN);
      const positionOf = ({ atMs, id }: OrderPlace) => [atMs, id];
      const list = { name: 'orders', limit, positionOf, end: end === null ? null : positionOf(end) };
      return makePage({ request, reply }, list, shown, (order) => order);
    },
  );
  addLocal(app, context);
  app.get(
    '/api/v1/orders/:id',
    {
      schema: {
        tags: ['orders'],
        summary: 'One order: what was signed, by whom, and what its device signed',
        params: idParams,
        querystring: noQuery,
        response: answers(orderDetail),
      },
    },
    async (request) => showOrder(context, request.params.id),
  );
  addOrderDevices(app, context);
}

function addLocal(app: App, { readModel }: GatewayContext): void {
  app.get(
    '/api/v1/orders/local',
    {
      schema: {
        tags: ['orders'],
        summary: 'What was done without an order of the ledger, by hand or by break-glass, as devices signed it, newest first',
        querystring: localQuery,
        response: answers(localActPage),
      },
    },
    async (request, reply) => {
      const { limit, cursor, device } = request.query;
      const place = parseCursor('local acts', cursor, ['number', 'string']);
      const before = place === null ? null : { timeMs: place[0], reading: place[1] };
      const rows = await findLocalActs(readModel.database, { limit: limit + 1, before, device });
      const shown = rows.map(
        (row): LocalActJson => ({
          ...{ device: row.device, timeMs: row.time_ms, what: row.what, reading: row.reading },
          order: /^break-glass ([0-9a-f]{64})$/.exec(row.what)?.[1] ?? null,
        }),
      );
      const list = { name: 'local acts', limit, positionOf: (row: LocalActJson) => [row.timeMs, row.reading] };
      return makePage({ request, reply }, list, shown, (row) => row);
    },
  );
}

function addOrderDevices(app: App, context: GatewayContext): void {
  const { readModel } = context;
  app.get(
    '/api/v1/orders/:id/devices',
    {
      schema: {
        tags: ['orders'],
        summary: 'Devices that signed an answer to an order, by id',
        params: idParams,
        querystring: pageQuery,
        response: answers(orderDevicePage),
      },
    },
    async (request, reply) => {
      const { limit, cursor } = request.query;
      const row = await orderRow(context, request.params.id);
      const after = parseCursor('order devices', cursor, ['string'])?.[0] ?? null;
      const found = await findAnswers(readModel.database, row.id, { limit: ANSWERS_OF_ONE * (limit + 1), after });
      const shown = [...Map.groupBy(found, ({ device }) => device)].map(
        ([device, rows]): OrderDeviceJson => ({
          device,
          state: stateOf(context, row, device, rows),
          answers: rows.map(showAnswer),
        }),
      );
      const list = { name: 'order devices', limit, positionOf: ({ device }: OrderDeviceJson) => [device] };
      return makePage({ request, reply }, list, shown.slice(0, limit + 1), (device) => device);
    },
  );
}

/** Throws ORDER_UNKNOWN, or NOT_READY where the rows are behind the ledger. */
async function orderRow({ node, readModel }: GatewayContext, id: string): Promise<OrderRow> {
  const row = await findOrder(readModel.database, id);
  if (row !== null) return row;
  throw formatError(node.read(at(orderKind, parseHex(id))) === null ? 'ORDER_UNKNOWN' : 'NOT_READY', { order: id });
}

function stateOf({ orders }: GatewayContext, row: OrderRow, device: string, rows: readonly Pick<AnswerRow, 'kind'>[]) {
  return orderStateOf({ ...row, isSent: orders.isSent(row.id, device), answers: rows, nowMs: orders.nowMs() });
}

async function showRow(context: GatewayContext, row: OrderRow): Promise<OrderJson> {
  const { node, orders, readModel } = context;
  const counts = await countAnswers(readModel.database, row.id);
  const order = parseOrder(row.statement);
  const zone = readZoneAt(node, order);
  const sentCount = orders.sentCount(row.id);
  // Of many devices, the answer that all of them gave.
  const said =
    (['applied', 'rejected'] as const).find((kind) => counts[kind] >= row.device_count) ?? (row.device === null ? null : 'ack');
  const last = said !== null && counts[said] > 0 ? [{ kind: ANSWERS.indexOf(said) }] : [];
  return {
    ...{ id: row.id, zone: row.zone, zoneName: zone?.name ?? null, device: row.device, deviceCount: row.device_count },
    ...{
      command: row.command,
      arguments: order.arguments,
      mode: row.mode,
      lifetimeMs: row.lifetime_ms,
      expiresMs: row.expires_ms,
    },
    status: row.status,
    state: orderStateOf({ ...row, isSent: sentCount > 0, answers: last, nowMs: orders.nowMs() }),
    ...{ signers: JSON.parse(row.signers) as number[], needed: zone?.needed ?? 0 },
    ...{ atMs: row.at_ms, issuedMs: row.issued_ms, height: row.height, transaction: row.issued_by },
    ...{ sentCount, ackCount: counts.ack, rejectedCount: counts.rejected, appliedCount: counts.applied },
  };
}

/** Signatures come from the state where it still has the order: whoever just approved it sees that. */
async function showOrder(context: GatewayContext, id: string): Promise<OrderDetailJson> {
  const { node, orders, readModel } = context;
  const row = await orderRow(context, id);
  const record = node.read(at(orderKind, parseHex(id)));
  const order = parseOrder(row.statement);
  const zone = readZoneAt(node, order);
  const found = row.device === null ? [] : await findAnswers(readModel.database, id, { limit: ANSWERS_OF_ONE, after: null });
  const names = orders.namesOf(order);
  return {
    ...(await showRow(context, row)),
    statement: encodeBase64(row.statement),
    words: zone === null ? [] : describeOrder(order, zone.envelope, names),
    signatures: (record?.signatures ?? []).map((signature) => showSignature(signature, zone?.keySet.keys ?? [])),
    answers: found.map(showAnswer),
  };
}

function showSignature(
  { key, signature }: StatementSignature,
  keys: readonly Uint8Array[],
): OrderDetailJson['signatures'][number] {
  const publicKey = keys[key];
  if (publicKey === undefined) throw new Error(`the ledger keeps a signature of an order key ${key} that is not`);
  return { key, publicKey: toHex(publicKey), signature: encodeBase64(signature) };
}

function showAnswer({ kind, code, time_ms: timeMs, reading }: AnswerRow): OrderDetailJson['answers'][number] {
  return { kind: ANSWERS[kind] as (typeof ANSWERS)[number], code, timeMs, reading };
}
