/** Finding records by their ids alone: what an id or hash names, whatever kind of thing it is, and single makers and models. */

import { parseHex, toHex } from '@oppidum/formats/bytes';
import { FormatError, formatError } from '@oppidum/formats/errors';
import { deviceKind, manufacturerKind, modelKind } from '@oppidum/formats/state-devices';
import { accountKind, bodyKind, proposalKind } from '@oppidum/formats/state-governance';
import { at } from '@oppidum/formats/state-layout';
import { zoneKind } from '@oppidum/formats/state-orders';
import { shardKind } from '@oppidum/formats/state-telemetry';
import type { FastifyRequest } from 'fastify';
import { type FoundJson, found, type ManufacturerJson, type ModelJson, manufacturer, model } from '../api-types.ts';
import type { GatewayContext } from '../gateway-context.ts';
import { findAlarm } from '../read-model/alarm-queries.ts';
import { findBlocksByHash } from '../read-model/ledger-queries.ts';
import { findOrder } from '../read-model/order-queries.ts';
import type { App } from './app.ts';
import { answers, idParams, noQuery } from './parameters.ts';
import { findKept } from './readings.ts';

type FoundItem = FoundJson['items'][number];

/** GET /api/v1/find/{id}, /api/v1/models/{id}, /api/v1/manufacturers/{id}. */
export function addFindRoutes(app: App, context: GatewayContext): void {
  const { node } = context;
  app.get(
    '/api/v1/find/:id',
    {
      schema: {
        tags: ['city'],
        summary:
          'What has this id or hash: readings, transactions, blocks, devices, accounts, zones, orders, alarms and the rest; none is an empty list',
        params: idParams,
        querystring: noQuery,
        response: answers(found),
      },
    },
    async (request): Promise<FoundJson> => ({ items: await findAll(context, request, request.params.id) }),
  );
  app.get(
    '/api/v1/models/:id',
    {
      schema: { tags: ['devices'], summary: 'One model', params: idParams, querystring: noQuery, response: answers(model) },
    },
    async (request): Promise<ModelJson> => {
      const { id } = request.params;
      const record = node.read(at(modelKind, parseHex(id)));
      if (record === null) throw formatError('MODEL_UNKNOWN', { model: id });
      const { manufacturer: maker, name, deviceType, personal, simulated, from, to } = record;
      return { id, manufacturer: toHex(maker), name, deviceType, personal, simulated, from, to: to ?? null };
    },
  );
  app.get(
    '/api/v1/manufacturers/:id',
    {
      schema: {
        tags: ['devices'],
        summary: 'One maker of devices',
        params: idParams,
        querystring: noQuery,
        response: answers(manufacturer),
      },
    },
    async (request): Promise<ManufacturerJson> => {
      const { id } = request.params;
      const record = node.read(at(manufacturerKind, parseHex(id)));
      if (record === null) throw formatError('MANUFACTURER_UNKNOWN', { manufacturer: id });
      const { name, account, from, to } = record;
      return { id, name, account: toHex(account), from, to: to ?? null };
    },
  );
}

/** Kinds of records whose key is their id alone. */
const RECORDS = [
  ['device', deviceKind],
  ['account', accountKind],
  ['proposal', proposalKind],
  ['model', modelKind],
  ['manufacturer', manufacturerKind],
  ['body', bodyKind],
  ['shard', shardKind],
  ['zone', zoneKind],
] as const;

async function findAll(context: GatewayContext, request: FastifyRequest, id: string): Promise<FoundItem[]> {
  const { node, shards, access, readModel } = context;
  const digest = parseHex(id);
  const items: FoundItem[] = [];
  const transaction = node.transaction(digest);
  if (transaction !== null) items.push({ kind: 'transaction', id, height: transaction.height });
  for (const [kind, stateKind] of RECORDS)
    if (node.read(at(stateKind as typeof deviceKind, digest)) !== null) items.push({ kind, id, height: null });
  for (const height of await findBlocksByHash(readModel.database, id)) items.push({ kind: 'block', id, height });
  // The ledger forgets an order an hour after it is over, and has alarms nowhere.
  if ((await findOrder(readModel.database, id)) !== null) items.push({ kind: 'order', id, height: null });
  if ((await findAlarm(readModel.database, id)) !== null) items.push({ kind: 'alarm', id, height: null });
  const principal = access.principalOf(request);
  // A key that is limited to some devices is told of no others' readings.
  if (access.stillMay(principal, 'readings:read') && principal.scope === null && (await isKept(shards, digest)))
    items.push({ kind: 'reading', id, height: null });
  return items;
}

async function isKept(shards: GatewayContext['shards'], digest: Uint8Array): Promise<boolean> {
  try {
    return (await findKept(shards, digest)) !== null;
  } catch (error) {
    // A shard that is away leaves its readings unfound; all else is found.
    if (error instanceof FormatError && error.code === 'NOT_READY') return false;
    throw error;
  }
}
