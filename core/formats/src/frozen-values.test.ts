import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type FrozenLimits, isFrozen, type SteadyRun, steadyRun } from './frozen-values.ts';

const LIMITS: FrozenLimits = { busyS: 900, emptyS: 3_600 };

/** Whether the detector counts as frozen after each value, one every `everyS` seconds. */
function judge(values: readonly number[], everyS: number): readonly boolean[] {
  let run: SteadyRun | null = null;
  return values.map((value, i) => {
    run = steadyRun(run, value, i * everyS * 1_000);
    return isFrozen(LIMITS, run);
  });
}

test('a number above 0 may last for busyS, and 0 for emptyS; one change begins anew', () => {
  assert.deepEqual(judge([120, 120, 120, 120, 120, 132, 120], 300), [false, false, false, false, true, false, false]);
  assert.deepEqual(judge(new Array(14).fill(0), 300).indexOf(true), 13);
});

test('silence alone freezes nothing, however long', () => {
  const run = steadyRun(null, 120, 0);
  assert.equal(isFrozen(LIMITS, run), false);
  assert.equal(isFrozen(LIMITS, steadyRun(run, 132, 86_400_000)), false);
});

test('a detector is frozen exactly when what it said last is all that it said for longer than that may last', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(0, 12, 24), { minLength: 1, maxLength: 40 }),
      fc.integer({ min: 1, max: 1_000 }),
      (values, everyS) => {
        const last = values.at(-1) as number;
        const same = values.length - 1 - (values.findLastIndex((value) => value !== last) + 1);
        assert.equal(judge(values, everyS).at(-1), same * everyS > (last === 0 ? LIMITS.emptyS : LIMITS.busyS));
      },
    ),
  );
});
