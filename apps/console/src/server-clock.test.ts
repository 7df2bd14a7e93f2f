import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ClockSpan, narrowClock } from './server-clock.ts';

const answer = (trueOffsetMs: number, sentMs: number, pathMs: number, backMs: number) => {
  const serverMs = sentMs + pathMs + trueOffsetMs;
  return { sentMs, receivedMs: sentMs + pathMs + backMs, dateMs: Math.floor(serverMs / 1_000) * 1_000 };
};

test('the true difference is in the span, whatever the ways take, and the span never grows', () => {
  const trip = fc.tuple(fc.nat(10_000), fc.nat(3_000), fc.nat(3_000));
  fc.assert(
    fc.property(
      fc.integer({ min: -7_200_000, max: 7_200_000 }),
      fc.array(trip, { minLength: 1, maxLength: 20 }),
      (offset, trips) => {
        let span: ClockSpan | null = null;
        let atMs = 1_800_000_000_000;
        for (const [pauseMs, pathMs, backMs] of trips) {
          atMs += pauseMs;
          const next = narrowClock(span, answer(offset, atMs, pathMs, backMs));
          assert.ok(next.minMs <= offset && offset <= next.maxMs);
          if (span !== null) assert.ok(next.maxMs - next.minMs <= span.maxMs - span.minMs);
          span = next;
          atMs += pathMs + backMs;
        }
      },
    ),
  );
});

test('many quick answers leave little doubt', () => {
  let span: ClockSpan | null = null;
  for (let i = 0; i < 50; i++) span = narrowClock(span, answer(3_600_000, 1_800_000_000_000 + i * 1_037, 5, 5));
  assert.ok(span !== null && span.maxMs - span.minMs < 250, JSON.stringify(span));
});

test('a clock that was set is believed anew', () => {
  const before = narrowClock(null, answer(0, 1_800_000_000_000, 5, 5));
  const after = narrowClock(before, answer(-3_600_000, 1_800_000_005_000, 5, 5));
  assert.ok(after.minMs <= -3_600_000 && -3_600_000 <= after.maxMs);
});
