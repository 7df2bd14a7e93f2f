import assert from 'node:assert/strict';
import { test } from 'node:test';
import { monitorBadge } from './monitor-badge.ts';

test('a monitor is marked well or tripped by what it said, and not at all while it said nothing', () => {
  assert.equal(monitorBadge('none'), 'active');
  assert.equal(monitorBadge(null), null);
  for (const trip of ['conflict', 'watchdog', 'something new', '', 7]) assert.equal(monitorBadge(trip), 'revoked');
});
