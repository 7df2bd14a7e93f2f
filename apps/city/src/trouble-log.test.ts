import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TroubleLog } from './trouble-log.ts';

test('one line for a trouble that many devices meet, one when it is over, and again for the next', () => {
  const lines: string[] = [];
  const log = new TroubleLog((line) => lines.push(line));
  log.well('delivered again');
  for (let i = 0; i < 50; i++) log.trouble('ECONNREFUSED', 'cannot deliver');
  log.trouble('OUTBOX_FULL', 'dropped');
  for (let i = 0; i < 50; i++) log.well('delivered again');
  log.trouble('ECONNREFUSED', 'cannot deliver');
  assert.deepEqual(lines, [
    'cannot deliver (ECONNREFUSED)',
    'dropped (OUTBOX_FULL)',
    'delivered again',
    'cannot deliver (ECONNREFUSED)',
  ]);
});
