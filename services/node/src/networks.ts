/** Whose an address is: what one customer of the net can have many of counts as one. */

import { isIPv6 } from 'node:net';

/** Groups of a written IPv6 address that name a network of one customer: /64 (RFC 4291 §2.5.4). */
const NETWORK_GROUPS = 4;
/** RFC 1122 §3.2.1.3 (g), RFC 4291 §2.5.3, and the first inside IPv6 (§2.5.5.2). */
const LOOPBACK_ADDRESS = /^(127\.[0-9.]+|::1|::ffff:127\.[0-9.]+)$/;

/** An IPv4 address as it stands, also when it is written as IPv6; of IPv6 the network, of which one customer has all addresses. */
export function networkOf(address: string): string {
  const mapped = address.replace(/^::ffff:(?=[0-9.]+$)/i, '');
  if (!isIPv6(mapped)) return mapped;
  const [head = '', tail] = (mapped.split('%')[0] as string).split('::');
  const groups = head === '' ? [] : head.split(':');
  const last = tail === undefined || tail === '' ? [] : tail.split(':');
  const missing = Array.from({ length: tail === undefined ? 0 : 8 - groups.length - last.length }, () => '0');
  return [...groups, ...missing, ...last].slice(0, NETWORK_GROUPS).join(':');
}

/** True for an address that only this machine has. */
export function isLoopback(address: string): boolean {
  return LOOPBACK_ADDRESS.test(address);
}
