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

/** Refuses a request that names two hosts (RFC 9112 §3.2: REQUEST_INVALID; somebody before us may have believed the other), then as `checkHost`. */
export function checkRequest(own: ReadonlySet<string>, { headers, rawHeaders }: IncomingMessage): Rejection | null {
  const hostCount = rawHeaders.filter((name, i) => i % 2 === 0 && name.toLowerCase() === 'host').length;
  return hostCount > 1 ? reject('REQUEST_INVALID', { header: 'host' }) : checkHost(own, headers);
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
