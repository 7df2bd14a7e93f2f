/**
 * How soon a validator that was lost votes again, of four on this machine: one that lost everything but its keys and what it signed last,
 * by state sync; and one that was killed, by the blocks that it missed. The first runs in this process and is given one transaction after
 * the other, so that there are many small blocks; the others are processes. `seconds` bounds the making of the history. OPPIDUM_BENCH_BLOCKS makes
 * a shorter one (thousands), and fewer that are missed.
 */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { at } from '@oppidum/formats/state-layout';
import { validatorSetKind } from '@oppidum/formats/state-validators';
import { openDataFolder } from '@oppidum/node/data-folder';
import { cometPlaces } from '@oppidum/node/found-cluster';
import { askJoin } from '@oppidum/node/light-client';
import { changeNodeSettings, readNodeSettings } from '@oppidum/node/node-settings';
import { resetNode } from '@oppidum/node/reset-node';
import { freePorts } from '../support/ports.ts';
import type { RunningCity } from '../support/running-city.ts';
import type { BenchFigures, BenchOptions } from './bench.ts';
import { createAccount, foundLongHistory, joinValidators, makeBlocks, openValidator } from './long-history.ts';
import { TimedValidator } from './recovery-timeline.ts';

const VALIDATOR_COUNT = 4;
const BLOCK_COUNT = Number(process.env['OPPIDUM_BENCH_BLOCKS'] ?? 10_000);
/** Left for the decision that there are four, so that the next snapshot is of a state with all of them. */
const JOINING_COUNT = 10;
/** 500 after the snapshot that the emptied one begins with: half of what lies between two. As many that the killed one misses. */
const MISSED_COUNT = BLOCK_COUNT / 20;
/** Between two transactions while one is awaited. */
const PAUSE_MS = 50;
const ASK_MS = 100;
/** CometBFT waits so long for offers, whatever comes: its shortest (`discovery_time`). */
const DISCOVERY_S = 5;
/** `BLOCK_ID_FLAG_COMMIT`. */
const FOR_THE_BLOCK = 2;

/**
 * Figures in seconds from the start of its process to its vote in a commit, and how they divide. `stateSyncS` at `blocks`: `syncStartS`
 * until its CometBFT runs, `syncDiscoveryS` waiting for offers, `syncHeadersS` the light client, `syncStateS` fetching, proving and keeping,
 * `syncBlocksS` the blocks after it, `syncVoteS` the rest by gossip and the vote. `replayS` with `missedBlocks`: `replayStartS`,
 * `replayHandshakeS`, `replayBlocksS`, `replayVoteS`. `…Gossiped`: blocks that came by gossip, since block sync did not know of them.
 */
export async function benchClusterRecovery({ seconds, say }: BenchOptions): Promise<BenchFigures> {
  const root = mkdtempSync(join(tmpdir(), 'oppidum-bench-recovery-'));
  const paths = Array.from({ length: VALIDATOR_COUNT }, (_, i) => join(root, String(i + 1)));
  const running = new Map<string, TimedValidator>();
  let city: RunningCity | null = null;
  try {
    const joining = await foundLongHistory({ paths, height: BLOCK_COUNT - JOINING_COUNT, seconds, say });
    const urls = await openDoors(paths.slice(0, 2));
    for (const path of paths.slice(1)) running.set(path, new TimedValidator(path));
    city = await openValidator(paths[0] as string);
    await joinValidators(city, joining);
    const lost = paths[VALIDATOR_COUNT - 1] as string;
    const bench: Recovering = { city, lost, door: urls[0] as string, address: addressOf(lost), running, say };
    await untilVote(bench);
    say(`four validators at block ${city.client.head().height}`);
    const synced = await measureSync(bench, urls);
    return { ...synced, ...(await measureReplay(bench)) };
  } finally {
    await city?.stop();
    await Promise.all([...running.values()].map((each) => each.end('SIGTERM')));
    rmSync(root, { recursive: true, force: true });
  }
}

type Recovering = {
  readonly city: RunningCity;
  /** Folder of the validator that is lost. */
  readonly lost: string;
  readonly door: string;
  readonly address: string;
  readonly running: Map<string, TimedValidator>;
  readonly say: (text: string) => void;
};

