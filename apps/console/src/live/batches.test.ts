import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Batches, dataOf } from './batches.ts';

test('events come out once, in their order', () => {
  const batches = new Batches();
  assert.equal(batches.isEmpty, true);
  batches.add({ topic: 'readings', data: '1' });
  batches.add({ topic: 'anchors', data: '2' });
  assert.equal(batches.isEmpty, false);
  assert.deepEqual(batches.take(), {
    events: [
      { topic: 'readings', data: '1' },
      { topic: 'anchors', data: '2' },
    ],
    isWhole: true,
  });
  assert.equal(batches.isEmpty, true);
  assert.deepEqual(batches.take(), { events: [], isWhole: true });
});

test('a batch is bounded and says when something is missing', () => {
  const batches = new Batches();
  for (let i = 0; i < 10_001; i++) batches.add({ topic: 'readings', data: '{}' });
  const { events, isWhole } = batches.take();
  assert.deepEqual([events.length, isWhole], [10_000, false]);
  batches.skip();
  assert.equal(batches.isEmpty, false);
  assert.deepEqual(batches.take(), { events: [], isWhole: false });
});

test('data that cannot be read are nothing', () => {
  const at = (data: string) => dataOf({ topic: 'readings', data });
  assert.deepEqual(at('{"id":"x"}'), { id: 'x' });
  for (const data of ['', '{', 'null', '1', '"x"']) assert.equal(at(data), null, data);
});
