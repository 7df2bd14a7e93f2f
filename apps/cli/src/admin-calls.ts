/**
 * Calls of the admin door of a running city: HTTP on the Unix socket in its data folder, which only the folder's owner may open.
 * Throws ADMIN_DOOR_CLOSED, a CliFailure with the code that the city gave, or CITY_ANSWER_INVALID.
 */

import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { formatError } from '@oppidum/formats/errors';
import type { ADMIN_SOCKET } from '@oppidum/gateway/api-types';
import { failureOf, parseJson } from './api.ts';
import { CliFailure, EXIT } from './failure.ts';

/** Only its type is the gateway's: a name that differs does not compile. */
const SOCKET: typeof ADMIN_SOCKET = 'admin.sock';
/** Erasing waits for the ledger. */
const TIMEOUT_MS = 60_000;

/** GET without `body`, else POST of it as JSON. */
export async function callAdmin<T>(
  { data }: { readonly data: string },
  path: string,
  body?: object,
  timeoutMs = TIMEOUT_MS,
): Promise<T> {
  const socketPath = join(data, SOCKET);
  const response = await send(socketPath, path, { body, timeoutMs }).catch((error: NodeJS.ErrnoException) => {
    throw failureToReach(socketPath, error);
  });
  const parts: Buffer[] = [];
  for await (const part of response as AsyncIterable<Buffer>) parts.push(part);
  const answer = new Uint8Array(Buffer.concat(parts));
  const { statusCode = 0 } = response;
  if (statusCode !== 200) throw failureOf(statusCode, path, answer);
  return parseJson<T>(answer);
}

type Sent = { readonly body: object | undefined; readonly timeoutMs: number };

function send(socketPath: string, path: string, { body, timeoutMs }: Sent): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const method = body === undefined ? 'GET' : 'POST';
    const call = request({ socketPath, path, method, signal: AbortSignal.timeout(timeoutMs) }, resolve).once('error', reject);
    call.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

function failureToReach(socketPath: string, { code, name }: NodeJS.ErrnoException): Error {
  if (code === 'EACCES' || code === 'EPERM')
    return new CliFailure(`Only the owner of the data folder may open ${socketPath}`, {
      exitCode: EXIT.notAllowed,
      action: 'Run this as the user who runs the city',
    });
  return formatError('ADMIN_DOOR_CLOSED', { socket: socketPath, reason: code ?? name });
}
