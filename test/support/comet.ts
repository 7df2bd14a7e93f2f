/** A real CometBFT for tests: a home in a temporary folder, a process that ends with the test. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { encodeCometGenesis } from '@oppidum/node/comet-genesis';
import { makeCometHome } from '@oppidum/node/comet-home';
import type { DataFolder } from '@oppidum/node/data-folder';
import { findProgram } from './programs.ts';
import { freshBytes } from './running-city.ts';

/** Where the two processes find each other, and the home. */
export type CometPlaces = { readonly home: string; readonly app: string; readonly rpc: string };

/** Makes the home of the only validator of a city, in this folder. */
export async function makeSoleHome(folder: string, city: DataFolder): Promise<CometPlaces> {
  const places = {
    home: join(folder, 'comet'),
    app: `unix://${join(folder, 'abci.sock')}`,
    rpc: `unix://${join(folder, 'rpc.sock')}`,
  };
  const validatorSeed = freshBytes(32);
  const validators = [{ name: 'validator-1', publicKey: ed25519Signer(validatorSeed).publicKey }];
  await makeCometHome({
    folder: places.home,
    crypto: nativeCrypto,
    genesisFile: encodeCometGenesis({ ...city, validators }),
    validatorSeed,
    nodeSeed: freshBytes(32),
    settings: { name: 'validator-1', app: places.app, rpc: places.rpc, p2p: `tcp://127.0.0.1:${await freePort()}`, peers: [] },
  });
  return places;
}

/** A running CometBFT. */
export type RunningComet = {
  /** Ends it; resolves when it is gone. */
  readonly stop: (signal?: NodeJS.Signals) => Promise<void>;
  /** What it said. */
  readonly said: () => string;
};

/** Starts CometBFT on a home; it tries to reach its application for as long as it lives. */
export function startComet({ home, rpc }: CometPlaces): RunningComet {
  // CometBFT does not listen where a dead one left its socket.
  rmSync(rpc.replace('unix://', ''), { force: true });
  const program = findProgram('cometbft');
  if (program === null) throw new Error('there is no cometbft on this machine');
  const child: ChildProcess = spawn(program, ['node', '--home', home], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (said += String(chunk)));
  const gone = once(child, 'exit');
  return {
    stop: async (signal = 'SIGTERM') => {
      child.kill(signal);
      await gone;
    },
    said: () => said,
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
