/**
 * Whether who calls is on this machine. A program that passes on what others send (a reverse proxy here) also calls from here, so whoever
 * says that it passes something on, or asks for us by another name than this machine's, is nobody from here. A tunnel that says nothing
 * cannot be told apart: where there is one, set `anonymous: nobody`.
 */

import type { IncomingMessage } from 'node:http';
import { isLoopback } from '@oppidum/node/networks';

/** RFC 7239 §4, RFC 9110 §7.6.3, RFC 8586, what proxies said before, and what those in front of many sites say. */
const FORWARDER =
  /^(forwarded|via|cdn-loop|x-(forwarded|original|envoy)(-.*)?|x-(real|appengine-user)-ip|([a-z-]+-)?client-?ip|cf-connecting-ip)$/;
const LOOPBACK_NAME = /^(127\.[0-9.]+|localhost|\[::1\])(:[0-9]+)?$/i;

/** What of a request tells it. */
export type Caller = Pick<IncomingMessage, 'headers' | 'rawHeaders' | 'httpVersion'> & {
  readonly socket: { readonly remoteAddress?: string | undefined };
};

/** True for a request from this machine that nobody passed on. */
export function isHere({ headers, socket, httpVersion }: Caller): boolean {
  // A proxy that nobody set up well (nginx as it comes) calls us by the name of this machine and says nothing, but it speaks HTTP/1.0.
  if (httpVersion !== '1.1') return false;
  if (!isLoopback(socket.remoteAddress ?? '')) return false;
  if (!LOOPBACK_NAME.test(headers.host ?? '')) return false;
  return !Object.keys(headers).some((name) => FORWARDER.test(name));
}
