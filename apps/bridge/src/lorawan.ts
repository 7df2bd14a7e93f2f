/** The bridge for LoRaWAN: a network server posts uplinks, and has 200 once they are durable, so that it may forget them. */

import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ERRORS } from '@oppidum/formats/error-catalogue';
import { FormatError, formatError } from '@oppidum/formats/errors';
import type { Bridge } from './bridge.ts';
import type { LorawanSettings } from './lorawan-settings.ts';
import { readUplink, type Uplink, valuesOf } from './uplink.ts';

const BODY_SIZE_MAX = 64 * 1024;
const CONNECTION_COUNT_MAX = 100;
const TIMEOUT_MS = 10_000;
/** Uplinks of one device that are known again, beyond the newest, which the outbox knows for good. */
const RECENT_COUNT = 64;
const TOKEN_LENGTH_MIN = 16;
const OTHERS = 0o077;

type Entry = LorawanSettings['devices'][number] & { readonly recent: Map<string, Promise<unknown>> };

/** A running listener. */
export type LorawanBridge = { readonly address: string; readonly stop: () => Promise<void> };

/** Starts listening. Throws KEY_FILE_MISSING, KEY_FILE_PERMISSIONS, KEY_FILE_INVALID for the token. */
export async function startLorawan(bridge: Bridge, settings: LorawanSettings): Promise<LorawanBridge> {
  const token = digest(readToken(settings.tokenFile));
  const entries = new Map(
    settings.devices.map((device) => [device.devEui.toLowerCase(), { ...device, recent: new Map<string, Promise<unknown>>() }]),
  );
  const server = createServer((request, response) => {
    answer(bridge, token, entries, request).then(
      ([status, body]) => send(response, status, body),
      (error: unknown) => refuse(bridge, response, error),
    );
  });
  server.headersTimeout = TIMEOUT_MS;
  server.requestTimeout = TIMEOUT_MS;
  server.maxConnections = CONNECTION_COUNT_MAX;
  const at = settings.listen.lastIndexOf(':');
  const host = settings.listen.slice(0, at).replace(/^\[|\]$/g, '');
  await new Promise<void>((resolve, reject) =>
    server.once('error', reject).listen(Number(settings.listen.slice(at + 1)), host, resolve),
  );
  const { port } = server.address() as AddressInfo;
  return { address: `http://${settings.listen.slice(0, at)}:${port}`, stop: () => stop(server) };
}

async function stop(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeIdleConnections();
  await closed;
}

function readToken(path: string): string {
  let text: string;
  try {
    if (process.platform !== 'win32' && (statSync(path).mode & OTHERS) !== 0) throw formatError('KEY_FILE_PERMISSIONS', { path });
    text = readFileSync(path, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw formatError('KEY_FILE_MISSING', { path });
    throw error;
  }
  if (text.length < TOKEN_LENGTH_MIN) throw formatError('KEY_FILE_INVALID', { path, want: `${TOKEN_LENGTH_MIN} characters` });
  return text;
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

type Answer = readonly [status: number, body: object];

async function answer(
  bridge: Bridge,
  token: Buffer,
  entries: ReadonlyMap<string, Entry>,
  request: IncomingMessage,
): Promise<Answer> {
  const given = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
  if (!timingSafeEqual(digest(given), token)) throw formatError('UPLINK_TOKEN_WRONG', {});
  if (request.method !== 'POST') throw formatError('UPLINK_INVALID', { want: 'POST' });
  const text = await readBody(request);
  const uplink = readUplink(text, new URL(request.url ?? '/', 'http://bridge').searchParams.get('event'));
  if (uplink === null) return [200, { ignored: 'no uplink' }];
  const entry = entries.get(uplink.devEui);
  if (entry === undefined) throw formatError('UPLINK_DEVICE_UNKNOWN', { devEui: uplink.devEui });
  return take(bridge, entry, uplink);
}

async function take(bridge: Bridge, entry: Entry, uplink: Uplink): Promise<Answer> {
  const fields = entry.ports[uplink.port];
  const values = fields === undefined ? [] : valuesOf(uplink, fields);
  if (values.length === 0) return [200, { ignored: fields === undefined ? 'port' : 'no value' }];
  const device = bridge.device(entry.name);
  // The same frame again: a network server repeats what it had no answer for.
  const frame = createHash('sha256').update(`${uplink.session}/${uplink.frameCount}/`).update(uplink.payload).digest();
  const name = frame.toString('hex');
  const cursor = frame.readUIntBE(0, 6);
  const underWay = entry.recent.get(name);
  if (underWay !== undefined || device.cursor === cursor) {
    // Durable, or not yet: an answer before that would let the network server forget it.
    await underWay;
    return [200, { known: true }];
  }
  const measured = device.measure(values, { cursor });
  entry.recent.set(name, measured);
  const [oldest] = entry.recent.keys();
  if (entry.recent.size > RECENT_COUNT && oldest !== undefined) entry.recent.delete(oldest);
  try {
    await measured;
  } catch (error) {
    entry.recent.delete(name);
    throw error;
  }
  bridge.log('uplink', { device: entry.name, frame: uplink.frameCount, values: values.length });
  return [200, { taken: values.length }];
}

async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > BODY_SIZE_MAX) throw formatError('TOO_LARGE', { sizeMax: BODY_SIZE_MAX });
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function refuse(bridge: Bridge, response: ServerResponse, error: unknown): void {
  if (!(error instanceof FormatError)) {
    // Cut off in the middle, or our own fault: the network server tries again.
    bridge.log('trouble', { code: (error as NodeJS.ErrnoException).code ?? 'UNEXPECTED' });
    response.destroy();
    return;
  }
  bridge.log('uplink refused', { code: error.code });
  const { httpStatus: status, message } = ERRORS[error.code];
  // What is left of the body is not read.
  response.setHeader('connection', 'close');
  send(response, status, { code: error.code, title: message, status, ...error.details }, 'application/problem+json');
}

function send(response: ServerResponse, status: number, body: object, type = 'application/json'): void {
  response.writeHead(status, { 'content-type': type }).end(`${JSON.stringify(body)}\n`);
}
