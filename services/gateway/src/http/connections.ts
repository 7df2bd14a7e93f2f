/** How many of the connections of the HTTP door one network may hold: nobody elsewhere keeps all others out by holding them. */

import type { Server, Socket } from 'node:net';
import { isLoopback } from '../access/caller.ts';
import { networkOf } from '../networks.ts';

/** Of the 1,024 of the door. */
const NETWORK_CONNECTION_COUNT_MAX = 256;

/** Hangs up on connections of a network (IPv4 address, IPv6 /64) that has as many already; this machine, so a proxy on it, has no limit. */
export function limitNetworks(server: Pick<Server, 'on'>): void {
  const counts = new Map<string, number>();
  server.on('connection', (socket: Socket) => {
    const { remoteAddress } = socket;
    // Without an address it is gone already.
    if (remoteAddress === undefined || isLoopback(remoteAddress)) return;
    const network = networkOf(remoteAddress);
    const count = counts.get(network) ?? 0;
    if (count >= NETWORK_CONNECTION_COUNT_MAX) {
      socket.destroy();
      return;
    }
    counts.set(network, count + 1);
    socket.once('close', () => {
      const left = (counts.get(network) as number) - 1;
      if (left === 0) counts.delete(network);
      else counts.set(network, left);
    });
  });
}
