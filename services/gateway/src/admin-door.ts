/**
 * What only the owner of the data folder may ask: HTTP on a Unix socket in it, of mode 600. No network and no browser reaches it, so
 * whoever can open it is the user who runs the city; nothing else is asked for.
 *
 *   POST /erase   {device, legalBasis}   destroys the key of what a device of a personal model sent until now, in every shard here
 *   POST /shards  {number}               declares a telemetry shard, whose keys are made here, and starts its process
 *   POST /reindex {}                     deletes the read model and fills it anew, beside everything else; a second one meanwhile begins nothing
 *   GET  /reindex                        how far it is
 *   GET  /clones                         device keys found in two places, with the action that reports each
 *   GET  /keys                           API keys, without their secrets
 *   POST /keys        {owner, key}       makes one; its secret is in the answer and nowhere else
 *   POST /keys/revoke {owner, id}        revokes one, at once
 *   GET  /keys/log                       the newest entries of the log of access
 *   GET  /doors                          at which address this city is asked
 */

import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { LEGAL_BASES } from '@oppidum/formats/action-bodies';
import { type Bytes, encodeBase64, parseHex, toHex } from '@oppidum/formats/bytes';
import { FormatError, formatError } from '@oppidum/formats/errors';
import { encodeActions } from '@oppidum/formats/transaction';
import type { Awaitable, NodeClient } from '@oppidum/node/client';
import { listenOwnerOnly } from '@oppidum/node/unix-socket';
import type { TelemetryClient } from '@oppidum/telemetry/client';
import type { CloneFinding } from '@oppidum/telemetry/clones';
import type { OpenShard } from '@oppidum/telemetry/open-shard';
import type { Logger } from 'pino';
import { z } from 'zod';
import type { Access } from './access/access.ts';
import { answerKeys, parseAdminBody } from './access/admin-keys.ts';
import type { CloneJson, DoorsJson, ErasureJson, ReindexJson } from './api-types.ts';
import { hexId } from './http/parameters.ts';
import { makeProblem } from './http/problem.ts';
import type { ReadModel } from './read-model/read-model.ts';
import type { TamperDesk } from './tamper-desk.ts';

/** A shard in this process or in another. */
type AdminShard = Pick<OpenShard, 'erase'> & {
  readonly client: Pick<TelemetryClient, 'status'>;
  readonly clones: () => Awaitable<readonly CloneFinding[]>;
};

export type AdminDoorOptions = {
  readonly path: string;
  readonly shards: readonly AdminShard[];
  /** Declares the shard of this number and links to it; what was done before is not done again. */
  readonly declareShard?: (number: number) => Promise<void>;
  /** What `reindex` fills anew. */
  readonly readModel?: Pick<ReadModel, 'refill' | 'lag' | 'isCaughtUp'>;
  /** Where the API listens. */
  readonly http?: string;
  /** The newest block of the node. */
  readonly node?: Pick<NodeClient, 'head'>;
  /** Makes and revokes API keys. */
  readonly access?: Access;
  /** A copy of the city on it has what is erased, so it goes, too. */
  readonly tamperDesk?: Pick<TamperDesk, 'clear'> | null;
  readonly logger: Logger;
};

/** An open door; `close` lets what was begun end and removes the socket. */
export type AdminDoor = { readonly close: () => Promise<void> };

const BODY_SIZE_MAX = 1_024;
/** A thousand ids of devices that a key is for. */
const KEY_BODY_SIZE_MAX = 131_072;
const REQUEST_TIMEOUT_MS = 5_000;
/** Between two looks for clients that are too slow: they must not hold up a stop. */
const CHECK_INTERVAL_MS = 1_000;
const emptyRequest = z.strictObject({});
const shardRequest = z.strictObject({ number: z.int().min(1).max(63) });
const erasureRequest = z.strictObject({ device: hexId, legalBasis: z.enum(LEGAL_BASES) });

/** Opens the door, or says in the log why there is none: the city runs without it. */
export async function openAdminDoor(options: AdminDoorOptions): Promise<AdminDoor | null> {
  const { path, logger } = options;
  const server = createServer(
    { requestTimeout: REQUEST_TIMEOUT_MS, connectionsCheckingInterval: CHECK_INTERVAL_MS },
    (request, response) => {
      void answer(options, request, response);
    },
  );
  const reason = await listenOwnerOnly(server, path);
  if (reason !== null) {
    logger.warn({ path }, `no admin door: ${reason}`);
    return null;
  }
  const close = async (): Promise<void> => {
    // Removes the socket, too.
    await new Promise((resolve) => server.close(resolve));
  };
  return { close };
}

async function answer(options: AdminDoorOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const traceId = randomBytes(16).toString('hex');
  try {
    send(response, 200, await route(options, request));
  } catch (error) {
    const { code, details } = error instanceof FormatError ? error : { code: 'INTERNAL_FAULT' as const, details: {} };
    if (!(error instanceof FormatError)) {
      const { message, stack } = error as Error;
      options.logger.error({ traceId, error: { message, stack } }, 'a request at the admin door failed');
    }
    const problem = makeProblem(code, details, { url: request.url ?? '', id: traceId });
    send(response, problem.status, problem);
  }
}

