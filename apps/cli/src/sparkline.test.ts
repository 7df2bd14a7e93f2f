import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sparkline } from './sparkline.ts';

test('a line rises from the lowest to the highest value and shows where nothing is', () => {
  assert.equal(sparkline([0, 1, 2, 3, 4, 5, 6, 7], 0, 7), '▁▂▃▄▅▆▇█');
  assert.equal(sparkline([5, null, 5], 5, 5), '▅ ▅');
  assert.equal(sparkline([-10, 100], 0, 10), '▁█', 'beyond its ends');
  assert.equal(sparkline([], 0, 1), '');
});
