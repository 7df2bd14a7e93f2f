import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EVIDENCE_BLOCKS_MAX, EVIDENCE_MS_MAX } from './comet-genesis.ts';
import { retainHeightOf } from './retain-height.ts';
import type { StoredBlock } from './stored-block.ts';

/** A store with a block every so often up to a height, from `firstHeight` on. */
function storeOf(height: number, firstHeight = 0, everyMs = 1_000) {
  const timeOf = (at: number): number => 1_000_000 + at * everyMs;
  return {
    head: { height, timeMs: timeOf(height), logSize: 0, appHash: new Uint8Array(32) },
    firstHeight,
    block: (at: number) => (at < firstHeight ? null : ({ height: at, timeMs: timeOf(at) } as StoredBlock)),
  };
}

const SECONDS = EVIDENCE_MS_MAX / 1_000;

test('nothing goes unless the operator wants it, there is a snapshot to begin with, and evidence no longer counts', () => {
  const store = storeOf(400_000);
  const snapshotHeight = 399_000;
  assert.equal(retainHeightOf({ store, retainBlocks: 0, snapshotHeight }), 0);
  assert.equal(retainHeightOf({ store, retainBlocks: 1, snapshotHeight: null }), 0);
  assert.equal(retainHeightOf({ store: storeOf(90_000), retainBlocks: 1, snapshotHeight: 89_000 }), 0);
  assert.equal(retainHeightOf({ store: storeOf(400_001), retainBlocks: 1, snapshotHeight }), 0, 'asked seldom');
});

test('what is kept: two days, 100,000 blocks, what the operator says, and all since the oldest snapshot', () => {
  const store = storeOf(400_000);
  const snapshotHeight = 399_000;
  // A block every second: two days are more than 100,000 of them.
  assert.ok(SECONDS > EVIDENCE_BLOCKS_MAX);
  assert.equal(retainHeightOf({ store, retainBlocks: 1, snapshotHeight }), 400_000 - SECONDS);
  assert.equal(retainHeightOf({ store, retainBlocks: 300_000, snapshotHeight }), 100_001);
  assert.equal(retainHeightOf({ store, retainBlocks: 1, snapshotHeight: 7_000 }), 7_000);
  // A block every ten seconds: the count is more.
  assert.equal(retainHeightOf({ store: storeOf(400_000, 0, 10_000), retainBlocks: 1, snapshotHeight }), 300_001);
});

test('a node that began with a snapshot counts only the blocks that it has', () => {
  const store = storeOf(400_000, 350_000);
  assert.equal(retainHeightOf({ store, retainBlocks: 1, snapshotHeight: 399_000 }), 300_001);
});
