/** The HTTP face of a witness: one path, small bodies, short patience. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Bytes, concatBytes } from '@oppidum/formats/bytes';
import type { Witness, WitnessAnswer } from './witness.ts';
import { REQUEST_SIZE_MAX } from './witness-request.ts';

const TEXT = 'text/plain; charset=utf-8';

/** A listening witness; `close` lets answers under way finish. */
export type WitnessServer = { readonly host: string; readonly port: number; readonly close: () => Promise<void> };

/** Serves `POST /add-checkpoint`; port 0 takes a free one. `onFault` hears of what was not the client's fault. */
export async function serveWitness(options: {
  readonly witness: Witness;
  readonly host: string;
  readonly port: number;
  readonly onFault: (error: Error) => void;
}): Promise<WitnessServer> {
  const { witness, host, port, onFault } = options;
  const server = createServer({ maxHeaderSize: 8_192, headersTimeout: 5_000, requestTimeout: 10_000 }, (request, response) => {
    answerRequest(witness, request).then(
      (answer) => send(response, answer),
      (error: Error) => {
        onFault(error);
        send(response, { status: 500, contentType: TEXT, body: 'the witness failed\n' });
      },
    );
  });
  server.maxConnections = 256;
  server.maxRequestsPerSocket = 1_000;
  server.keepAliveTimeout = 30_000;
  await listen(server, port, host);
  const address = server.address() as AddressInfo;
  return { host: address.address, port: address.port, close: () => closeServer(server) };
}

async function answerRequest(witness: Witness, request: IncomingMessage): Promise<WitnessAnswer> {
  if (request.url !== '/add-checkpoint') return { status: 404, contentType: TEXT, body: 'POST /add-checkpoint\n' };
  if (request.method !== 'POST') return { status: 405, contentType: TEXT, body: 'POST /add-checkpoint\n' };
  const body = await readBody(request);
  if (body === null) return { status: 413, contentType: TEXT, body: `at most ${REQUEST_SIZE_MAX} bytes\n` };
  return witness.addCheckpoint(body);
}

/** The body, or null beyond the limit. */
async function readBody(request: IncomingMessage): Promise<Bytes | null> {
  const parts: Bytes[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Uint8Array>) {
    size += part.length;
    if (size > REQUEST_SIZE_MAX) return null;
    parts.push(part);
  }
  return concatBytes(...parts);
}

function send(response: ServerResponse, { status, contentType, body }: WitnessAnswer): void {
  if (response.destroyed) return;
  response.writeHead(status, {
    'content-type': contentType,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    // The rest of a body that is too large is not read.
    ...(status === 413 ? { connection: 'close' } : {}),
  });
  response.end(body);
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
}
