/** Zones of the street: who orders there, under which envelope, and which devices belong to them. */

import { encodeBase64, parseHex, toHex } from '@oppidum/formats/bytes';
import { parseEnvelope } from '@oppidum/formats/envelope';
import { formatError } from '@oppidum/formats/errors';
import { describeDirection, describeRule } from '@oppidum/formats/order-words';
import { type AnyKind, at, parseState, prefixRange } from '@oppidum/formats/state-layout';
import { zoneDocumentKind, zoneEnvelopeKind, zoneKeysKind, zoneKind } from '@oppidum/formats/state-orders';
import type { StatementSignature } from '@oppidum/formats/statement';
import { parseKeySet, parseZoneDocument } from '@oppidum/formats/zone-statements';
import { type ZoneDetailJson, type ZoneDeviceJson, type ZoneJson, zoneDetail, zoneDevicePage, zonePage } from '../api/orders.ts';
import type { GatewayContext } from '../gateway-context.ts';
import { findZoneDevices, findZones, type ZoneRow } from '../read-model/order-queries.ts';
import type { App } from './app.ts';
import { makePage, pageQuery, parseCursor } from './paging.ts';
import { answers, idParams, noQuery } from './parameters.ts';

/** GET /api/v1/zones, /api/v1/zones/{id}, /api/v1/zones/{id}/devices. */
export function addZoneRoutes(app: App, context: GatewayContext): void {
  const { readModel } = context;
  app.get(
    '/api/v1/zones',
    { schema: { tags: ['orders'], summary: 'Zones by id', querystring: pageQuery, response: answers(zonePage) } },
    async (request, reply) => {
      const { limit, cursor } = request.query;
      const after = parseCursor('zones', cursor, ['string'])?.[0] ?? null;
      const rows = await findZones(readModel.database, limit + 1, after);
      return makePage({ request, reply }, { name: 'zones', limit, positionOf: ({ id }: ZoneRow) => [id] }, rows, showRow);
    },
  );
  app.get(
    '/api/v1/zones/:id',
    {
      schema: {
        tags: ['orders'],
        summary: 'One zone with its order keys, its envelope and its documents, as they are in force',
        params: idParams,
        querystring: noQuery,
        response: answers(zoneDetail),
      },
    },
    async (request) => showZone(context, request.params.id),
  );
  addZoneDevices(app, context);
}

function addZoneDevices(app: App, { node, orders, readModel }: GatewayContext): void {
  app.get(
    '/api/v1/zones/:id/devices',
    {
      schema: {
        tags: ['orders'],
        summary: 'Devices of a zone by id, and how old their challenges are',
        params: idParams,
        querystring: pageQuery,
        response: answers(zoneDevicePage),
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      if (node.read(at(zoneKind, parseHex(id))) === null) throw formatError('ZONE_UNKNOWN', { zone: id });
      const { limit, cursor } = request.query;
      const after = parseCursor('zone devices', cursor, ['string'])?.[0] ?? '';
      const devices = await findZoneDevices(readModel.database, id, { limit: limit + 1, after });
      const rows = devices.map((one): ZoneDeviceJson => ({ ...one, challengeAgeMs: orders.challengeAgeMs(one.device) }));
      const list = { name: 'zone devices', limit, positionOf: ({ device }: ZoneDeviceJson) => [device] };
      return makePage({ request, reply }, list, rows, (row) => row);
    },
  );
}

function showRow({ id, name, domain, keys, envelope, device_count: deviceCount, from_height: fromHeight }: ZoneRow): ZoneJson {
  return { id, name, domain, keys, envelope, deviceCount, fromHeight };
}

/** From the state itself: whoever just changed it sees it. */
function showZone({ node, orders }: GatewayContext, id: string): ZoneDetailJson {
  const zone = parseHex(id);
  const record = node.read(at(zoneKind, zone));
  const keys = record === null ? null : node.read(at(zoneKeysKind, zone, record.keys));
  const envelopes = record === null ? null : node.read(at(zoneEnvelopeKind, zone, record.envelope));
  if (record === null || keys === null || envelopes === null) throw formatError('ZONE_UNKNOWN', { zone: id });
  const { from, ...facts } = record;
  return {
    ...{ id, ...facts, fromHeight: from },
    keySet: showKeySet(keys.statement, keys.signatures ?? []),
    envelopeInForce: showEnvelope(envelopes.statement, envelopes.signatures),
    documents: documentsOf(node, zone),
    challengedCount: orders.challenges.inZone(id)?.devices.size ?? 0,
  };
}

function showKeySet(statement: Uint8Array, signatures: readonly StatementSignature[]): ZoneDetailJson['keySet'] {
  const { version, keys, threshold, dangerousThreshold } = parseKeySet(statement);
  const shown = { statement: encodeBase64(statement), signatures: signatures.map(showSignature) };
  return { version, keys: keys.map(toHex), threshold, dangerousThreshold, ...shown };
}

function showEnvelope(statement: Uint8Array, signatures: readonly StatementSignature[]): ZoneDetailJson['envelopeInForce'] {
  const { version, dangerous, lifetimeMsMax, dangerousLifetimeMsMax, safe, rules } = parseEnvelope(statement);
  return {
    ...{ version, dangerous: [...dangerous], lifetimeMsMax, dangerousLifetimeMsMax },
    ...{ safe: safe.map(describeDirection), rules: rules.map(describeRule) },
    ...{ statement: encodeBase64(statement), signatures: signatures.map(showSignature) },
  };
}

function showSignature({ key, signature }: StatementSignature): { key: number; signature: string } {
  return { key, signature: encodeBase64(signature) };
}

function documentsOf(node: GatewayContext['node'], zone: Uint8Array): ZoneDetailJson['documents'] {
  return [...node.scan(prefixRange(zoneDocumentKind as unknown as AnyKind, [zone]))].map(({ value }) => {
    const { version, digest, statement, from } = parseState(zoneDocumentKind, value);
    const { name, body } = parseZoneDocument(statement);
    return { name, version, digest: toHex(digest), size: body.length, fromHeight: from };
  });
}
