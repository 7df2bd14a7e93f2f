/** Devices, their models and makers. Lists come from the read model; one device also from the state, with all its keys. */

import { encodeBase64, parseHex, toHex } from '@oppidum/formats/bytes';
import { formatError } from '@oppidum/formats/errors';
import { EDDSA } from '@oppidum/formats/ids';
import { type DeviceKeyRecord, deviceKeyKind, deviceKind, suspensionKind } from '@oppidum/formats/state-devices';
import { type AnyKind, at, parseKey, parseState, prefixRange } from '@oppidum/formats/state-layout';
import { deviceZoneKind } from '@oppidum/formats/state-orders';
import { z } from 'zod';
import { type DeviceDetailJson, deviceDetail, devicePage, manufacturerPage, modelPage } from '../api-types.ts';
import type { GatewayContext } from '../gateway-context.ts';
import { findDevice, findDevices, findManufacturers, findModels } from '../read-model/device-queries.ts';
import type { App } from './app.ts';
import { makePage, pageQuery, parseCursor } from './paging.ts';
import { answers, hexId, idParams, noQuery } from './parameters.ts';
import { quarantinesOf } from './trust.ts';

const deviceQuery = pageQuery.extend({
  type: z.string().min(1).max(64).optional(),
  status: z.enum(['registered', 'active', 'suspended', 'revoked']).optional(),
  model: hexId.optional(),
});
const positionOf = ({ id }: { readonly id: string }) => [id];

/** GET /api/v1/devices, /api/v1/devices/{id}, /api/v1/models, /api/v1/manufacturers. */
export function addDeviceRoutes(app: App, { node, readModel }: GatewayContext): void {
  const { database } = readModel;
  app.get(
    '/api/v1/devices',
    { schema: { tags: ['devices'], summary: 'Devices by id', querystring: deviceQuery, response: answers(devicePage) } },
    async (request, reply) => {
      const { limit, cursor, type, status, model } = request.query;
      const after = parseCursor('devices', cursor, ['string'])?.[0] ?? null;
      const { rows, end } = await findDevices(database, { limit: limit + 1, after, type, status, model });
      const list = { name: 'devices', limit, positionOf, end: end === null ? null : [end] };
      return makePage({ request, reply }, list, rows, (device) => device);
    },
  );
  app.get(
    '/api/v1/devices/:id',
    {
      schema: {
        tags: ['devices'],
        summary: 'One device with its keys',
        params: idParams,
        querystring: noQuery,
        response: answers(deviceDetail),
      },
    },
    async (request): Promise<DeviceDetailJson> => {
      const { id } = request.params;
      const device = await findDevice(database, id);
      if (device === null)
        throw formatError(node.read(at(deviceKind, parseHex(id))) === null ? 'DEVICE_UNKNOWN' : 'NOT_READY', { id });
      const record = node.read(at(deviceKind, parseHex(id)));
      const quarantines = record === null ? [] : quarantinesOf(record);
      const zone = node.read(at(deviceZoneKind, parseHex(id)))?.zone ?? null;
      return { ...device, ...keysAndSuspensions(node, id), quarantines, zone: zone === null ? null : toHex(zone) };
    },
  );
  app.get(
    '/api/v1/models',
    { schema: { tags: ['devices'], summary: 'Models of devices by id', querystring: pageQuery, response: answers(modelPage) } },
    async (request, reply) => {
      const { limit, cursor } = request.query;
      const after = parseCursor('models', cursor, ['string'])?.[0] ?? null;
      const rows = await findModels(database, { limit: limit + 1, after });
      return makePage({ request, reply }, { name: 'models', limit, positionOf }, rows, (model) => model);
    },
  );
  app.get(
    '/api/v1/manufacturers',
    {
      schema: {
        tags: ['devices'],
        summary: 'Makers of devices by id',
        querystring: pageQuery,
        response: answers(manufacturerPage),
      },
    },
    async (request, reply) => {
      const { limit, cursor } = request.query;
      const after = parseCursor('manufacturers', cursor, ['string'])?.[0] ?? null;
      const rows = await findManufacturers(database, { limit: limit + 1, after });
      return makePage({ request, reply }, { name: 'manufacturers', limit, positionOf }, rows, (maker) => maker);
    },
  );
}

function keysAndSuspensions(node: GatewayContext['node'], id: string): Pick<DeviceDetailJson, 'keys' | 'suspensions'> {
  const device = parseHex(id);
  const keys = [...node.scan(prefixRange(deviceKeyKind as unknown as AnyKind, [device]))].map(({ key, value }) =>
    keyJson(parseKey(deviceKeyKind, key)[1], parseState(deviceKeyKind, value)),
  );
  const suspensions = [...node.scan(prefixRange(suspensionKind as unknown as AnyKind, [device]))].map(({ key, value }) => {
    const { reason, to } = parseState(suspensionKind, value);
    return { from: parseKey(suspensionKind, key)[1], to: to ?? null, reason };
  });
  return { keys, suspensions };
}

function keyJson(number: number, key: DeviceKeyRecord): DeviceDetailJson['keys'][number] {
  const { algorithm, publicKey, grade, from, to } = key;
  return {
    number,
    algorithm: algorithm === EDDSA ? 'EdDSA' : 'ES256',
    publicKey: encodeBase64(publicKey),
    grade,
    from: from ?? null,
    to: to ?? null,
  };
}
