/**
 * A city of four validators with a long history, made in minutes. Its first validator was alone for nearly all of it, for a block of one
 * costs a quarter of the work and waits for nobody, and it lay where a disk waits for nothing; then it was moved to the disk, three nodes
 * were founded that have its blocks already, and the council decided that they are validators, too. So the blocks, their transactions, the
 * log, the state and the headers are as many as they would be, and what makes them is what always does.
 */

import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { policyOfValidators } from '@oppidum/formats/city-policy';
import { encodePolicy } from '@oppidum/formats/policy';
import { at } from '@oppidum/formats/state-layout';
import { type Validator, validatorSetKind } from '@oppidum/formats/state-validators';
import { folderEngine } from '@oppidum/node/comet-process';
import { openDataFolder } from '@oppidum/node/data-folder';
import { cometPlaces } from '@oppidum/node/found-cluster';
import { foundTestCluster } from '../support/comet.ts';
import { foundReader } from '../support/members.ts';
import { actionOf, envelopeOf, execute, freshAccount, freshBytes, type RunningCity, runCity } from '../support/running-city.ts';
import type { BenchOptions } from './bench.ts';

/** Where Linux keeps files in memory. */
const MEMORY = '/dev/shm';
/** While one validator is alone nobody asks for checkpoints: each is some files, fsynced. */
const ALONE_PUBLISH_MS = 5_000;
/** Under way at once, so that the next block begins when the last one ends. */
const IN_FLIGHT = 2;
const SAY_COUNT = 1_000;
/** Of a node, and of its CometBFT's data: what is its own and no other's, or is made at each start. */
const OWN = ['last-signed', 'priv_validator_state.json', 'cs.wal', 'lock', 'lock.mdb'];

type HistoryOptions = BenchOptions & {
  /** Data folders of the validators, missing; the first ran alone. */
  readonly paths: readonly string[];
  /** The first height at which it may be joined by the others. */
  readonly height: number;
};

/** Makes the folders; answers the validators that the council is to decide on. Takes `seconds` at most for its blocks, if need be with fewer. */
export async function foundLongHistory({ paths, height, seconds, say }: HistoryOptions): Promise<readonly Validator[]> {
  const [first, ...others] = paths as [string, ...string[]];
  const memory = mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), 'oppidum-bench-history-'));
  try {
    const early = join(memory, basename(first));
    await foundTestCluster([early]);
    const city = await openValidator(early, ALONE_PUBLISH_MS);
    const untilMs = performance.now() + 1_000 * seconds;
    const isEnough = (made: number): boolean => made >= height || performance.now() > untilMs;
    await makeBlocks(city, isEnough, say).finally(() => city.stop());
    copyFolder(early, first, ['lock']);
  } finally {
    rmSync(memory, { recursive: true, force: true });
  }
  const like = await openDataFolder({ folder: first, crypto });
  const validators: Validator[] = [];
  for (const [i, folder] of others.entries()) {
    const peers = [first, ...others.slice(0, i)];
    validators.push(await foundReader({ folder, like, peers, name: `validator-${i + 2}` }));
    for (const part of ['node', 'log', 'snapshots']) copyFolder(join(first, part), join(folder, part), OWN);
    copyFolder(join(cometPlaces(first).home, 'data'), join(cometPlaces(folder).home, 'data'), OWN);
  }
  like.release();
  return validators;
}

/** Opens a validator in this process. */
export async function openValidator(path: string, publishIntervalMs?: number): Promise<RunningCity> {
  const folder = await openDataFolder({ folder: path, crypto });
  const startEngine = folderEngine({ folder, crypto, onLine: () => undefined });
  if (startEngine === undefined) throw new Error('a cluster has a home of CometBFT');
  return runCity(folder, { startEngine, ...(publishIntervalMs === undefined ? {} : { publishIntervalMs }) });
}

/** The council decides that these are validators beside those that there are; resolves when they vote. */
export async function joinValidators({ client, operator, folder }: RunningCity, joining: readonly Validator[]): Promise<void> {
  const before = client.read(at(validatorSetKind))?.validators ?? [];
  const validators = [...before, ...joining];
  const policy = encodePolicy(crypto, policyOfValidators(client.origin, validators));
  const named = validators.map(({ cosignerKey: _, ...rest }) => rest);
  const change = actionOf('policy/change', { policy, validators: named });
  const proposal = { id: freshBytes(32), body: folder.genesis.council, actions: [change], expiresMs: Date.now() + 600_000 };
  const { code } = await execute(client, envelopeOf(client, operator, [actionOf('proposal/create', proposal)]));
  if (code !== 'OK') throw new Error(`the change of validators was refused: ${code}`);
  while (client.read(at(validatorSetKind))?.validators.length !== validators.length) await sleep(20);
}

/** Until `isEnough` says so of the height; each block has a transaction at least, and so an app hash of its own. */
export async function makeBlocks(
  city: Pick<RunningCity, 'client' | 'operator'>,
  isEnough: (height: number) => boolean,
  say: (text: string) => void = () => undefined,
): Promise<void> {
  let told = city.client.head().height;
  const make = async (): Promise<void> => {
    while (!isEnough(city.client.head().height)) {
      await createAccount(city);
      const { height } = city.client.head();
      if (height - told < SAY_COUNT) continue;
      told = height;
      say(`block ${height}`);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, make));
}

/** One transaction, answered when it is durable. */
export async function createAccount({ client, operator }: Pick<RunningCity, 'client' | 'operator'>): Promise<void> {
  const { code } = await execute(client, envelopeOf(client, operator, [freshAccount().action]));
  if (code !== 'OK') throw new Error(`an account was refused: ${code}`);
}

/** Sockets of a process that has ended stay behind; nothing else is left out but what is named. */
function copyFolder(from: string, to: string, left: readonly string[]): void {
  if (!existsSync(from)) return;
  cpSync(from, to, { recursive: true, filter: (path) => !left.includes(basename(path)) && !path.endsWith('.sock') });
}
