/** An ABCI server for a test, on TCP or a unix socket, with a client that is connected to it. */

import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type NetConnectOpts } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AbciServerOptions, parseAddress, serveAbci } from '@oppidum/abci/server';
import type { Response } from 'cosmjs-types/tendermint/abci/types';
import { AbciClient } from './abci-client.ts';
import { abciStore } from './abci-store.ts';

export type Served = { readonly address: NetConnectOpts; readonly client: AbciClient; readonly faults: Error[] };

/** Serves an application for as long as `use` runs. */
export async function withAbciServer(
  use: (served: Served) => Promise<void>,
  options: Partial<AbciServerOptions> = {},
  kind: 'tcp' | 'unix' = 'tcp',
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'oppidum-abci-'));
  const server = createServer();
  server.listen(parseAddress(kind === 'unix' ? `unix://${join(folder, 'abci.sock')}` : 'tcp://127.0.0.1:0'));
  await once(server, 'listening');
  const faults: Error[] = [];
  const stop = serveAbci(server, { application: abciStore(), onFault: (error) => faults.push(error), ...options });
  const bound = server.address() as AddressInfo | string;
  const address = typeof bound === 'string' ? { path: bound } : { host: bound.address, port: bound.port };
  const client = await AbciClient.open(address);
  try {
    await use({ address, client, faults });
  } finally {
    client.close();
    stop();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Which response it is, by its name; `closed` where the other end has closed the connection. */
export function kindOf(response: Response | null): string {
  return Object.entries(response ?? {}).find(([, value]) => value !== undefined)?.[0] ?? 'closed';
}
