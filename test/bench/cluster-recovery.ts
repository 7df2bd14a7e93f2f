/**
 * How soon a validator that was lost votes again, of four on this machine: one that lost everything but its keys and what it signed last,
 * by state sync; and one that was killed, by the blocks that it missed. The first runs in this process and is given one transaction after
 * the other, so that there are many small blocks; the others are processes. `seconds` bounds the making of blocks.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { folderEngine } from '@oppidum/node/comet-process';
import { openDataFolder } from '@oppidum/node/data-folder';
import { cometPlaces } from '@oppidum/node/found-cluster';
import { changeNodeSettings } from '@oppidum/node/node-settings';
import { resetNode } from '@oppidum/node/reset-node';
import { foundTestCluster } from '../support/comet.ts';
import { freePorts } from '../support/ports.ts';
import { envelopeOf, execute, freshAccount, type RunningCity, runCity } from '../support/running-city.ts';
import type { BenchFigures, BenchOptions } from './bench.ts';

const VALIDATOR_COUNT = 4;
const BLOCK_COUNT = 10_000;
const MISSED_COUNT = 500;
const PAUSE_MS = 50;
const VALIDATOR = fileURLToPath(import.meta.resolve('@oppidum/node/validator-main'));

/** Figures: `blocks` before the loss, `stateSyncS`, `missedBlocks`, `replayS`: seconds from the start of its process to its vote in a commit. */
export async function benchClusterRecovery({ seconds, say }: BenchOptions): Promise<BenchFigures> {
  const root = mkdtempSync(join(tmpdir(), 'oppidum-bench-recovery-'));
  const paths = Array.from({ length: VALIDATOR_COUNT }, (_, i) => join(root, String(i + 1))) as [string, string, string, string];
  await foundTestCluster(paths);
  const port = await freePorts(2);
  const doors = [0, 1].map((i) => `127.0.0.1:${port + i}`) as [string, string];
  for (const [i, lightDoor] of doors.entries()) await changeNodeSettings(paths[i] as string, { lightDoor });
  const urls = doors.map((door) => `http://${door}`) as [string, string];
  const children = new Map(paths.slice(1).map((path) => [path, startValidator(path)]));
  let city: RunningCity | null = null;
  try {
    city = await openFirst(paths[0]);
    const lost = paths[3];
    const address = addressOf(lost);
    await makeBlocks(city, BLOCK_COUNT, seconds * 1_000, say);
    const blocks = city.client.head().height;
    await kill(children.get(lost), 'SIGTERM');
    const folder = await openDataFolder({ folder: lost, crypto });
    const { isSynced } = await resetNode({ folder, crypto, doors: urls });
    folder.release();
    if (!isSynced) throw new Error('no snapshot is offered: more blocks are needed');
    const restart = async (): Promise<number> => {
      const startMs = performance.now();
      children.set(lost, startValidator(lost));
      await untilVote(city as RunningCity, urls[0], address);
      return (performance.now() - startMs) / 1_000;
    };
    const stateSyncS = await restart();
    say(`votes again after ${stateSyncS.toFixed(1)} s, by state sync at ${blocks} blocks`);
    await kill(children.get(lost), 'SIGKILL');
    const before = city.client.head().height;
    await makeBlocks(city, MISSED_COUNT, seconds * 1_000, say);
    const missedBlocks = city.client.head().height - before;
    const replayS = await restart();
    return { blocks, stateSyncS, missedBlocks, replayS };
  } finally {
    await city?.stop();
    await Promise.all([...children.values()].map((child) => kill(child, 'SIGTERM')));
    rmSync(root, { recursive: true, force: true });
  }
}

async function openFirst(path: string): Promise<RunningCity> {
  const folder = await openDataFolder({ folder: path, crypto });
  const startEngine = folderEngine({ folder, crypto, onLine: () => undefined });
  if (startEngine === undefined) throw new Error('a cluster has a home of CometBFT');
  return runCity(folder, { startEngine });
}

/** A group of processes of its own, so that its CometBFT is killed with it. */
function startValidator(path: string): ChildProcess {
  return spawn(process.execPath, [VALIDATOR, '--data', path], { stdio: 'ignore', detached: true });
}

async function kill(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  if (signal === 'SIGKILL') process.kill(-child.pid, signal);
  else child.kill(signal);
  await once(child, 'exit');
}

/** One transaction after the other: each makes a block, and its app hash another. */
async function makeBlocks(city: RunningCity, count: number, msMax: number, say: (text: string) => void): Promise<void> {
  const startMs = performance.now();
  const from = city.client.head().height;
  let told = from;
  while (city.client.head().height < from + count && performance.now() - startMs < msMax) {
    await createAccount(city);
    const { height } = city.client.head();
    if (height - told < 1_000) continue;
    told = height;
    say(`block ${height}`);
  }
}

async function createAccount({ client, operator }: RunningCity): Promise<void> {
  const { code } = await execute(client, envelopeOf(client, operator, [freshAccount().action]));
  if (code !== 'OK') throw new Error(`an account was refused: ${code}`);
}

function addressOf(path: string): string {
  const file = join(cometPlaces(path).home, 'config', 'priv_validator_key.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { readonly address: string }).address;
}

/** Until the newest commit has a vote of this validator; the city goes on meanwhile. */
async function untilVote(city: RunningCity, door: string, address: string): Promise<void> {
  for (;;) {
    await createAccount(city);
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'commit', params: {} });
    if ((await (await fetch(door, { method: 'POST', body })).text()).includes(address)) return;
    await sleep(PAUSE_MS);
  }
}
