import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf, matrix, plans, timingOf } from '../../../test/support/signals.ts';
import { checkPlans } from './check-plans.ts';
import { checkMatrix, compatibleMasks, phaseBit, type SignalMatrix, type SignalPhase } from './signal-matrix.ts';
import type { SignalPlans } from './signal-plan.ts';
import { GREEN_MINIMUM_MS, yellowNeeded } from './signal-timing.ts';

test('yellow on the level is that of the table of the standard', () => {
  const table = { 25: 3_000, 35: 4_000, 45: 4_500, 55: 5_500, 70: 6_000 };
  for (const [speedMph, yellowMs] of Object.entries(table)) assert.equal(yellowNeeded(Number(speedMph), 0), yellowMs);
});

test('every pair of 32 phases: compatible both ways or neither, and only where it is declared', () => {
  const phases = Array.from({ length: 32 }, (_, i): SignalPhase => ({ number: i + 1, name: `crossing ${i + 1}`, widthFt: 30 }));
  const everyPair = phases.flatMap(({ number: a }) => phases.map(({ number: b }): [number, number] => [a, b]));
  const pairs = everyPair.filter(([a, b]) => a < b);
  const isDeclared = (a: number, b: number): boolean => (a * 7 + b * 13) % 5 < 2;
  const declared: SignalMatrix = { name: 'all', phases, compatible: pairs.filter(([a, b]) => isDeclared(a, b)) };
  assert.equal(checkMatrix(declared), null);
  const masks = compatibleMasks(declared);
  for (const [a, b] of everyPair) {
    const expected = a === b || isDeclared(Math.min(a, b), Math.max(a, b));
    assert.equal(((masks[a] ?? 0) & phaseBit(b)) !== 0, expected, `${a} and ${b}`);
  }
});

/** Plans that show this stage, and all phases somewhere. */
function plansWith(of: SignalMatrix, stage: number[]): SignalPlans {
  const stages = [stage, ...of.phases.map(({ number }) => [number])].map((phases) => ({
    phases,
    durationMs: 18_000,
    onCall: false,
  }));
  const plan = { number: 1, name: 'one', purpose: 'ordinary', control: 'fixed', offsetMs: 0 } as const;
  return {
    matrix: digestOf(of),
    local: 1,
    timings: of.phases.map(timingOf),
    detectors: [],
    plans: [{ ...plan, cycleMs: 18_000 * stages.length, stages }],
  };
}

test('every pair of phases of the intersection in one stage: refused exactly where the matrix does not declare it', () => {
  const smaller = { ...matrix, phases: matrix.phases.map((phase) => ({ ...phase, widthFt: 20 })) };
  for (const { number: a } of smaller.phases) {
    for (const { number: b } of smaller.phases.filter(({ number }) => number > a)) {
      const isDeclared = smaller.compatible.some(([first, second]) => first === a && second === b);
      const rejection = checkPlans(smaller, digestOf(smaller), plansWith(smaller, [a, b]));
      assert.equal(rejection?.code ?? 'OK', isDeclared ? 'OK' : 'PLAN_CONFLICT', `${a} and ${b}`);
    }
  }
});

test('minimum green: each class of road at both ends of its range', () => {
  for (const road of ['major', 'minor', 'local', 'left'] as const) {
    const [least, most] = GREEN_MINIMUM_MS[road];
    const phases = matrix.phases.map((phase) =>
      phase.vehicle === undefined ? phase : { ...phase, vehicle: { ...phase.vehicle, road, flash: 'red' as const } },
    );
    const changed = { ...matrix, phases };
    const codeAt = (greenMinMs: number): string => {
      const timings = phases.map(timingOf).map((timing) => {
        return timing.vehicle === undefined ? timing : { ...timing, vehicle: { ...timing.vehicle, greenMinMs } };
      });
      const roomy = plans.plans.map((plan) => {
        const stages = plan.stages.map((stage) => ({
          ...stage,
          durationMs: plan.purpose === 'ordinary' ? 40_000 : plan.cycleMs,
        }));
        return { ...plan, stages, cycleMs: plan.purpose === 'ordinary' ? 40_000 * stages.length : plan.cycleMs };
      });
      return checkPlans(changed, digestOf(changed), { ...plans, matrix: digestOf(changed), timings, plans: roomy })?.code ?? 'OK';
    };
    assert.deepEqual([least - 100, least, most, most + 100].map(codeAt), [
      'GREEN_MINIMUM_OUT_OF_RANGE',
      'OK',
      'OK',
      'GREEN_MINIMUM_OUT_OF_RANGE',
    ]);
  }
});

test('a refusal says where, what and why', () => {
  const conflicting = {
    ...plans,
    plans: plans.plans.map((plan) => ({ ...plan, stages: plan.stages.map((stage) => ({ ...stage })) })),
  };
  (conflicting.plans[0] as { stages: { phases: number[] }[] }).stages[0] = {
    ...conflicting.plans[0]?.stages[0],
    phases: [2, 4, 6, 9, 11],
  };
  assert.deepEqual(checkPlans(matrix, digestOf(matrix), conflicting), {
    code: 'PLAN_CONFLICT',
    details: {
      where: 'plan 1 (day), stage 1',
      what: 'phases 2 (Main east) and 4 (Mill north)',
      why: 'the matrix does not declare them compatible',
    },
  });
});