async function route(options: AdminDoorOptions, request: IncomingMessage): Promise<object> {
  const { shards, declareShard, access, http, logger } = options;
  const { method, url } = request;
  if (method === 'POST' && url === '/erase') {
    const { device, legalBasis } = parseAdminBody(erasureRequest, await readBody(request, BODY_SIZE_MAX));
    const answer = await erase(options, parseHex(device, 32), legalBasis);
    await options.tamperDesk?.clear();
    logger.info({ legalBasis, count: answer.erasures.reduce((sum, { count }) => sum + count, 0) }, 'readings were erased');
    return answer;
  }
  if (http !== undefined && method === 'GET' && url === '/doors') return { http } satisfies DoorsJson;
  if (method === 'GET' && url === '/clones') return { items: (await Promise.all(shards.map(listClones))).flat() };
  if (declareShard !== undefined && method === 'POST' && url === '/shards') {
    const { number } = parseAdminBody(shardRequest, await readBody(request, BODY_SIZE_MAX));
    await declareShard(number);
    const shard = shards.map(({ client }) => client.status()).find((status) => status.number === number);
    if (shard === undefined) throw new Error('a declared shard is linked');
    return { shard: toHex(shard.id), number, origin: shard.origin };
  }
  if (url === '/reindex' && (method === 'POST' || method === 'GET')) {
    const begins = method === 'POST';
    if (begins) parseAdminBody(emptyRequest, await readBody(request, BODY_SIZE_MAX));
    const answer = await reindex(options, begins);
    if (answer !== null) return answer;
  }
  if (access !== undefined && url?.startsWith('/keys') === true) {
    const answer = answerKeys(access, `${method} ${url}`, await readBody(request, KEY_BODY_SIZE_MAX));
    if (answer !== null) return answer;
  }
  throw formatError('ROUTE_UNKNOWN', { method: method ?? '' });
}

/** Throws TOO_LARGE. */
async function readBody(request: IncomingMessage, sizeMax: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > sizeMax) throw formatError('TOO_LARGE', { sizeMax });
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/**
 * In every shard, whatever became of the one before: what was destroyed is answered, with the shards that could not be asked. Throws
 * ERASURE_EMPTY where no shard has anything; where nothing was destroyed, what the first shard that failed threw.
 */
async function erase(
  { shards, logger }: AdminDoorOptions,
  device: Bytes,
  legalBasis: (typeof LEGAL_BASES)[number],
): Promise<ErasureJson> {
  const erasures: ErasureJson['erasures'][number][] = [];
  const failures: { readonly shard: string; readonly error: unknown }[] = [];
  for (const { erase: eraseHere, client } of shards) {
    const shard = toHex(client.status().id);
    try {
      const { id, count } = await eraseHere(device, legalBasis);
      erasures.push({ shard, id: toHex(id), count });
    } catch (error) {
      if (!(error instanceof FormatError && error.code === 'READING_UNKNOWN')) failures.push({ shard, error });
    }
  }
  const [first] = failures;
  if (erasures.length === 0) throw first?.error ?? formatError('ERASURE_EMPTY', { device: toHex(device) });
  const missed = failures.map(({ shard, error }) => {
    if (error instanceof FormatError) return { shard, code: error.code };
    const { message, stack } = error as Error;
    logger.error({ shard, error: { message, stack } }, 'an erasure failed in a shard');
    return { shard, code: 'INTERNAL_FAULT' };
  });
  return { erasures, missed };
}

/** How far the read model is, after it was emptied where `begins`; null without one. */
async function reindex({ readModel, node, shards, logger }: AdminDoorOptions, begins: boolean): Promise<ReindexJson | null> {
  if (readModel === undefined || node === undefined) return null;
  if (begins) {
    await readModel.refill();
    logger.info('the read model is filled anew');
  }
  const { blocks, readings } = readModel.lag();
  const kept = shards.reduce((sum, { client }) => sum + client.status().size, 0);
  return {
    ...{ blocks: node.head().height + 1, readings: kept, behindBlocks: blocks, behindReadings: readings },
    level: readModel.isCaughtUp && blocks === 0 && readings === 0,
  };
}

async function listClones({ client, clones }: AdminShard): Promise<CloneJson[]> {
  const shard = toHex(client.status().id);
  return (await clones()).map(({ device, keyNumber, sequence, report }) => ({
    shard,
    device: toHex(device),
    keyNumber,
    sequence,
    report: report === null ? null : encodeBase64(encodeActions([report])),
  }));
}

function send(response: ServerResponse, status: number, body: object): void {
  response
    .writeHead(status, { 'content-type': status === 200 ? 'application/json' : 'application/problem+json', connection: 'close' })
    .end(JSON.stringify(body));
}
