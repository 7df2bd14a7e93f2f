/**
 * A narrow door for light clients and nodes that begin, over HTTP: the few questions of CometBFT's RPC that only read blocks and
 * validators, and what `oppidum node join` needs. CometBFT's own RPC stays on a socket that its owner alone may open. Nothing here submits,
 * and nothing needs to be believed: headers are proven by signatures, checkpoints by the policy, state by the app hash. Off unless asked.
 *
 *   POST /             one JSON-RPC 2.0 call of `METHODS`
 *   GET  /join         `join-wire.ts`
 *   GET  /checkpoint   the published checkpoint, a signed note
 *   GET  /policies     heights of the changes of policy of which evidence is kept here, a JSON list
 *   GET  /policies/H   that evidence
 */

import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseAddress } from '@oppidum/abci/server';
import type { Bytes } from '@oppidum/formats/bytes';
import { FormatError, formatError } from '@oppidum/formats/errors';
import { limitNetworks, NetworkShares } from './network-limit.ts';

export type LightDoorOptions = {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** CometBFT's `rpc.laddr`. */
  readonly rpc: string;
  /** JSON of `GET /join`. Throws ENGINE_AWAY. */
  readonly join: () => Promise<string>;
  readonly checkpoint: () => Bytes | null;
  /** Evidence of changes of policy, by height. */
  readonly successors: () => Promise<readonly number[]>;
  readonly successor: (height: number) => Promise<Bytes | null>;
  /** Of a connection on which nothing moves; whoever takes no answer holds its place and its memory. */
  readonly idleMs?: number;
};

/** An open door. */
export type LightDoor = { readonly url: string; readonly close: () => Promise<void> };

/** Everything that may be asked, with the parameters that it may carry (CometBFT v0.38, rpc/core/routes.go). */
const METHODS: Readonly<Record<string, readonly string[]>> = {
  health: [],
  status: [],
  genesis: [],
  commit: ['height'],
  validators: ['height', 'page', 'per_page'],
  consensus_params: ['height'],
  header: ['height'],
  block: ['height'],
};

const REQUEST_SIZE_MAX = 4_096;
/** A block of 4 MiB in base64, with its commit. */
const ANSWER_SIZE_MAX = 8 * 2 ** 20;
const CONNECTION_COUNT_MAX = 64;
const ASKED_COUNT_MAX = 16;
/** Of these, so many for one network (IPv4 address, IPv6 /64). */
const NETWORK_CONNECTION_COUNT_MAX = 16;
const NETWORK_ASKED_COUNT_MAX = 4;
const TIMEOUT_MS = 10_000;
/** `GET /join` is put together once for all who ask within so long. */
const JOIN_FRESH_MS = 1_000;
const POLICY_PATH = /^\/policies\/([1-9]\d{0,15})$/;
const NUMBER = /^(0|[1-9]\d{0,15})$/;

type Call = { readonly id: number | string; readonly method: string; readonly params: Readonly<Record<string, string>> };

