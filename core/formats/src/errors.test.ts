import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatError, orNull } from './errors.ts';

test('what means nothing is null, what is broken is thrown on', () => {
  assert.equal(
    orNull(() => 7),
    7,
  );
  assert.equal(
    orNull(() => {
      throw formatError('TRUNCATED');
    }),
    null,
  );
  assert.throws(
    () =>
      orNull(() => {
        throw new RangeError('broken');
      }),
    RangeError,
  );
});
