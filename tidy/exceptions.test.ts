import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LAWS, readExceptions } from './law.ts';

/** May only be lowered. */
const EXCEPTION_COUNT_MAX = 0;

test('the list of exceptions only shrinks', () => {
  assert.ok(readExceptions().length <= EXCEPTION_COUNT_MAX, `at most ${EXCEPTION_COUNT_MAX} exceptions`);
});

test('every exception names a law and a reason', () => {
  for (const { law, file, reason } of readExceptions()) {
    assert.ok((LAWS as readonly string[]).includes(law), `${file}: no law is called ${law}`);
    assert.ok(reason.length >= 20, `${file}: say why in a sentence`);
  }
});
