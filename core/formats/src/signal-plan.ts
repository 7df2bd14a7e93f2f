/**
 * The plans of an intersection (specs/signals.md §4): the times of its phases, its detectors, and the plans that may be chosen among.
 * Pre-emption and tram priority are plans as well. It is the body of the zone document `plans`, signed by two engineers; nobody can
 * order a lamp, only one of these plans.
 */

import type { Bytes } from './bytes.ts';
import { id, parseBy } from './common-schemas.ts';
import { formatError } from './errors.ts';
import { bool, type Infer, list, oneOf, optional, type Schema, struct, text, uint } from './schema.ts';
import { phaseNumber, SIGNAL_PHASE_MAX } from './signal-matrix.ts';
import { SIGNAL_STEP_MS } from './signal-timing.ts';

const DETECTOR_MAX = 32;
const STAGE_MAX = 16;
const PLAN_MAX = 32;
const CYCLE_MAX_MS = 300_000;

/** Milliseconds in whole steps of 100. */
const steps = (max: number, min = 0): Schema<number> => {
  const inner = uint({ min, max });
  const checked = (value: number, path: string): number => {
    if (value % SIGNAL_STEP_MS !== 0) throw formatError('NUMBER_RANGE', { at: path, stepMs: SIGNAL_STEP_MS });
    return value;
  };
  return {
    ...inner,
    parse: (value, path) => checked(inner.parse(value, path), path),
    fromJson: (json, path) => checked(inner.fromJson(json, path), path),
  };
};

const ascending = (a: number, b: number): number => a - b;
const byNumber = (a: { readonly number: number }, b: { readonly number: number }): number => a.number - b.number;

/** `extensionMs`: an actuated green ends when no vehicle was seen for so long. */
const vehicleTimingSchema = struct({
  greenMinMs: steps(60_000),
  extensionMs: steps(10_000, SIGNAL_STEP_MS),
  yellowMs: steps(60_000),
  redMs: steps(60_000),
});

/** `shortWalkMs`: all the walk that is kept when an emergency vehicle comes. After the clearance a buffer of steady don't walk. */
const pedestrianTimingSchema = struct({
  walkMs: steps(60_000),
  shortWalkMs: steps(60_000),
  clearanceMs: steps(120_000),
  bufferMs: steps(60_000),
});

/** Times of one phase in every plan: of vehicles or of people on foot. */
const timingSchema = struct({
  phase: phaseNumber(),
  vehicle: optional(vehicleTimingSchema),
  pedestrian: optional(pedestrianTimingSchema),
});
export type PhaseTiming = Infer<typeof timingSchema>;

/** A loop or button calls the phase `serves`; a priority input asks for the plan `serves` for as long as it is active. */
const detectorSchema = struct({
  number: uint({ min: 1, max: DETECTOR_MAX }),
  name: text(64),
  kind: oneOf('loop', 'button', 'priority'),
  serves: uint({ min: 1, max: 255 }),
});
export type SignalDetector = Infer<typeof detectorSchema>;

/** Phases that are green together. `durationMs` runs to the begin of the next stage; with `onCall` it is passed over when nobody called. */
const stageSchema = struct({
  phases: list(phaseNumber(), { min: 1, max: SIGNAL_PHASE_MAX, order: ascending }),
  durationMs: steps(CYCLE_MAX_MS, SIGNAL_STEP_MS),
  onCall: bool(),
});
export type SignalStage = Infer<typeof stageSchema>;

/**
 * A plan. `fixed` keeps its cycle in step with the city's time: it begins whenever (time − offset) is a whole number of cycles, so that
 * neighbours make a green wave; `actuated` follows its detectors, and durations are the most a stage gets while others wait.
 */
const planSchema = struct({
  number: uint({ min: 1, max: 255 }),
  name: text(64),
  purpose: oneOf('ordinary', 'tram', 'emergency'),
  control: oneOf('fixed', 'actuated'),
  cycleMs: steps(CYCLE_MAX_MS, SIGNAL_STEP_MS),
  offsetMs: steps(CYCLE_MAX_MS),
  stages: list(stageSchema, { min: 1, max: STAGE_MAX }),
});
export type SignalPlan = Infer<typeof planSchema>;

/** `matrix`: SHA-256 of the body of the matrix they were made for. `local`: the plan while no word of the city comes. */
export const signalPlansSchema = struct({
  matrix: id(),
  local: uint({ min: 1, max: 255 }),
  timings: list(timingSchema, { min: 2, max: SIGNAL_PHASE_MAX, order: (a, b) => a.phase - b.phase }),
  detectors: list(detectorSchema, { max: DETECTOR_MAX, order: byNumber }),
  plans: list(planSchema, { min: 1, max: PLAN_MAX, order: byNumber }),
});
export type SignalPlans = Infer<typeof signalPlansSchema>;

/** Parses the body of a plans document. Throws FormatError. */
export function parseSignalPlans(body: Bytes): SignalPlans {
  return parseBy(signalPlansSchema, body);
}

/** How long a phase takes from the end of its green or walk until others may move: yellow and red, or clearance and buffer. */
export function clearingMs({ vehicle, pedestrian }: PhaseTiming): number {
  return vehicle === undefined ? (pedestrian?.clearanceMs ?? 0) + (pedestrian?.bufferMs ?? 0) : vehicle.yellowMs + vehicle.redMs;
}

/** What a phase gets at least: its minimum green or its walk. */
export function leastMs({ vehicle, pedestrian }: PhaseTiming): number {
  return vehicle?.greenMinMs ?? pedestrian?.walkMs ?? 0;
}
