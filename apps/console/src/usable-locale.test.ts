import assert from 'node:assert/strict';
import { test } from 'node:test';

test('a language that no formatter takes is English, before a formatter is asked', async () => {
  Object.defineProperty(globalThis, 'navigator', { value: { language: 'en-US@posix' }, configurable: true });
  const { usableTag } = await import('./usable-locale.ts');
  assert.equal(navigator.language, 'en');
  assert.equal(usableTag('et-EE'), 'et-EE');
  assert.equal(usableTag('C'), 'en');
  assert.equal(usableTag(''), 'en');
});
