import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatSpan } from './format.ts';

test('a stretch of time is said in its largest unit, in each language', () => {
  assert.equal(formatSpan(3_600_000, 'en'), '1 hour');
  assert.equal(formatSpan(-3_601_000, 'en'), '1 hour');
  assert.equal(formatSpan(7_500, 'en'), '8 seconds');
  assert.equal(formatSpan(0, 'en'), '0 seconds');
  assert.equal(formatSpan(3 * 86_400_000, 'en'), '3 days');
  for (const tag of ['et', 'zh-Hans', 'ar']) assert.match(formatSpan(3_600_000, tag), /\p{L}/u);
});
