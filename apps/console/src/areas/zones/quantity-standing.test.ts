import assert from 'node:assert/strict';
import { test } from 'node:test';
import { quantityStanding } from './quantity-standing.ts';

const WIND = { least: 2, agreeWithin: 15, decimals: 1, freshMs: 60_000 };
const NOW_MS = 1_000_000;
const at = (value: number | string, agoMs = 0) => ({ value, timeMs: NOW_MS - agoMs });

test('two fresh values that agree speak, to the last tenth', () => {
  assert.deepEqual(quantityStanding(WIND, [at(3), at(4.5)], NOW_MS), { standing: 'speaks', fresh: 2, spread: 1.5 });
  assert.equal(quantityStanding(WIND, [at(0.1), at(1.6)], NOW_MS).standing, 'speaks');
});

test('values further apart do not', () => {
  assert.equal(quantityStanding(WIND, [at(3), at(4.6)], NOW_MS).standing, 'apart');
  assert.equal(quantityStanding(WIND, [at(3), at(3), at(9)], NOW_MS).standing, 'apart');
});

test('old, missing and wordy values do not count', () => {
  assert.equal(quantityStanding(WIND, [at(3, 60_000), at(3)], NOW_MS).standing, 'speaks');
  for (const other of [at(3, 60_001), null, at('3')])
    assert.deepEqual(quantityStanding(WIND, [at(3), other], NOW_MS), { standing: 'few', fresh: 1, spread: 0 });
  assert.deepEqual(quantityStanding(WIND, [], NOW_MS), { standing: 'few', fresh: 0, spread: 0 });
});
