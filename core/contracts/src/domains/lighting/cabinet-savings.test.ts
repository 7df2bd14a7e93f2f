import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cabinetSavings } from './cabinet-savings.ts';

const CURVE = [
  { level: 0, powerMw: 400 },
  { level: 500, powerMw: 20_000 },
  { level: 1_000, powerMw: 40_000 },
];
const CABINET = { lamps: [CURVE, CURVE], standingMw: 5_000, wavering: { meterMw: 0, lampsPermille: 0 }, steadyPermille: 0 };
const NIGHT = { meterMw: 45_000, lit: [1_000, 1_000] };
const DAY = { meterMw: 5_800, lit: [0, 0] };

test('savings are what the meter did not count, against lamps never dimmed', () => {
  // By night 45 W instead of 85, by day the same 5.8 W.
  assert.deepEqual(cabinetSavings(CABINET, [NIGHT, NIGHT, DAY], 1_800), {
    measuredMwh: 22_500 * 2 + 2_900,
    undimmedMwh: 42_500 * 2 + 2_900,
    savedPermille: Math.floor((40_000 * 1_000) / 87_900),
  });
  assert.deepEqual(cabinetSavings(CABINET, [], 1_800), { measuredMwh: 0, undimmedMwh: 0, savedPermille: 0 });
});

test('what is stolen is not saved', () => {
  const stolen = { ...NIGHT, meterMw: 95_000 };
  assert.equal(cabinetSavings(CABINET, [stolen], 3_600).savedPermille, Math.floor((-10_000 * 1_000) / 85_000));
});

test('an interval in which lamps were switched counts them for as long as they burned', () => {
  // A quarter of an hour each of the lamps: 0.4 W dark, 40 W in full light.
  const dusk = { meterMw: 10_000, lit: [250, 750] };
  assert.deepEqual(cabinetSavings(CABINET, [dusk], 3_600), {
    measuredMwh: 10_000,
    undimmedMwh: 5_000 + 400 + 9_900 + 400 + 29_700,
    savedPermille: Math.floor((35_400 * 1_000) / 45_400),
  });
});

test('an interval that says nothing of a lamp is a broken caller', () => {
  assert.throws(() => cabinetSavings(CABINET, [{ meterMw: 1, lit: [0] }], 60), /how long lamp 1 burned/);
});
