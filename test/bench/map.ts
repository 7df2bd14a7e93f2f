/**
 * The state map with 1,000,000 keys on LMDB: durable batches of 5,000 changed keys (random keys, values of 64 bytes, one fsync a
 * batch, history as a node keeps it); one presence proof; one proof of a complete prefix of 100 records with their values; beside
 * them one presence proof made, encoded, parsed and checked.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import type { Bytes } from '@oppidum/formats/bytes';
import type { StateChange } from '@oppidum/ledger/city';
import { StateStore } from '@oppidum/node/state-store';
import { checkStateProof, parseStateProof } from '@oppidum/proofs/state-proof';
import { open, type RootDatabase } from 'lmdb';
import type { BenchFigures, BenchOptions } from './bench.ts';

const KEY_COUNT = 1_000_000;
const BATCH_SIZE = 5_000;
const LOAD_SIZE = 50_000;
const PREFIX_KEY_COUNT = 100;
const GROUP_SPAN = 10_000;
/** Area ‖ kind ‖ hash, as most records have. */
const KEY_SIZE = 34;
const VALUE_SIZE = 64;
const BLOCK_MS = 50;

/**
 * Keys by number: the first 100 of every 10,000 share a prefix `area ‖ kind ‖ 26 bytes` and count up behind it. All in one array,
 * or a million small ones would keep the garbage collector busy with the bench instead of with the store.
 */
function makeKeys(): (index: number) => Bytes {
  const keys = new Uint8Array(KEY_COUNT * KEY_SIZE);
  const seed = new Uint8Array(4);
  const view = new DataView(seed.buffer);
  for (let i = 0; i < KEY_COUNT; i++) {
    const isGrouped = i % GROUP_SPAN < PREFIX_KEY_COUNT;
    view.setUint32(0, isGrouped ? i - (i % GROUP_SPAN) : i);
    const key = keys.subarray(i * KEY_SIZE, (i + 1) * KEY_SIZE);
    key.set([1, isGrouped ? 2 : 1]);
    key.set(nativeCrypto.sha256(seed), 2);
    if (isGrouped) key.set([0, 0, 0, 0, 0, i % GROUP_SPAN], KEY_SIZE - 6);
  }
  return (index) => keys.slice(index * KEY_SIZE, (index + 1) * KEY_SIZE);
}

/** A sequence of numbers that is the same in every run (Numerical Recipes' linear congruence). */
function randomNumbers(): (limit: number) => number {
  let state = 1;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

class Blocks {
  readonly #environment: RootDatabase;
  readonly #store: StateStore;
  #height = 0;

  constructor(environment: RootDatabase, store: StateStore) {
    this.#environment = environment;
    this.#store = store;
  }

  get height(): number {
    return this.#height;
  }

  commit(changes: readonly StateChange[]): void {
    this.#height++;
    this.#store.preview(this.#height, this.#height * BLOCK_MS, changes);
    this.#environment.transactionSync(() => this.#store.write());
    this.#store.accept();
  }
}

function makeValue(i: number, round: number): Bytes {
  const value = new Uint8Array(VALUE_SIZE);
  new DataView(value.buffer).setUint32(0, i);
  new DataView(value.buffer).setUint32(4, round);
  return value;
}

/** Mean milliseconds of `work` over about a second. */
function meanMs(work: (round: number) => void): number {
  const start = performance.now();
  let rounds = 0;
  for (; performance.now() - start < 1_000; rounds++) work(rounds);
  return (performance.now() - start) / rounds;
}

/** Figures: `keysPerSecond`, `proofMs`, `prefixProofMs`, `proveAndCheckMs`. */
export async function benchMap({ seconds, say }: BenchOptions): Promise<BenchFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'oppidum-bench-map-'));
  const environment = open({ path: folder, overlappingSync: false });
  try {
    const store = StateStore.open({ environment, crypto: nativeCrypto });
    const blocks = new Blocks(environment, store);
    const key = makeKeys();
    for (let from = 0; from < KEY_COUNT; from += LOAD_SIZE) {
      blocks.commit(Array.from({ length: LOAD_SIZE }, (_, i) => ({ key: key(from + i), value: makeValue(from + i, 0) })));
    }
    say(`${KEY_COUNT} keys loaded`);

    const random = randomNumbers();
    let [changedCount, round] = [0, 0];
    let busyMs = 0;
    const until = performance.now() + seconds * 1_000;
    while (performance.now() < until) {
      const chosen = new Set<number>();
      while (chosen.size < BATCH_SIZE) chosen.add(random(KEY_COUNT));
      const changes = [...chosen].map((i) => ({ key: key(i), value: makeValue(i, round) }));
      round++;
      const start = performance.now();
      blocks.commit(changes);
      busyMs += performance.now() - start;
      changedCount += changes.length;
    }
    say(`${round} batches committed`);

    const prove = (lo: Bytes, hi: Bytes) => store.proveAt(blocks.height, [{ lo, hi }]);
    const proofMs = meanMs(() => {
      const one = key(random(KEY_COUNT));
      if (prove(one, one).values.length !== 1) throw new Error('a key is missing');
    });
    const prefixProofMs = meanMs((i) => {
      const group = key((i % (KEY_COUNT / GROUP_SPAN)) * GROUP_SPAN);
      const { values } = prove(group.slice().fill(0, KEY_SIZE - 6), group.slice().fill(255, KEY_SIZE - 6));
      if (values.length !== PREFIX_KEY_COUNT) throw new Error(`${values.length} records under the prefix`);
    });
    const root = store.root;
    const proveAndCheckMs = meanMs(() => {
      const one = key(random(KEY_COUNT));
      const ranges = [{ lo: one, hi: one }];
      const proof = parseStateProof(prove(one, one).proof);
      const answer = checkStateProof(nativeCrypto, { root, proof, ranges, keySizeOf: () => KEY_SIZE });
      if ('code' in answer) throw new Error(`a true proof was refused: ${answer.code}`);
    });
    return { keysPerSecond: changedCount / (busyMs / 1_000), proofMs, prefixProofMs, proveAndCheckMs };
  } finally {
    await environment.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
