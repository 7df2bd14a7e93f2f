/** Refuses plans that a street could not bear, before anybody signs them or a controller runs them (specs/signals.md §5). */

import { type Bytes, equalBytes, toHex } from './bytes.ts';
import { type ErrorCode, type Rejection, reject } from './errors.ts';
import { compatibleMasks, phaseBit, type SignalMatrix, type SignalPhase } from './signal-matrix.ts';
import { clearingMs, leastMs, type PhaseTiming, type SignalDetector, type SignalPlan, type SignalPlans } from './signal-plan.ts';
import { crossingNeeded, GREEN_MINIMUM_MS, redClearanceNeeded, SIGNAL_BOUNDS, yellowNeeded } from './signal-timing.ts';

type Context = {
  readonly matrix: SignalMatrix;
  readonly plans: SignalPlans;
  readonly masks: readonly number[];
  readonly timings: ReadonlyMap<number, PhaseTiming>;
};

/**
 * Refuses plans by the first thing that is wrong, with where, what and why. `digest`: SHA-256 of the body of the matrix document. In this
 * order: PLANS_MATRIX_OTHER, PLANS_TIMING_PHASES, then by phase YELLOW_OUT_OF_RANGE, RED_CLEARANCE_OUT_OF_RANGE,
 * GREEN_MINIMUM_OUT_OF_RANGE or WALK_SHORT, PEDESTRIAN_CLEARANCE_SHORT; DETECTOR_TARGET_INVALID, PLANS_LOCAL_INVALID, then by plan
 * PLAN_STAGE_COUNT, PLAN_CYCLE_WRONG, PLAN_OFFSET_RANGE, by stage PLAN_PHASE_UNKNOWN and PLAN_CONFLICT, PLAN_PHASE_UNSERVED,
 * PLAN_STAGE_SHORT.
 */
export function checkPlans(matrix: SignalMatrix, digest: Bytes, plans: SignalPlans): Rejection | null {
  if (!equalBytes(plans.matrix, digest))
    return refuse('PLANS_MATRIX_OTHER', 'matrix', toHex(plans.matrix), `the matrix in force is ${toHex(digest)}`);
  const timings = new Map(plans.timings.map((timing) => [timing.phase, timing]));
  const context: Context = { matrix, plans, masks: compatibleMasks(matrix), timings };
  return (
    checkTimingPhases(context) ??
    firstOf(matrix.phases, (phase) => checkTiming(phase, timings.get(phase.number) as PhaseTiming)) ??
    firstOf(plans.detectors, (detector) => checkDetector(context, detector)) ??
    checkLocal(plans) ??
    firstOf(plans.plans, (plan) => checkPlan(context, plan))
  );
}

function firstOf<T>(items: readonly T[], check: (item: T, index: number) => Rejection | null): Rejection | null {
  for (const [index, item] of items.entries()) {
    const rejection = check(item, index);
    if (rejection !== null) return rejection;
  }
  return null;
}

function refuse(code: ErrorCode, where: string, what: string, why: string): Rejection {
  return reject(code, { where, what, why });
}

function checkTimingPhases({ matrix, plans, timings }: Context): Rejection | null {
  for (const { number, name, vehicle } of matrix.phases) {
    const timing = timings.get(number);
    const fits = timing !== undefined && (timing.vehicle === undefined) === (vehicle === undefined);
    if (!fits || (timing.vehicle === undefined) === (timing.pedestrian === undefined)) {
      const kind = vehicle === undefined ? 'a crossing' : 'of vehicles';
      return refuse('PLANS_TIMING_PHASES', `phase ${number} (${name})`, 'no timing of its kind', `it is ${kind}`);
    }
  }
  if (plans.timings.length === matrix.phases.length) return null;
  const odd = plans.timings.find(({ phase }) => !matrix.phases.some(({ number }) => number === phase));
  return refuse('PLANS_TIMING_PHASES', `timing of phase ${odd?.phase}`, 'a timing too many', 'the matrix has no such phase');
}

