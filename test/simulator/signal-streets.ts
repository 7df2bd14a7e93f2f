/** Intersections by chance: phases, matrix and plans that pass every check, as odd as the rules allow. */

import { checkPlans } from '@oppidum/formats/check-plans';
import { checkMatrix, compatibleMasks, phaseBit, type SignalMatrix, type SignalPhase } from '@oppidum/formats/signal-matrix';
import { clearingMs, leastMs, type SignalDetector, type SignalPlan, type SignalPlans } from '@oppidum/formats/signal-plan';
import { digestOf, timingOf } from '../support/signals.ts';
import type { Dice } from './dice.ts';

/** As `signal-plans` of the CDDL has it. */
const CYCLE_MAX_MS = 300_000;

export type StreetDocuments = { readonly matrix: SignalMatrix; readonly plans: SignalPlans };

/** Makes one; tries again where chance made something that no engineer may sign. */
export function makeStreet(dice: Dice): StreetDocuments {
  for (let attempt = 0; attempt < 1_000; attempt++) {
    const matrix = makeMatrix(dice);
    if (checkMatrix(matrix) !== null) continue;
    const plans = makePlans(dice, matrix);
    if (plans.plans.some(({ cycleMs }) => cycleMs > CYCLE_MAX_MS)) continue;
    if (checkPlans(matrix, digestOf(matrix), plans) === null) return { matrix, plans };
  }
  throw new Error('no intersection in a thousand attempts');
}

function makeMatrix(dice: Dice): SignalMatrix {
  const count = 2 + dice.below(11);
  const numbers = Array.from({ length: 32 }, (_, i) => i + 1)
    .filter(() => dice.below(32) < 2 * count)
    .slice(0, count);
  const phases = (numbers.length < 2 ? [1, 2] : numbers).map((number) => makePhase(dice, number));
  const compatible: [number, number][] = [];
  for (const { number: a } of phases) for (const { number: b } of phases) if (a < b && dice.below(5) < 2) compatible.push([a, b]);
  return { name: 'a junction by chance', phases, compatible };
}

function makePhase(dice: Dice, number: number): SignalPhase {
  const name = `phase ${number}`;
  if (dice.once(4)) return { number, name, widthFt: 10 + dice.below(100) };
  const road = dice.pick(['major', 'minor', 'local', 'left'] as const);
  const flash = road === 'major' && dice.once(3) ? 'yellow' : 'red';
  return {
    number,
    name,
    widthFt: 10 + dice.below(80),
    vehicle: { road, speedMph: 15 + dice.below(45), gradePercent: dice.below(13) - 6, flash },
  };
}

function makePlans(dice: Dice, matrix: SignalMatrix): SignalPlans {
  const timings = matrix.phases.map((phase) => {
    const timing = timingOf(phase);
    if (timing.vehicle === undefined) return timing;
    // Sometimes longer than they must be.
    const yellowMs = Math.min(6_000, timing.vehicle.yellowMs + 100 * dice.below(6));
    return {
      ...timing,
      vehicle: { ...timing.vehicle, yellowMs, redMs: Math.min(6_000, timing.vehicle.redMs + 100 * dice.below(10)) },
    };
  });
  const needs = new Map(timings.map((timing) => [timing.phase, leastMs(timing) + clearingMs(timing)]));
  const plans: SignalPlan[] = [];
  for (let i = 0; i < 2 + dice.below(3); i++) plans.push(makeOrdinary(dice, matrix, needs, i + 1));
  const more = ['tram', 'emergency', 'emergency'] as const;
  for (const purpose of more.slice(dice.below(3))) {
    const stage = { phases: makeStage(dice, matrix), durationMs: 0, onCall: false };
    const durationMs = Math.max(...stage.phases.map((phase) => needs.get(phase) ?? 0)) + 100 * dice.below(300);
    const common = { name: purpose, purpose, control: 'fixed', offsetMs: 0 } as const;
    plans.push({ ...common, number: plans.length + 1, cycleMs: durationMs, stages: [{ ...stage, durationMs }] });
  }
  return { matrix: digestOf(matrix), local: 1, timings, detectors: makeDetectors(dice, matrix, plans), plans };
}

/** Phases that are compatible, beginning with a given one: a clique of the matrix. */
function makeStage(dice: Dice, { phases, compatible }: SignalMatrix, first?: number): number[] {
  const masks = compatibleMasks({ name: '', phases, compatible });
  const shuffled = phases.map(({ number }) => ({ number, at: dice.below(1_000) })).sort((a, b) => a.at - b.at);
  const found = first === undefined ? [] : [first];
  for (const { number } of shuffled)
    if (found.every((other) => other !== number && ((masks[other] ?? 0) & phaseBit(number)) !== 0)) found.push(number);
  return found.sort((a, b) => a - b);
}

function makeOrdinary(dice: Dice, matrix: SignalMatrix, needs: ReadonlyMap<number, number>, number: number): SignalPlan {
  const waiting = new Set(matrix.phases.map((phase) => phase.number));
  const stages: { phases: number[]; durationMs: number; onCall: boolean }[] = [];
  while (waiting.size > 0 || stages.length < 2) {
    const [first] = waiting;
    const phases = makeStage(dice, matrix, first);
    for (const phase of phases) waiting.delete(phase);
    const durationMs = Math.max(...phases.map((phase) => needs.get(phase) ?? 0)) + 100 * dice.below(150);
    stages.push({ phases, durationMs, onCall: dice.once(3) });
  }
  const cycleMs = stages.reduce((sum, { durationMs }) => sum + durationMs, 0);
  const common = { number, name: `plan ${number}`, purpose: 'ordinary', cycleMs } as const;
  const offsetMs = 100 * dice.below(Math.min(cycleMs, 300_000) / 100);
  return { ...common, control: dice.pick(['fixed', 'actuated'] as const), offsetMs, stages };
}

function makeDetectors(dice: Dice, { phases }: SignalMatrix, plans: readonly SignalPlan[]): SignalDetector[] {
  const served = phases.flatMap(({ number, vehicle }) => {
    const kind = vehicle === undefined ? 'button' : 'loop';
    return dice.once(5) ? [] : [{ kind, serves: number } as const];
  });
  const asked = plans
    .filter(({ purpose }) => purpose !== 'ordinary')
    .map(({ number }) => ({ kind: 'priority', serves: number }) as const);
  return [...served, ...asked]
    .slice(0, 32)
    .map(({ kind, serves }, i) => ({ number: i + 1, name: `detector ${i + 1}`, kind, serves }));
}
