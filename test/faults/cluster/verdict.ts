/**
 * What must hold of a cluster whose processes have ended, from the bytes that they left: each folder in order by itself (every leaf,
 * every state root, every signature computed again), one history in all of them, in it every promise once, and no two published
 * checkpoints that contradict each other.
 */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { type Bytes, toHex } from '@oppidum/formats/bytes';
import { evaluatePolicy, parsePolicy, refusalOf } from '@oppidum/formats/policy';
import type { CommittedBlock } from '@oppidum/node/client';
import { openCommittedBlock } from '@oppidum/node/committed-block';
import { NodeStore } from '@oppidum/node/node-store';
import { leafHash } from '@oppidum/proofs/merkle-hash';
import { CompactTree } from '@oppidum/proofs/merkle-tree';
import { checkFolder } from '../../support/damaged-city.ts';
import type { Acknowledged, Clients } from './clients.ts';
import type { Cluster } from './cluster.ts';

/** Counts of a run that has ended. `forks`: heights at which two validators have different blocks. */
export type Verdict = {
  readonly height: number;
  readonly acknowledged: number;
  readonly lost: number;
  readonly forks: number;
  readonly checkpoints: number;
};

/** Every checkpoint that a validator of a cluster published while somebody looked. */
export class Published {
  readonly #cluster: Cluster;
  readonly #notes = new Map<string, Bytes>();
  readonly #timer: NodeJS.Timeout;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#timer = setInterval(() => this.#look(), 50);
  }

  /** All of them, each once, those that stand there now included. */
  stop(): Bytes[] {
    clearInterval(this.#timer);
    this.#look();
    return [...this.#notes.values()];
  }

  #look(): void {
    for (const { data } of this.#cluster.members) {
      const note = readIfThere(join(data, 'log', 'checkpoint'));
      if (note !== null) this.#notes.set(toHex(crypto.sha256(note)), note);
    }
  }
}

/**
 * Verifies everything again; fails with what does not hold. Every process has ended; the members (all of them,
 * where none are named) had reached the last acknowledged block.
 */
export async function verifyCluster(
  cluster: Cluster,
  clients: Clients,
  notes: readonly Bytes[],
  members = cluster.members,
): Promise<Verdict> {
  for (const { data, name } of cluster.members) assert.deepEqual((await checkFolder(data)).damages, [], name);
  const histories = members.map(({ data }) => readHistory(data));
  const height = Math.min(...histories.map(({ blocks }) => blocks.length)) - 1;
  const forks = countForks(histories, height);
  const lost = histories.flatMap((history) => findLost(history, clients.acknowledged));
  const policy = parsePolicy(crypto, new Uint8Array(readFileSync(join(cluster.at(0).data, 'city.policy'))));
  const longest = histories.reduce((most, each) => (each.leaves.length > most.leaves.length ? each : most));
  const roots = rootsOf(longest.leaves);
  for (const note of notes) {
    const report = evaluatePolicy(crypto, policy, note);
    assert.equal(refusalOf(report), null, 'a published checkpoint is believed');
    const { size, root } = report.checkpoint;
    assert.equal(toHex(root), roots[size], `the published checkpoint of ${size} is a head of the one history`);
  }
  assert.deepEqual(lost.slice(0, 5), [], `${lost.length} promises are broken`);
  assert.deepEqual(clients.contradictions, []);
  assert.equal(forks, 0);
  return { height, acknowledged: clients.acknowledged.size, lost: lost.length, forks, checkpoints: notes.length };
}

type History = { readonly blocks: readonly CommittedBlock[]; readonly leaves: readonly Bytes[] };

/** Every block of a folder by its height, its app hash computed from what is stored, and every leaf of the log. */
function readHistory(data: string): History {
  const store = NodeStore.open({ folder: join(data, 'node'), crypto, readOnly: true });
  try {
    const stored = store.blocks(0, Number.MAX_SAFE_INTEGER);
    return { blocks: stored.map((block) => openCommittedBlock(crypto, block)), leaves: stored.flatMap(({ leaves }) => leaves) };
  } finally {
    void store.close();
  }
}

function countForks(histories: readonly History[], height: number): number {
  let forks = 0;
  for (let at = 0; at <= height; at++) {
    const seen = histories.map(({ blocks }) => {
      const { timeMs, appHash, stateRoot, transactions } = blocks[at] as CommittedBlock;
      return [timeMs, toHex(appHash), stateRoot && toHex(stateRoot), ...transactions.map(({ id }) => toHex(id))].join();
    });
    if (new Set(seen).size > 1) forks++;
  }
  return forks;
}

/** Promises that a history does not keep, in words: there exactly once, where and as it was said. */
function findLost({ blocks }: History, acknowledged: ReadonlyMap<string, Acknowledged>): string[] {
  const found = new Map<string, string[]>();
  for (const { height, transactions } of blocks)
    for (const { id, index, code } of transactions) {
      const places = found.get(toHex(id)) ?? [];
      places.push(`${height} ${index} ${code}`);
      found.set(toHex(id), places);
    }
  return [...acknowledged].flatMap(([id, { height, index, code }]) => {
    const promised = `${height} ${index} ${code}`;
    const places = found.get(id) ?? [];
    return places.length === 1 && places[0] === promised ? [] : [`${id}: ${promised}, found ${places.join(' and ')}`];
  });
}

/** Root of the log at every size, as hex. */
function rootsOf(leaves: readonly Bytes[]): string[] {
  const tree = new CompactTree(crypto);
  const roots = [toHex(tree.root())];
  for (const leaf of leaves) {
    tree.append(leafHash(crypto, leaf));
    roots.push(toHex(tree.root()));
  }
  return roots;
}

function readIfThere(path: string): Bytes | null {
  try {
    return new Uint8Array(readFileSync(path));
  } catch {
    return null;
  }
}
