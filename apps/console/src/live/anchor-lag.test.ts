import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AnchorLag } from './anchor-lag.ts';

const [a, b] = ['a'.repeat(64), 'b'.repeat(64)];

test('unknown before anything came, and before the first anchor', () => {
  const lag = new AnchorLag();
  assert.equal(lag.lagMs(), null);
  lag.noteReading({ shard: a, index: 7, receivedMs: 1_000 });
  assert.equal(lag.lagMs(), null);
});

test('from the oldest that is not covered to the newest of all', () => {
  const lag = new AnchorLag();
  lag.noteReading({ shard: a, index: 7, receivedMs: 1_000 });
  lag.noteReading({ shard: a, index: 8, receivedMs: 1_400 });
  lag.noteReading({ shard: a, index: 9, receivedMs: 2_000 });
  lag.noteAnchor({ shard: a, size: 8 });
  assert.equal(lag.lagMs(), 600);
  lag.noteAnchor({ shard: a, size: 10 });
  assert.equal(lag.lagMs(), 0);
});

test('a shard whose anchors are not known yet makes the answer unknown, not small', () => {
  const lag = new AnchorLag();
  lag.noteReading({ shard: a, index: 0, receivedMs: 1_000 });
  lag.noteAnchor({ shard: a, size: 1 });
  assert.equal(lag.lagMs(), 0);
  lag.noteReading({ shard: b, index: 5, receivedMs: 9_000 });
  assert.equal(lag.lagMs(), null);
  lag.noteAnchor({ shard: b, size: 5 });
  assert.equal(lag.lagMs(), 0, 'the newest of all is the one that waits');
  lag.noteReading({ shard: a, index: 1, receivedMs: 9_500 });
  assert.equal(lag.lagMs(), 500);
});

test('an anchor may come before its readings, and again', () => {
  const lag = new AnchorLag();
  lag.noteAnchor({ shard: a, size: 3 });
  lag.noteReading({ shard: a, index: 2, receivedMs: 100 });
  lag.noteAnchor({ shard: a, size: 2 });
  assert.equal(lag.lagMs(), 0);
});

test('what waits is bounded, and then unknown until an anchor comes', () => {
  const lag = new AnchorLag();
  lag.noteAnchor({ shard: a, size: 0 });
  for (let index = 0; index <= 20_000; index++) lag.noteReading({ shard: a, index, receivedMs: index });
  assert.equal(lag.lagMs(), null);
  lag.noteAnchor({ shard: a, size: 10_000 });
  assert.equal(lag.lagMs(), 10_000);
  lag.forget();
  assert.equal(lag.lagMs(), null);
});
