/**
 * Writes vectors/signals/*.json: times by the formulae, matrices and plans, true and false, each with its bytes, its code and why.
 * `node tools/signal-vectors.ts`; specs/signals.md says how to read them.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { toHex } from '@oppidum/formats/bytes';
import { encodeBy } from '@oppidum/formats/common-schemas';
import type { Schema } from '@oppidum/formats/schema';
import { type SignalMatrix, type SignalPhase, signalMatrixSchema } from '@oppidum/formats/signal-matrix';
import {
  type PhaseTiming,
  type SignalPlan,
  type SignalPlans,
  type SignalStage,
  signalPlansSchema,
} from '@oppidum/formats/signal-plan';
import { crossingNeeded, redClearanceNeeded, yellowNeeded } from '@oppidum/formats/signal-timing';
import { digestOf, matrix, plans } from '../test/support/signals.ts';
import { renderMonitorCases } from './monitor-cases.ts';

const SPEEDS = [5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60, 65, 70, 75, 80, 85];
const GRADES = [-15, -6, -3, 0, 3, 6, 15];
const WIDTHS = [1, 12, 35, 60, 80, 120, 300];

type Case<T> = readonly [code: string, why: string, value: T];

const withPhase = (number: number, change: (phase: SignalPhase) => SignalPhase): SignalMatrix => ({
  ...matrix,
  phases: matrix.phases.map((phase) => (phase.number === number ? change(phase) : phase)),
});
const withVehicle = (number: number, change: Partial<NonNullable<SignalPhase['vehicle']>>): SignalMatrix =>
  withPhase(number, (phase) => ({ ...phase, vehicle: { ...(phase.vehicle as NonNullable<SignalPhase['vehicle']>), ...change } }));

const MATRICES: readonly Case<SignalMatrix>[] = [
  ['OK', 'the intersection', matrix],
  ['OK', 'everything conflicts: only one road flashes yellow', { ...withVehicle(6, { flash: 'red' }), compatible: [] }],
  ['OK', 'the widest that is cleared in six seconds at 35 mph', withPhase(2, (phase) => ({ ...phase, widthFt: 288 }))],
  ['MATRIX_CLEARANCE_LONG', 'a foot wider', withPhase(2, (phase) => ({ ...phase, widthFt: 289 }))],
  ['MATRIX_PHASE_UNKNOWN', 'a pair with a phase that is not there', { ...matrix, compatible: [...matrix.compatible, [11, 12]] }],
  ['MATRIX_FLASH_INVALID', 'a side road that flashes yellow', withVehicle(4, { flash: 'yellow' })],
  ['MATRIX_FLASH_INVALID', 'two conflicting main roads flash yellow', withVehicle(4, { road: 'major', flash: 'yellow' })],
  [
    'DUPLICATE_KEY',
    'a pair twice',
    {
      ...matrix,
      compatible: [
        [1, 5],
        [1, 5],
      ],
    },
  ],
  ['UNSORTED', 'a pair the other way round', { ...matrix, compatible: [[5, 1]] }],
  ['DUPLICATE_KEY', 'a phase with itself', { ...matrix, compatible: [[1, 1]] }],
  [
    'UNSORTED',
    'pairs out of order',
    {
      ...matrix,
      compatible: [
        [2, 6],
        [1, 5],
      ],
    },
  ],
  ['DUPLICATE_KEY', 'a phase twice', { ...matrix, phases: [...matrix.phases.slice(0, 1), ...matrix.phases] }],
  ['NUMBER_RANGE', 'a phase of number 33', withPhase(11, (phase) => ({ ...phase, number: 33 }))],
  ['NUMBER_RANGE', 'too steep', withVehicle(2, { gradePercent: -16 })],
  ['LENGTH_WRONG', 'a single phase', { ...matrix, phases: matrix.phases.slice(0, 1), compatible: [] }],
];

const withPlan = (number: number, change: Partial<SignalPlan>): SignalPlans => ({
  ...plans,
  plans: plans.plans.map((plan) => (plan.number === number ? { ...plan, ...change } : plan)),
});
const withTiming = (phase: number, change: Partial<PhaseTiming>): SignalPlans => ({
  ...plans,
  timings: plans.timings.map((timing) => (timing.phase === phase ? { ...timing, ...change } : timing)),
});
type Times = Partial<NonNullable<PhaseTiming['vehicle']>> & Partial<NonNullable<PhaseTiming['pedestrian']>>;
const timesOf = (phase: number): PhaseTiming => plans.timings.find((timing) => timing.phase === phase) as PhaseTiming;
const withTimes = (phase: number, change: Times): SignalPlans => {
  const { vehicle, pedestrian } = timesOf(phase);
  if (vehicle !== undefined) return withTiming(phase, { vehicle: { ...vehicle, ...change } });
  return withTiming(phase, pedestrian === undefined ? {} : { pedestrian: { ...pedestrian, ...change } });
};
const withStage = (index: number, change: Partial<SignalStage>): SignalPlans =>
  withPlan(1, {
    stages: (plans.plans[0] as SignalPlan).stages.map((stage, i) => (i === index ? { ...stage, ...change } : stage)),
  });
const withDetector = (number: number, serves: number): SignalPlans => ({
  ...plans,
  detectors: plans.detectors.map((detector) => (detector.number === number ? { ...detector, serves } : detector)),
});

const PLANS: readonly Case<SignalPlans>[] = [
  ['OK', 'the plans', plans],
  ['OK', 'times longer than the least', withTimes(2, { yellowMs: 6_000, redMs: 6_000, greenMinMs: 15_000 })],
  ['PLANS_MATRIX_OTHER', 'made for another matrix', { ...plans, matrix: digestOf({ ...matrix, compatible: [] }) }],
  ['PLANS_TIMING_PHASES', 'no timing for a phase', { ...plans, timings: plans.timings.slice(1) }],
  [
    'PLANS_TIMING_PHASES',
    'a timing of no phase',
    { ...plans, timings: [...plans.timings, { ...(plans.timings[0] as PhaseTiming), phase: 12 }] },
  ],
  ['PLANS_TIMING_PHASES', 'a walk for vehicles', withTiming(2, { ...timesOf(9), phase: 2 })],
  ['YELLOW_OUT_OF_RANGE', 'half a second less than 35 mph need', withTimes(2, { yellowMs: 3_500 })],
  ['YELLOW_OUT_OF_RANGE', 'a tenth of a second less', withTimes(2, { yellowMs: 3_900 })],
  ['YELLOW_OUT_OF_RANGE', 'more than six seconds', withTimes(2, { yellowMs: 6_100 })],
  ['RED_CLEARANCE_OUT_OF_RANGE', 'a tenth of a second less', withTimes(2, { redMs: 1_700 })],
  ['RED_CLEARANCE_OUT_OF_RANGE', 'more than six seconds', withTimes(2, { redMs: 6_100 })],
  ['GREEN_MINIMUM_OUT_OF_RANGE', 'a main road below 7 s', withTimes(2, { greenMinMs: 6_900 })],
  ['GREEN_MINIMUM_OUT_OF_RANGE', 'a main road above 15 s', withTimes(2, { greenMinMs: 15_100 })],
  ['GREEN_MINIMUM_OUT_OF_RANGE', 'a side road below 4 s', withTimes(4, { greenMinMs: 3_900 })],
  ['GREEN_MINIMUM_OUT_OF_RANGE', 'a left turn above 5 s', withTimes(1, { greenMinMs: 5_100 })],
  ['GREEN_MINIMUM_OUT_OF_RANGE', 'a local road below 2 s', withTimes(11, { greenMinMs: 1_900 })],
  ['WALK_SHORT', 'a walk below 7 s', withTimes(9, { walkMs: 6_900 })],
  ['WALK_SHORT', 'a walk cut below 4 s', withTimes(9, { shortWalkMs: 3_900 })],
  ['WALK_SHORT', 'a short walk longer than the walk', withTimes(9, { shortWalkMs: 7_100 })],
  ['PEDESTRIAN_CLEARANCE_SHORT', 'not across at 3.5 ft/s', withTimes(9, { clearanceMs: 11_400 })],
  ['PEDESTRIAN_CLEARANCE_SHORT', 'a buffer below 3 s', withTimes(9, { bufferMs: 2_900 })],
  ['DETECTOR_TARGET_INVALID', 'a loop at a crossing', withDetector(1, 9)],
  ['DETECTOR_TARGET_INVALID', 'a button for vehicles', withDetector(7, 2)],
  ['DETECTOR_TARGET_INVALID', 'a loop of no phase', withDetector(1, 12)],
  ['DETECTOR_TARGET_INVALID', 'priority for an ordinary plan', withDetector(9, 1)],
  ['PLANS_LOCAL_INVALID', 'no such local plan', { ...plans, local: 7 }],
  ['PLANS_LOCAL_INVALID', 'a local plan for emergencies', { ...plans, local: 6 }],
  ['PLAN_STAGE_COUNT', 'one stage', withPlan(1, { stages: [{ phases: [2, 6], durationMs: 90_000, onCall: false }] })],
  ['PLAN_STAGE_COUNT', 'an emergency of three stages', withPlan(6, { stages: (plans.plans[0] as SignalPlan).stages })],
  [
    'PLAN_STAGE_COUNT',
    'an emergency of more than three minutes',
    withPlan(6, { cycleMs: 180_100, stages: [{ phases: [2, 5], durationMs: 180_100, onCall: false }] }),
  ],
  ['PLAN_CYCLE_WRONG', 'a cycle of other stages', withPlan(1, { cycleMs: 90_100 })],
  ['PLAN_OFFSET_RANGE', 'an offset of a cycle', withPlan(1, { offsetMs: 90_000 })],
  ['PLAN_PHASE_UNKNOWN', 'a stage with no such phase', withStage(0, { phases: [2, 6, 9, 12] })],
  ['PLAN_CONFLICT', 'both roads at once', withStage(0, { phases: [2, 4, 6, 9, 11] })],
  ['PLAN_CONFLICT', 'a left turn against its opposing stream', withStage(0, { phases: [1, 2, 6, 9, 11] })],
  [
    'PLAN_CONFLICT',
    'people on foot against the tram',
    withPlan(5, { stages: [{ phases: [2, 10], durationMs: 40_000, onCall: false }] }),
  ],
  ['PLAN_PHASE_UNSERVED', 'nobody may cross Mill', withStage(0, { phases: [2, 6, 11] })],
  [
    'PLAN_STAGE_SHORT',
    'no time to cross Main',
    withPlan(1, {
      cycleMs: 84_000,
      stages: (plans.plans[0] as SignalPlan).stages.map((stage, i) => (i === 2 ? { ...stage, durationMs: 26_000 } : stage)),
    }),
  ],
  ['NUMBER_RANGE', 'a time between two steps', withTimes(2, { yellowMs: 4_050 })],
  ['NUMBER_RANGE', 'a plan of number 0', withPlan(1, { number: 0 })],
];

const render = <T>(cases: readonly Case<T>[], schema: Schema<T>) =>
  cases.map(([code, why, value]) => ({ why, body: toHex(encodeBy(schema, value)), code }));

/** The files by name. */
export function renderSignalVectors(): Readonly<Record<string, string>> {
  const yellow = SPEEDS.flatMap((speedMph) =>
    GRADES.map((gradePercent) => ({ speedMph, gradePercent, yellowMs: yellowNeeded(speedMph, gradePercent) })),
  );
  const redClearance = WIDTHS.flatMap((widthFt) =>
    SPEEDS.map((speedMph) => ({ widthFt, speedMph, redMs: redClearanceNeeded(widthFt, speedMph) })),
  );
  const crossing = WIDTHS.map((widthFt) => ({ widthFt, clearanceMs: crossingNeeded(widthFt) }));
  const files = {
    'timing.json': { yellow, redClearance, crossing },
    'matrices.json': { example: signalMatrixSchema.toJson(matrix), cases: render(MATRICES, signalMatrixSchema) },
    'plans.json': {
      matrix: toHex(encodeBy(signalMatrixSchema, matrix)),
      example: signalPlansSchema.toJson(plans),
      cases: render(PLANS, signalPlansSchema),
    },
    'monitor.json': renderMonitorCases(),
  };
  return Object.fromEntries(Object.entries(files).map(([name, file]) => [name, `${JSON.stringify(file, null, 2)}\n`]));
}

if (import.meta.main) {
  const folder = join(resolve(import.meta.dirname, '..'), 'vectors/signals');
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(renderSignalVectors())) writeFileSync(join(folder, name), text);
}