function checkTiming(phase: SignalPhase, timing: PhaseTiming): Rejection | null {
  const where = `timing of phase ${phase.number} (${phase.name})`;
  const { vehicle, pedestrian } = timing;
  if (vehicle !== undefined && phase.vehicle !== undefined) {
    const { speedMph, gradePercent, road } = phase.vehicle;
    const yellow = [yellowNeeded(speedMph, gradePercent), SIGNAL_BOUNDS.yellowMaxMs] as const;
    const red = [redClearanceNeeded(phase.widthFt, speedMph), SIGNAL_BOUNDS.redClearanceMaxMs] as const;
    const green = GREEN_MINIMUM_MS[road];
    return (
      outside('YELLOW_OUT_OF_RANGE', where, vehicle.yellowMs, yellow, `${speedMph} mph on ${gradePercent} %`) ??
      outside('RED_CLEARANCE_OUT_OF_RANGE', where, vehicle.redMs, red, `${phase.widthFt} ft at ${speedMph} mph`) ??
      outside('GREEN_MINIMUM_OUT_OF_RANGE', where, vehicle.greenMinMs, green, `class of road: ${road}`)
    );
  }
  if (pedestrian === undefined) return null;
  const { walkMs, shortWalkMs, clearanceMs, bufferMs } = pedestrian;
  const { walkMinMs, shortWalkMinMs, bufferMinMs } = SIGNAL_BOUNDS;
  const crossingMs = crossingNeeded(phase.widthFt);
  if (walkMs < walkMinMs) return refuse('WALK_SHORT', where, `walk of ${walkMs} ms`, `at least ${walkMinMs} ms`);
  if (shortWalkMs < shortWalkMinMs || shortWalkMs > walkMs)
    return refuse('WALK_SHORT', where, `short walk of ${shortWalkMs} ms`, `${shortWalkMinMs} to ${walkMs} ms`);
  if (clearanceMs < crossingMs) {
    const why = `${phase.widthFt} ft at 3.5 ft/s need ${crossingMs} ms`;
    return refuse('PEDESTRIAN_CLEARANCE_SHORT', where, `clearance of ${clearanceMs} ms`, why);
  }
  if (bufferMs >= bufferMinMs) return null;
  return refuse('PEDESTRIAN_CLEARANCE_SHORT', where, `buffer of ${bufferMs} ms`, `at least ${bufferMinMs} ms`);
}

function outside(
  code: ErrorCode,
  where: string,
  valueMs: number,
  [leastMs, mostMs]: readonly [number, number],
  reason: string,
): Rejection | null {
  if (valueMs >= leastMs && valueMs <= mostMs) return null;
  return refuse(code, where, `${valueMs} ms`, `${reason}: ${leastMs} to ${mostMs} ms`);
}

function checkDetector({ matrix, plans }: Context, { number, name, kind, serves }: SignalDetector): Rejection | null {
  const where = `detector ${number} (${name})`;
  if (kind === 'priority') {
    const plan = plans.plans.find((candidate) => candidate.number === serves);
    if (plan !== undefined && plan.purpose !== 'ordinary') return null;
    return refuse('DETECTOR_TARGET_INVALID', where, `plan ${serves}`, 'it is no plan for trams or emergencies');
  }
  const phase = matrix.phases.find((candidate) => candidate.number === serves);
  const isVehicle = kind === 'loop';
  if (phase !== undefined && (phase.vehicle !== undefined) === isVehicle) return null;
  return refuse(
    'DETECTOR_TARGET_INVALID',
    where,
    `phase ${serves}`,
    `it is no phase of ${isVehicle ? 'vehicles' : 'people on foot'}`,
  );
}

function checkLocal({ local, plans }: SignalPlans): Rejection | null {
  const plan = plans.find(({ number }) => number === local);
  if (plan?.purpose === 'ordinary') return null;
  return refuse(
    'PLANS_LOCAL_INVALID',
    'local',
    `plan ${local}`,
    plan === undefined ? 'no such plan' : `it is for ${plan.purpose}`,
  );
}

