/** What city this is, its policy and its first document. Whoever wants to be sure pins the policy and asks for evidence. */

import { toHex } from '@oppidum/formats/bytes';
import { at } from '@oppidum/formats/state-layout';
import { shardKind } from '@oppidum/formats/state-telemetry';
import { type CityJson, city } from '../api-types.ts';
import { type GatewayContext, VERSION } from '../gateway-context.ts';
import type { App } from './app.ts';
import { answers, binaryAnswers, noQuery } from './parameters.ts';

/** GET /api/v1/city, /city.policy, /genesis.cbor. */
export function addCityRoutes(app: App, context: GatewayContext): void {
  const { node, genesisFile } = context;
  app.get(
    '/api/v1/city',
    { schema: { tags: ['city'], summary: 'The city and how far it is', querystring: noQuery, response: answers(city) } },
    async () => describeCity(context),
  );
  app.get(
    '/city.policy',
    { schema: { tags: ['city'], summary: 'The policy in force', response: binaryAnswers('C2SP tlog-policy', 'text/plain') } },
    (_request, reply) =>
      reply.type('text/plain; charset=utf-8').header('cache-control', 'no-cache').send(Buffer.from(node.policyFile())),
  );
  app.get(
    '/genesis.cbor',
    { schema: { tags: ['city'], summary: 'The genesis document', response: binaryAnswers('its CBOR', 'application/cbor') } },
    (_request, reply) => reply.type('application/cbor').header('cache-control', 'no-cache').send(Buffer.from(genesisFile)),
  );
}

function describeCity({ name, node, shards, readModel, mqttAddress }: GatewayContext): CityJson {
  const { height, timeMs, logSize } = node.head();
  const lag = readModel.lag();
  const checkpoint = node.checkpoint();
  return {
    name,
    genesis: toHex(node.genesisHash),
    origin: node.origin,
    engine: node.engine,
    height,
    timeMs,
    logSize,
    checkpoint: { size: checkpoint?.size ?? 0, published: checkpoint !== null },
    shards: shards.map((shard) => {
      const { id, number, origin, size, anchored, accepts } = shard.status();
      const status = node.read(at(shardKind, id))?.status ?? 'active';
      return { id: toHex(id), number, origin, status, size, anchoredSize: anchored?.size ?? 0, accepts };
    }),
    mqtt: mqttAddress(),
    readModel: { behindBlocks: lag.blocks, behindReadings: lag.readings },
    version: VERSION,
  };
}