async function measureSync(bench: Recovering, doors: readonly string[]): Promise<BenchFigures> {
  const { city, lost, say } = bench;
  await untilOffered(bench, doors);
  await running(bench).end('SIGTERM');
  await advance(city, MISSED_COUNT);
  const folder = await openDataFolder({ folder: lost, crypto });
  const { isSynced } = await resetNode({ folder, crypto, doors });
  folder.release();
  if (!isSynced) throw new Error('no snapshot is offered: more blocks are needed');
  const blocks = city.client.head().height;
  const { seconds: stateSyncS, node, votedHeight } = await restart(bench);
  say(`votes again after ${stateSyncS.toFixed(1)} s, by state sync at ${blocks} blocks`);
  return {
    blocks,
    stateSyncS,
    syncStartS: node.at('running'),
    syncDiscoveryS: node.at('discovering') - node.at('running') + DISCOVERY_S,
    syncHeadersS: node.at('proving') - node.at('discovering') - DISCOVERY_S,
    syncStateS: node.at('restored') - node.at('proving'),
    syncBlocksS: node.at('consensus') - node.at('restored'),
    syncVoteS: stateSyncS - node.at('consensus'),
    syncGossiped: votedHeight - node.consensusHeight,
  };
}

async function measureReplay(bench: Recovering): Promise<BenchFigures> {
  const { city, say } = bench;
  await running(bench).end('SIGKILL');
  const before = city.client.head().height;
  await advance(city, MISSED_COUNT);
  const missedBlocks = city.client.head().height - before;
  const { seconds: replayS, node, votedHeight } = await restart(bench);
  say(`votes again after ${replayS.toFixed(1)} s, by replay of ${missedBlocks} blocks`);
  return {
    missedBlocks,
    replayS,
    replayStartS: node.at('running'),
    replayHandshakeS: node.at('handshake') - node.at('running'),
    replayBlocksS: node.at('consensus') - node.at('handshake'),
    replayVoteS: replayS - node.at('consensus'),
    replayGossiped: votedHeight - node.consensusHeight,
  };
}

function running({ running, lost }: Recovering): TimedValidator {
  const node = running.get(lost);
  if (node === undefined) throw new Error('it does not run');
  return node;
}

/** Starts the lost one and waits for its vote. */
async function restart(bench: Recovering) {
  const node = new TimedValidator(bench.lost);
  bench.running.set(bench.lost, node);
  const votedHeight = await untilVote(bench);
  return { node, votedHeight, seconds: node.ageS };
}

async function advance(city: RunningCity, count: number): Promise<void> {
  const end = city.client.head().height + count;
  await makeBlocks(city, (height) => height >= end);
}

/** Light doors at these; answers their addresses. */
async function openDoors(paths: readonly string[]): Promise<readonly string[]> {
  const port = await freePorts(paths.length);
  for (const [i, path] of paths.entries()) await changeNodeSettings(path, { lightDoor: `127.0.0.1:${port + i}` });
  return paths.map((_, i) => `http://127.0.0.1:${port + i}`);
}

/** Until both doors offer a snapshot that is younger than the decision. */
async function untilOffered({ city, lost }: Recovering, doors: readonly string[]): Promise<void> {
  const { snapshotInterval } = readNodeSettings(lost);
  const from = city.client.read(at(validatorSetKind))?.from ?? 0;
  const due = from - (from % snapshotInterval) + snapshotInterval;
  await makeBlocks(city, (made) => made >= due);
  for (;;) {
    await createAccount(city);
    const answers = await Promise.all(doors.map(askJoin));
    if (answers.every(({ snapshotHeight }) => snapshotHeight !== null && snapshotHeight >= due)) return;
    await sleep(ASK_MS);
  }
}

function addressOf(path: string): string {
  const file = join(cometPlaces(path).home, 'config', 'priv_validator_key.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { readonly address: string }).address;
}

type Commit = {
  readonly height: string;
  readonly signatures: readonly { readonly block_id_flag: number; readonly validator_address: string }[];
};

/** Until the newest commit has a vote for its block of the lost one; the city goes on meanwhile. Answers the height of that block. */
async function untilVote({ city, door, address }: Recovering): Promise<number> {
  for (;;) {
    await createAccount(city);
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'commit', params: {} });
    const answer = (await (await fetch(door, { method: 'POST', body })).json()) as {
      readonly result?: { readonly signed_header: { readonly commit: Commit } };
    };
    const commit = answer.result?.signed_header.commit;
    const isFor = (vote: Commit['signatures'][number]): boolean =>
      vote.validator_address === address && vote.block_id_flag === FOR_THE_BLOCK;
    if (commit?.signatures.some(isFor) === true) return Number(commit.height);
    await sleep(PAUSE_MS);
  }
}