/** Opens it. Rejects where the address cannot be had. */
export async function openLightDoor(options: LightDoorOptions): Promise<LightDoor> {
  const door = new Door(options);
  const server = createServer({ requestTimeout: TIMEOUT_MS, headersTimeout: TIMEOUT_MS }, (asked, answer) =>
    door.serve(asked, answer),
  );
  server.maxConnections = CONNECTION_COUNT_MAX;
  limitNetworks(server, NETWORK_CONNECTION_COUNT_MAX);
  // Without it whoever reads no answer would keep the door closed to everybody else, for ever.
  server.setTimeout(options.idleMs ?? TIMEOUT_MS * 2);
  await listen(server, options);
  const { address, port, family } = server.address() as AddressInfo;
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

class Door {
  readonly #options: LightDoorOptions;
  #askedCount = 0;
  readonly #shares = new NetworkShares(NETWORK_ASKED_COUNT_MAX);
  #join: { readonly answer: Promise<string>; readonly atMs: number } | null = null;

  constructor(options: LightDoorOptions) {
    this.#options = options;
  }

  serve(asked: IncomingMessage, answer: ServerResponse): void {
    this.#route(asked, answer).catch((error: Error) => {
      if (answer.headersSent) answer.destroy();
      else refuse(answer, error instanceof FormatError ? 503 : 500, error instanceof FormatError ? error.message : 'failed');
    });
  }

  async #route(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
    const path = asked.url ?? '';
    if (asked.method === 'GET' && path === '/join') return reply(answer, 'application/json', await this.#joinAnswer());
    if (asked.method === 'GET' && path === '/checkpoint') {
      const note = this.#options.checkpoint();
      return note === null ? refuse(answer, 404, 'no checkpoint yet') : reply(answer, 'text/plain; charset=utf-8', note);
    }
    if (asked.method === 'GET' && path === '/policies')
      return reply(answer, 'application/json', `${JSON.stringify(await this.#options.successors())}\n`);
    const [, height] = (asked.method === 'GET' ? POLICY_PATH.exec(path) : null) ?? [];
    if (height !== undefined) {
      const file = await this.#options.successor(Number(height));
      return file === null ? refuse(answer, 404, 'no such change of policy') : reply(answer, 'application/cbor', file);
    }
    if (asked.method !== 'POST' || path !== '/') return refuse(answer, 404, 'no such question');
    const call = parseCall(await readBody(asked));
    if (call === null) return refuse(answer, 403, `only one call of ${Object.keys(METHODS).join(', ')}`);
    const giveBack = this.#askedCount < ASKED_COUNT_MAX ? this.#shares.take(asked.socket.remoteAddress ?? '') : null;
    if (giveBack === null) return refuse(answer, 429, 'too many at once');
    this.#askedCount++;
    try {
      reply(answer, 'application/json', await askComet(this.#options.rpc, call, ANSWER_SIZE_MAX));
    } finally {
      this.#askedCount--;
      giveBack();
    }
  }

  /** Proofs are made of the thread that votes: however many ask, once a second. */
  #joinAnswer(): Promise<string> {
    const nowMs = performance.now();
    if (this.#join === null || nowMs - this.#join.atMs > JOIN_FRESH_MS)
      this.#join = { answer: this.#options.join(), atMs: nowMs };
    return this.#join.answer;
  }
}

/** One call to CometBFT, written anew: what it reads is what was understood here. Throws ENGINE_AWAY. */
export function askComet(rpc: string, { id, method, params }: Call, sizeMax: number): Promise<string> {
  const address = parseAddress(rpc);
  const body = JSON.stringify({ jsonrpc: '2.0', id, method, params });
  const where = 'path' in address ? { socketPath: address.path } : address;
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const away = (error: NodeJS.ErrnoException): void => reject(formatError('ENGINE_AWAY', { why: error.code ?? error.message }));
    const asking = request({ ...where, method: 'POST', path: '/', headers, timeout: TIMEOUT_MS }, (got) => {
      const parts: Buffer[] = [];
      let size = 0;
      got.on('data', (part: Buffer) => {
        size += part.length;
        if (size > sizeMax) asking.destroy(new Error('too large an answer'));
        else parts.push(part);
      });
      got.on('error', away);
      got.on('end', () => resolve(Buffer.concat(parts).toString('utf8')));
    });
    asking.on('timeout', () => asking.destroy(new Error('no answer in time')));
    asking.on('error', away);
    asking.end(body);
  });
}

/** A call of the list with numbers for parameters, or null. */
function parseCall(body: string | null): Call | null {
  const value = body === null ? null : parseJson(body);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const { id, method, params = {} } = value as Readonly<Record<string, unknown>>;
  if (typeof method !== 'string' || !Object.hasOwn(METHODS, method)) return null;
  if (!(Number.isSafeInteger(id) || (typeof id === 'string' && id.length <= 64))) return null;
  if (typeof params !== 'object' || params === null || Array.isArray(params)) return null;
  const given = Object.entries(params).filter(([, each]) => each !== null);
  const isAllowed = given.every(([name, each]) => METHODS[method]?.includes(name) === true && NUMBER.test(String(each)));
  if (!isAllowed) return null;
  return { id: id as number | string, method, params: Object.fromEntries(given.map(([name, each]) => [name, String(each)])) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Null where it is too large. */
async function readBody(asked: IncomingMessage): Promise<string | null> {
  let body = '';
  for await (const part of asked.setEncoding('utf8')) {
    body += part;
    if (body.length > REQUEST_SIZE_MAX) return null;
  }
  return body;
}

function reply(answer: ServerResponse, type: string, body: string | Uint8Array, status = 200): void {
  answer.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body), 'cache-control': 'no-store' });
  answer.end(body);
}

function refuse(answer: ServerResponse, status: number, why: string): void {
  if (status === 403 || status === 404) answer.setHeader('connection', 'close');
  reply(answer, 'application/json', `${JSON.stringify({ error: why })}\n`, status);
}

function listen(server: Server, { host, port }: Pick<LightDoorOptions, 'host' | 'port'>): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
