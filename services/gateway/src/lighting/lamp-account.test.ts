import assert from 'node:assert/strict';
import { test } from 'node:test';
import { curveOf, type LampMean, type LampMeans, type Savings, SavingsSum, type Span } from './lamp-account.ts';

const HOUR_MS = 3_600_000;
const steady = (level: number, powerW: number): LampMean => ({ level, lit: level > 0 ? 1 : 0, powerW });
function savingsOf(lamps: readonly LampMeans[], span: Span, aheadMinutes: (timeMs: number) => number): Savings {
  const sum = new SavingsSum();
  for (const means of lamps) sum.add(means);
  return sum.over(span, aheadMinutes);
}
const NOON_MS = Date.UTC(2026, 0, 1, 12);
const EVENING_MS = Date.UTC(2026, 0, 1, 20);
const NIGHT_MS = Date.UTC(2026, 0, 2, 1);
const DAY = { fromMs: NOON_MS, toMs: NIGHT_MS + HOUR_MS, stepMs: HOUR_MS };

test('a lamp is known by what it takes for its brightness, and dark by what it takes then', () => {
  const means = new Map([
    [0, steady(0, 0.4)],
    [1, steady(0.5, 30)],
    [2, steady(1, 60)],
  ]);
  assert.deepEqual(curveOf(means), { fullW: 60, darkW: 0.4 });
  assert.deepEqual(curveOf(new Map([[0, steady(0, 0.4)]])), { fullW: 0.4, darkW: 0.4 });
  assert.deepEqual(curveOf(new Map()), { fullW: 0, darkW: 0 });
});

test('saved is what full light would have taken in the hours in which a lamp burned, and half of it in the half night', () => {
  const lamp = new Map([
    [NOON_MS, steady(0, 1)],
    [EVENING_MS, steady(1, 60)],
    [NIGHT_MS, steady(0.5, 30)],
  ]);
  const { usedWh, undimmedWh, halfNightWh, intervals } = savingsOf([lamp, lamp], DAY, () => 0);
  assert.deepEqual([usedWh, undimmedWh, halfNightWh], [182, 242, 182]);
  assert.deepEqual(
    intervals.map(({ level, powerW, undimmedW, halfNightW }) => [level, powerW, undimmedW, halfNightW]),
    [
      [0, 2, 2, 2],
      [1, 120, 120, 120],
      [0.5, 60, 120, 60],
    ],
  );
  // Four hours ahead of UTC the evening is the half night, and five in the morning is none.
  assert.equal(savingsOf([lamp], DAY, () => 240).halfNightWh, 1 + 30 + 60);
});

test('an interval that is cut, or in which a lamp was switched or silent, counts for as much as there was', () => {
  const switched = new Map([
    [EVENING_MS, { level: 0.25, lit: 0.25, powerW: 15 }],
    [EVENING_MS + HOUR_MS, steady(1, 60)],
  ]);
  const silent = new Map([[EVENING_MS + HOUR_MS, steady(1, 40)]]);
  const span = { fromMs: EVENING_MS, toMs: EVENING_MS + 1.5 * HOUR_MS, stepMs: HOUR_MS };
  const { usedWh, undimmedWh, intervals } = savingsOf([switched, silent], span, () => 0);
  assert.deepEqual([usedWh, undimmedWh], [15 + 50, 15 + 50]);
  assert.equal(intervals[1]?.toMs, span.toMs);
});

test('intervals longer than a night show what was saved all the same: lit for ten hours at half of its light', () => {
  const day = 24 * HOUR_MS;
  const long = new Map([
    [0, { level: (10 / 24) * 0.5, lit: 10 / 24, powerW: (10 * 30 + 14 * 0.4) / 24 }],
    [day, { level: (10 / 24) * 0.5, lit: 10 / 24, powerW: (10 * 30 + 14 * 0.4) / 24 }],
    [2 * day, steady(0, 0.4)],
  ]);
  const span = { fromMs: 0, toMs: 3 * day, stepMs: day };
  const { usedWh, undimmedWh } = savingsOf([long], span, () => 0);
  assert.ok(Math.abs(usedWh - (2 * (300 + 5.6) + 9.6)) < 1e-6, `${usedWh}`);
  assert.ok(Math.abs(undimmedWh - (2 * (600 + 5.6) + 9.6)) < 1e-6, `${undimmedWh}`);
});
