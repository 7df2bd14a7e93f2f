/**
 * Who may talk to this service through a browser. A page of another site can make a browser send requests here, and a name of its own
 * can be made to point here (DNS rebinding): so the Host must be ours, and an Origin, where there is one, the same host and port.
 */

import type { IncomingMessage } from 'node:http';
import type { Rejection } from '@oppidum/formats/errors';
import { reject } from '@oppidum/formats/errors';

/** Names under which a loopback address is known. */
const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]'];
const WILDCARDS = new Set(['0.0.0.0', '::', '[::]']);
/** RFC 9110 §7.2: a name, an IPv4 address or an IPv6 address in brackets, perhaps with a port. */
const HOST_FORM = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::[0-9]{1,5})?$/;

/** The names that a service bound to `host` answers to, with those the configuration adds. */
export function ownHosts(host: string, added: readonly string[]): ReadonlySet<string> {
  const bound = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  const names = WILDCARDS.has(host) ? LOOPBACK : [...LOOPBACK, bound];
  return new Set([...names, ...added].map((name) => name.toLowerCase()));
}

/** Headers that say one thing each: who reads the first and who reads the last would understand two requests (RFC 9112 §3.2 for Host). */
const ONCE = new Set([
  ...['host', 'origin', 'authorization', 'content-type', 'content-length', 'content-encoding', 'transfer-encoding'],
  ...['idempotency-key', 'last-event-id'],
]);

/** Refuses a request that says one of them twice (REQUEST_INVALID), then as `checkHost`. */
export function checkRequest(own: ReadonlySet<string>, { headers, rawHeaders }: IncomingMessage): Rejection | null {
  const seen = new Set<string>();
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] as string).toLowerCase();
    if (ONCE.has(name) && seen.has(name)) return reject('REQUEST_INVALID', { header: name });
    seen.add(name);
  }
  return checkHost(own, headers);
}

/** Refuses a foreign Host or Origin: HOST_FOREIGN. */
export function checkHost(
  own: ReadonlySet<string>,
  headers: { readonly host?: string | undefined; readonly origin?: string | undefined },
): Rejection | null {
  const host = (headers.host ?? '').toLowerCase();
  const name = HOST_FORM.exec(host)?.[1];
  if (name === undefined || !own.has(name)) return reject('HOST_FOREIGN', { header: 'host' });
  const { origin } = headers;
  if (origin === undefined) return null;
  const isOwn = origin.toLowerCase() === `http://${host}` || origin.toLowerCase() === `https://${host}`;
  return isOwn ? null : reject('HOST_FOREIGN', { header: 'origin' });
}
