/**
 * Random lives of a city on two replicas: one in memory that executes every block at once, one on disk that lags behind, catches up in
 * bursts and crashes at every point between two calls. More seeds: OPPIDUM_SIMULATOR_SEEDS=100,101,102.
 */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { toHex } from '@oppidum/formats/bytes';
import type { Block, BlockOutcome, Outcome } from '@oppidum/ledger/block';
import { areaRoots, firstDifference } from '@oppidum/ledger/state-diff';
import { StateTree } from '@oppidum/proofs/state-tree';
import { nodeCrypto } from '../support/crypto.ts';
import { inFolder } from '../support/folder.ts';
import type { TestCity } from '../support/ledger.ts';
import { Dice } from './dice.ts';
import {
  assertNothingPersonal,
  assertOneHolder,
  assertOneLog,
  assertOneOwner,
  assertStandings,
  assertTrust,
  EndedStaysEnded,
} from './invariants.ts';
import { Life } from './life.ts';
import { DurableReplica } from './replica.ts';

const SEEDS = (process.env['OPPIDUM_SIMULATOR_SEEDS'] ?? '1,2,3').split(',').map(Number);
const BLOCK_COUNT = 120;
const EVERY_KEY = [new Uint8Array(98), new Uint8Array(98).fill(255)] as const;

/** A block with what it came to on the first replica. */
type Executed = { readonly block: Block; readonly outcome: BlockOutcome; readonly appHash: string };

const codeOf = (outcome: Outcome): string => ('executed' in outcome ? outcome.executed.code : outcome.refused.code);

/** Executes what waits, crashing before, between and after finalize and commit. */
async function catchUp(replica: DurableReplica, waiting: readonly Executed[], dice: Dice): Promise<void> {
  for (const { block, outcome, appHash } of waiting) {
    if (dice.once(12)) await replica.crash();
    let finalized = replica.finalize(block);
    if (dice.once(8)) {
      await replica.crash();
      finalized = replica.finalize(block);
    }
    assert.equal(toHex(finalized.appHash), appHash, `app hash of block ${block.height}`);
    assert.deepEqual(finalized.outcomes.map(codeOf), outcome.outcomes.map(codeOf));
    assert.deepEqual(replica.commit(), outcome.leaves);
    if (dice.once(12)) await replica.crash();
  }
}

function assertSameState(city: TestCity, replica: DurableReplica): void {
  const { state, head } = replica.store;
  assert.equal(firstDifference(city.state.records(), state.scan(...EVERY_KEY)), null);
  assert.equal(toHex(state.root), toHex(city.state.stateRoot));
  assert.equal(toHex(head?.appHash ?? new Uint8Array(0)), toHex(city.state.appHash));
  const tree = new StateTree(nodeCrypto);
  const version = tree.apply(city.state.records().map(({ key, value }) => ({ key, valueDigest: nodeCrypto.sha256(value) })));
  const newest = areaRoots({ prefixHash: (prefix) => state.prefixHashAt(state.height, prefix) });
  assert.deepEqual(newest, areaRoots({ prefixHash: (prefix) => tree.prefixHash(version, prefix) }));
}

/** Executed envelopes of a whole life: each id once. */
function assertExecutedOnce(outcomes: readonly BlockOutcome[]): void {
  const ids = outcomes
    .flatMap((one) => one.outcomes)
    .flatMap((outcome) => ('executed' in outcome ? [toHex(outcome.executed.id)] : []));
  assert.equal(new Set(ids).size, ids.length);
}

for (const seed of SEEDS) {
  test(`seed ${seed}: replicas agree at every block and after every crash, and what must hold holds`, () =>
    inFolder({}, async (folder) => {
      const life = new Life(seed);
      const dice = new Dice(seed ^ 0x5eed);
      const { city } = life;
      const replica = DurableReplica.found(join(folder, 'node'), city.genesis);
      for (const block of city.blocks) {
        replica.finalize(block);
        replica.commit();
      }
      const ended = new EndedStaysEnded();
      const outcomes: BlockOutcome[] = [];
      let waiting: Executed[] = [];
      for (let n = 0; n < BLOCK_COUNT; n++) {
        const outcome = city.block(life.next(), city.timeMs + 1 + dice.below(3_000));
        outcomes.push(outcome);
        waiting.push({ block: city.blocks.at(-1)!, outcome, appHash: toHex(city.state.appHash) });
        assertOneOwner(city);
        assertStandings(city);
        assertOneHolder(city);
        assertTrust(city);
        assertNothingPersonal(city);
        ended.check(city);
        if (!dice.once(4)) continue;
        await catchUp(replica, waiting, dice);
        waiting = [];
        for (const shard of life.shards) assertOneLog(city, shard);
        assertSameState(city, replica);
      }
      await catchUp(replica, waiting, dice);
      for (const shard of life.shards) assertOneLog(city, shard);
      assertSameState(city, replica);
      assertExecutedOnce(outcomes);
      const codes = new Set(outcomes.flatMap((one) => one.outcomes).map(codeOf));
      assert.ok(codes.has('OK') && codes.size > 15, `a dull life: ${[...codes].sort().join(' ')}`);
      await replica.close();
    }));
}
