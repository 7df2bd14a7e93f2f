/** Where CometBFT connects: a unix socket or TCP, with the four connections that it opens (consensus, mempool, query, snapshot). */

import type { Server, Socket } from 'node:net';
import { Connection, type ConnectionOptions } from './connection.ts';
import { WireError } from './wire-error.ts';

export type AbciServerOptions = ConnectionOptions & {
  /** CometBFT opens four; a person with `abci-cli` another. More are closed at once. */
  readonly connectionCountMax?: number;
};

/** Takes the connections of a server, which listens wherever its caller says; the answer ends all of them. */
export function serveAbci(server: Server, options: AbciServerOptions): () => void {
  const connections = new Map<Socket, Connection>();
  const accept = (socket: Socket): void => {
    if (connections.size >= (options.connectionCountMax ?? 16)) {
      socket.destroy();
      return;
    }
    // Answers are short and awaited.
    socket.setNoDelay(true);
    connections.set(socket, new Connection(socket, options));
    socket.on('close', () => connections.delete(socket));
  };
  server.on('connection', accept);
  return () => {
    server.off('connection', accept);
    for (const connection of connections.values()) connection.close();
  };
}

/** Where to listen, as `server.listen` of node:net takes it. */
export type ListenAddress = { readonly path: string } | { readonly host: string; readonly port: number };

/** Reads an address as CometBFT's `proxy_app` has it: `unix:///run/city.sock`, `tcp://127.0.0.1:26658`. Throws ADDRESS_INVALID. */
export function parseAddress(address: string): ListenAddress {
  const unix = /^unix:\/\/(.+)$/.exec(address);
  if (unix?.[1] !== undefined) return { path: unix[1] };
  const tcp = /^tcp:\/\/(\[[0-9a-f:.]+\]|[^:/[\]]+):(\d{1,5})$/.exec(address);
  const [, host = '', port = ''] = tcp ?? [];
  if (tcp === null || Number(port) > 65_535)
    throw new WireError('ADDRESS_INVALID', `${address} is neither unix://PATH nor tcp://HOST:PORT`);
  return { host: host.replaceAll(/[[\]]/g, ''), port: Number(port) };
}
