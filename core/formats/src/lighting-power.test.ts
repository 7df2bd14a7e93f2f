import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lampPowerMw, powerCurveSchema } from './lighting-power.ts';

const CURVE = [
  { level: 0, powerMw: 400 },
  { level: 100, powerMw: 10_400 },
  { level: 1_000, powerMw: 60_000 },
];

test('power is as measured, straight in between, and as at the nearer end outside', () => {
  for (const [level, powerMw] of [
    [0, 400],
    [1, 500],
    [50, 5_400],
    [100, 10_400],
    [550, 35_200],
    [999, 59_945],
    [1_000, 60_000],
    [1_001, 60_000],
  ] as const)
    assert.equal(lampPowerMw(CURVE, level), powerMw, `${level}`);
  assert.equal(lampPowerMw(CURVE.slice(1), 20), 10_400);
});

test('a curve ascends by level', () => {
  const parse = (curve: object[]) => () => powerCurveSchema.fromJson(curve as never, '');
  assert.throws(parse([CURVE[1] as object, CURVE[0] as object]), { code: 'UNSORTED' });
  assert.throws(parse([CURVE[1] as object]), { code: 'LENGTH_WRONG' });
  assert.throws(parse([CURVE[0] as object, { level: 1_001, powerMw: 1 }]), { code: 'NUMBER_RANGE' });
});
