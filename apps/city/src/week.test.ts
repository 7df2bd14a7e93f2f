import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Flow, Week } from './week.ts';

const WEEK = new Week((hour, isWeekend) => (isWeekend ? 1 : 2) + Math.sin((hour / 24) * 2 * Math.PI));
const START_MS = Date.UTC(2026, 10, 25);
const moments = fc.integer({ min: START_MS, max: START_MS + 400 * 86_400_000 });
const flowOf = (seed: number): Flow =>
  new Flow({ week: WEEK, seed, lon: 13.4, scale: 3, periodMs: 300_000, swing: 0.5, sinceMs: START_MS });

test('a week repeats, and its sum is the integral of its rate', () => {
  fc.assert(
    fc.property(moments, fc.integer({ min: 1, max: 86_400 }), (timeMs, seconds) => {
      const start = timeMs / 1_000;
      assert.ok(Math.abs(WEEK.rate(start) - WEEK.rate(start + 604_800)) < 1e-9);
      let sum = 0;
      const steps = 200;
      for (let i = 0; i < steps; i++) sum += (WEEK.rate(start + ((i + 0.5) * seconds) / steps) * seconds) / steps;
      const total = WEEK.total(start + seconds) - WEEK.total(start);
      assert.ok(Math.abs(total - sum) < 1e-3 * seconds, `${total} for ${sum}`);
    }),
  );
});

test('weekends are the days that the calendar says', () => {
  const at = (day: number): number => WEEK.rate(Date.UTC(2026, 10, day) / 1_000);
  // 28 and 29 November 2026 are a Saturday and a Sunday.
  assert.deepEqual([25, 26, 27, 28, 29, 30].map(at), [2, 2, 2, 1, 1, 2]);
});

test('a flow never runs backwards, and what it counts is the integral of what it says', () => {
  fc.assert(
    fc.property(fc.nat(0xffffffff), moments, (seed, fromMs) => {
      const flow = flowOf(seed);
      let [sum, before] = [0, flow.total(fromMs)];
      const first = before;
      for (let second = 0; second < 1_200; second += 2) {
        const timeMs = fromMs + 1_000 * second;
        assert.ok(flow.rate(timeMs) > 0);
        sum += 2 * flow.rate(timeMs + 1_000);
        const after = flow.total(timeMs + 2_000);
        assert.ok(after > before);
        before = after;
      }
      assert.ok(Math.abs(before - first - sum) < 0.002 * sum, `${before - first} for ${sum}`);
    }),
    { numRuns: 30 },
  );
});

test('no swing lasts: over a day two flows of one week differ by little', () => {
  const day = (seed: number): number => flowOf(seed).total(START_MS + 86_400_000) - flowOf(seed).total(START_MS);
  const [one, two] = [day(1), day(2)];
  assert.notEqual(one, two);
  assert.ok(Math.abs(one - two) < 0.01 * one, `${one} and ${two}`);
});
