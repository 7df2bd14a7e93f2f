/** How much of a door one network may hold: nobody elsewhere keeps all others out by holding it. This machine, so a proxy on it, has no limit. */

import type { Server, Socket } from 'node:net';
import { isLoopback, networkOf } from './networks.ts';

/** What each network (IPv4 address, IPv6 /64) holds of something. */
export class NetworkShares {
  readonly #countMax: number;
  readonly #counts = new Map<string, number>();

  constructor(countMax: number) {
    this.#countMax = countMax;
  }

  /** Takes one, and answers how it is given back; null where the network of this address holds as many already. */
  take(address: string): (() => void) | null {
    if (isLoopback(address)) return () => undefined;
    const network = networkOf(address);
    const count = this.#counts.get(network) ?? 0;
    if (count >= this.#countMax) return null;
    this.#counts.set(network, count + 1);
    return () => {
      const left = (this.#counts.get(network) as number) - 1;
      if (left === 0) this.#counts.delete(network);
      else this.#counts.set(network, left);
    };
  }
}

/** Hangs up on connections of a network that has so many already. */
export function limitNetworks(server: Pick<Server, 'on'>, countMax: number): void {
  const shares = new NetworkShares(countMax);
  server.on('connection', (socket: Socket) => {
    const { remoteAddress } = socket;
    // Without an address it is gone already.
    if (remoteAddress === undefined) return;
    const giveBack = shares.take(remoteAddress);
    if (giveBack === null) socket.destroy();
    else socket.once('close', giveBack);
  });
}
