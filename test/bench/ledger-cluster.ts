/**
 * The ledger under CometBFT, four validators on this machine: the first in this process together with the clients, the others as
 * processes of their own. 100,000 accounts, each adding keys to itself by transactions that it signed; each is answered when a block
 * that holds it is durable here. All are given to the first validator, and gossip does the rest.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { folderEngine } from '@oppidum/node/comet-process';
import { openDataFolder } from '@oppidum/node/data-folder';
import { foundTestCluster } from '../support/comet.ts';
import { runCity } from '../support/running-city.ts';
import type { BenchFigures, BenchOptions } from './bench.ts';
import { createAccounts, loadLedger } from './ledger-load.ts';

const VALIDATOR_COUNT = 4;
const ACCOUNT_COUNT = 100_000;
const LOADING_TOGETHER = 24;
const IN_FLIGHT = 2_000;
const SIGNED_PER_SECOND = 5_000;
const VALIDATOR = fileURLToPath(import.meta.resolve('@oppidum/node/validator-main'));

/** Figures: `perSecond`, `p50Ms`, `p95Ms` (from sending to the durable answer of the first validator), `perBlock`. */
export async function benchLedgerCluster({ seconds, say }: BenchOptions): Promise<BenchFigures> {
  const root = mkdtempSync(join(tmpdir(), 'oppidum-bench-cluster-'));
  const [first, ...others] = Array.from({ length: VALIDATOR_COUNT }, (_, i) => join(root, String(i + 1))) as [
    string,
    ...string[],
  ];
  await foundTestCluster([first, ...others]);
  const children = others.map((data) =>
    spawn(process.execPath, [VALIDATOR, '--data', data], { stdio: ['ignore', 'ignore', 'ignore'] }),
  );
  try {
    const folder = await openDataFolder({ folder: first, crypto });
    const startEngine = folderEngine({ folder, crypto, onLine: () => undefined });
    if (startEngine === undefined) throw new Error('a cluster has a home of CometBFT');
    const city = await runCity(folder, { startEngine, publishIntervalMs: 250 });
    const signers = await createAccounts(city, ACCOUNT_COUNT, LOADING_TOGETHER);
    say(`${signers.length} accounts loaded`);
    const figures = await loadLedger(city, signers, { seconds, signedPerSecond: SIGNED_PER_SECOND, inFlight: IN_FLIGHT, say });
    await city.stop();
    return figures;
  } finally {
    await Promise.all(children.map(end));
    rmSync(root, { recursive: true, force: true });
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}