function checkPlan(context: Context, plan: SignalPlan): Rejection | null {
  const where = `plan ${plan.number} (${plan.name})`;
  const { purpose, stages, cycleMs, offsetMs } = plan;
  const isOrdinary = purpose === 'ordinary';
  if (isOrdinary !== stages.length > 1) {
    const want = isOrdinary ? 'two or more' : 'one';
    return refuse('PLAN_STAGE_COUNT', where, `${stages.length} stages`, `a plan of purpose ${purpose} has ${want}`);
  }
  if (!isOrdinary && cycleMs > SIGNAL_BOUNDS.holdMaxMs)
    return refuse('PLAN_STAGE_COUNT', where, `a hold of ${cycleMs} ms`, `at most ${SIGNAL_BOUNDS.holdMaxMs} ms`);
  const sumMs = stages.reduce((sum, { durationMs }) => sum + durationMs, 0);
  if (sumMs !== cycleMs) return refuse('PLAN_CYCLE_WRONG', where, `a cycle of ${cycleMs} ms`, `its stages take ${sumMs} ms`);
  if (offsetMs >= cycleMs) return refuse('PLAN_OFFSET_RANGE', where, `an offset of ${offsetMs} ms`, `below ${cycleMs} ms`);
  return (
    firstOf(stages, ({ phases }, i) => checkStage(context, `${where}, stage ${i + 1}`, phases)) ??
    (isOrdinary ? checkServed(context, where, plan) : null) ??
    firstOf(stages, ({ phases }, i) => checkDurations(context, `${where}, stage ${i + 1}`, { plan, first: i, phases }))
  );
}

/** Every pair of a stage against the matrix: none is left out. */
function checkStage({ matrix, masks }: Context, where: string, phases: readonly number[]): Rejection | null {
  const nameOf = (phase: number) => matrix.phases.find(({ number }) => number === phase)?.name;
  for (const phase of phases) {
    if (masks[phase] === 0) return refuse('PLAN_PHASE_UNKNOWN', where, `phase ${phase}`, 'it is not in the matrix');
  }
  for (const a of phases) {
    const b = phases.find((other) => ((masks[a] as number) & phaseBit(other)) === 0);
    if (b === undefined) continue;
    const what = `phases ${a} (${nameOf(a)}) and ${b} (${nameOf(b)})`;
    return refuse('PLAN_CONFLICT', where, what, 'the matrix does not declare them compatible');
  }
  return null;
}

function checkServed({ matrix }: Context, where: string, { stages }: SignalPlan): Rejection | null {
  const missing = matrix.phases.find(({ number }) => !stages.some(({ phases }) => phases.includes(number)));
  if (missing === undefined) return null;
  return refuse('PLAN_PHASE_UNSERVED', where, `phase ${missing.number} (${missing.name})`, 'no stage has it');
}

/** A phase that begins with the stage `first` must have its minimum, and be cleared, when the last of its stages in a row ends. */
function checkDurations(
  { timings }: Context,
  where: string,
  { plan, first, phases }: { readonly plan: SignalPlan; readonly first: number; readonly phases: readonly number[] },
): Rejection | null {
  const { stages } = plan;
  const stageAt = (index: number) => stages[index % stages.length];
  for (const phase of phases) {
    const has = (index: number) => stageAt(index)?.phases.includes(phase) === true;
    if (has(first + stages.length - 1) && stages.some((_, i) => !has(i))) continue;
    let [totalMs, end] = [0, first];
    for (; end < first + stages.length && has(end); end++) totalMs += stageAt(end)?.durationMs ?? 0;
    const timing = timings.get(phase) as PhaseTiming;
    const neededMs = leastMs(timing) + clearingMs(timing);
    if (totalMs >= neededMs) continue;
    return refuse('PLAN_STAGE_SHORT', where, `${totalMs} ms for phase ${phase}`, `it needs ${neededMs} ms with what clears it`);
  }
  return null;
}
