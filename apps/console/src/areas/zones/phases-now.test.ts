import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePhases } from './phases-now.ts';

test('what a controller tells of its phases is read whole or not at all', () => {
  assert.deepEqual(parsePhases('2 green 12, 4 red 3, 10 flash 0'), [
    { number: 2, aspect: 'green', seconds: 12 },
    { number: 4, aspect: 'red', seconds: 3 },
    { number: 10, aspect: 'flash', seconds: 0 },
  ]);
  for (const text of ['', '2 green', '2 blue 1', '2 green 1,4 red 3', '2 green -1', '0 red 1', '2 green 1 ', null, 3, true])
    assert.equal(parsePhases(text), null, String(text));
  assert.equal(parsePhases(Array.from({ length: 65 }, () => '2 red 1').join(', ')), null);
});
