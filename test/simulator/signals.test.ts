import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runSignals } from './signals.ts';

test('random plans, requests and faults at random intersections: no conflicting greens, no short yellows, no missed latches', () => {
  const counts = runSignals({ seed: 7, sequenceCount: 2_000 });
  assert.deepEqual(counts.breaches, []);
  assert.equal(counts.missedLatches, 0);
  assert.equal(counts.falseTrips, 0);
  assert.equal(counts.greensWhileTripped, 0);
  // It was no walk in an empty park.
  assert.ok(counts.greens > 1_000 && counts.faults > 50, JSON.stringify(counts));
  for (const reason of ['conflict', 'redFail', 'dualIndication', 'shortYellow', 'watchdog'])
    assert.ok((counts.trips[reason] ?? 0) > 0, `${reason} was never tripped on`);
});

test('a monitor that knows of no conflict is found out', () => {
  const counts = runSignals({ seed: 7, sequenceCount: 1_000, plant: 'deafMonitor' });
  assert.ok(counts.missedLatches > 0);
});

test('a controller with another matrix is found out, by the laws and by the monitor', () => {
  const counts = runSignals({ seed: 7, sequenceCount: 300, plant: 'hastyController' });
  assert.match(counts.breaches.join('\n'), /moves against phase/);
  assert.ok((counts.trips['conflict'] ?? 0) > 0);
});
