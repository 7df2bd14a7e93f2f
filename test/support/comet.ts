/** A real CometBFT for tests: a home in a temporary folder, a process that ends with the test. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { NEWEST_VERSION } from '@oppidum/formats/state-upgrades';
import { type CometPlaces, foundCluster } from '@oppidum/node/found-cluster';
import { freePorts } from './ports.ts';
import { findProgram } from './programs.ts';
import { freshBytes } from './running-city.ts';

/** Founds a city with one validator for each of these folders, each with the home of its CometBFT; by the newest rules unless a version of them is named. */
export async function foundTestCluster(folders: readonly string[], rulesVersion = NEWEST_VERSION): Promise<void> {
  const first = await freePorts(folders.length);
  const p2pPorts = folders.map((_, i) => first + i);
  const name = 'test.oppidum.example';
  const nowMs = Date.now();
  await foundCluster({ folders, p2pPorts, crypto: nativeCrypto, name, nowMs, randomBytes: freshBytes, rulesVersion });
}

/** A running CometBFT. */
export type RunningComet = {
  /** Ends it; resolves when it is gone. */
  readonly stop: (signal?: NodeJS.Signals) => Promise<void>;
  /** Resolves when it has ended. */
  readonly gone: Promise<unknown>;
  /** What it said. */
  readonly said: () => string;
};

/** Starts CometBFT on a home, with further flags; it tries to reach its application for as long as it lives. */
export function startComet({ home, rpc }: CometPlaces, flags: readonly string[] = []): RunningComet {
  // CometBFT does not listen where a dead one left its socket.
  rmSync(rpc.replace('unix://', ''), { force: true });
  const program = findProgram('cometbft');
  if (program === null) throw new Error('there is no cometbft on this machine');
  const child: ChildProcess = spawn(program, ['node', '--home', home, ...flags], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (said += String(chunk)));
  const gone = once(child, 'exit');
  return {
    stop: async (signal = 'SIGTERM') => {
      child.kill(signal);
      await gone;
    },
    gone,
    said: () => said,
  };
}
