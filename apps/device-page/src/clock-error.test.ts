import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clockErrorAsked } from './clock-error.ts';

test('a link may say that the clock is worse, never that it is better than usual', () => {
  const asked = [
    '',
    '?clock-error-ms=70000',
    '?clock-error-ms=0',
    '?clock-error-ms=-5',
    '?clock-error-ms=NaN',
    '?clock-error-ms=',
  ];
  assert.deepEqual(asked.map(clockErrorAsked), [2_000, 70_000, 2_000, 2_000, 2_000, 2_000]);
});
