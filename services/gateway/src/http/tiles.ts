/** The logs themselves, as C2SP tlog-tiles: anybody can monitor them, and rebuild every root. */

import { formatError } from '@oppidum/formats/errors';
import { serveTiles } from '@oppidum/node/serve-tiles';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { GatewayContext } from '../gateway-context.ts';
import type { App } from './app.ts';
import { binaryAnswers } from './parameters.ts';

type Serve = ReturnType<typeof serveTiles>;

const shardParams = z.object({ number: z.string(), '*': z.string() });
const response = binaryAnswers('checkpoint, or tile/…', 'text/plain', 'application/octet-stream');

/** GET /log/…, /shards/{number}/…, and the block log at the root, where a C2SP monitor that knows only the origin looks for it. */
export function addTileRoutes(app: App, { logFolder, shards }: GatewayContext): void {
  const serveLog = serveTiles(logFolder);
  const known = new Map<string, Serve>();
  // Shards are declared while the city runs.
  const serveShard = (number: string): Serve | undefined => {
    const shard = shards.find((candidate) => String(candidate.status().number) === number);
    if (shard !== undefined && !known.has(number)) known.set(number, serveTiles(shard.tilesFolder));
    return known.get(number);
  };
  app.get(
    '/log/*',
    { schema: { tags: ['logs'], summary: 'The block log', response } },
    // As sent, not as decoded: a path has one spelling.
    (request, reply) => sendTile(serveLog, request, reply, request.url.slice('/log'.length)),
  );
  app.get(
    '/checkpoint',
    { schema: { tags: ['logs'], summary: 'The newest checkpoint of the block log', response } },
    (request, reply) => sendTile(serveLog, request, reply, request.url),
  );
  app.get('/tile/*', { schema: { tags: ['logs'], summary: 'A tile of the block log', response } }, (request, reply) =>
    sendTile(serveLog, request, reply, request.url),
  );
  app.get(
    '/shards/:number/*',
    { schema: { tags: ['logs'], summary: 'The log of a telemetry shard', params: shardParams, response } },
    (request, reply) => {
      const { number } = request.params;
      return sendTile(serveShard(number), request, reply, request.url.slice(`/shards/${number}`.length));
    },
  );
}

async function sendTile(
  serve: Serve | undefined,
  request: FastifyRequest,
  reply: FastifyReply,
  path: string,
): Promise<FastifyReply> {
  const answer = await serve?.(path);
  if (answer === undefined || answer.status === 404) throw formatError('ROUTE_UNKNOWN', { method: request.method });
  return reply.type(answer.contentType).header('cache-control', answer.cacheControl).send(Buffer.from(answer.bytes));
}
