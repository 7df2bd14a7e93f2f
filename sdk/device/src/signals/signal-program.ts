/** What a controller runs: a matrix and plans that were checked, as masks and lists. Bit n − 1 of a mask is phase n. */

import type { Bytes } from '@oppidum/formats/bytes';
import { checkPlans } from '@oppidum/formats/check-plans';
import type { Crypto } from '@oppidum/formats/crypto';
import type { Rejection } from '@oppidum/formats/errors';
import { checkMatrix, compatibleMasks, parseSignalMatrix, phaseBit, type SignalMatrix } from '@oppidum/formats/signal-matrix';
import {
  clearingMs,
  leastMs,
  type PhaseTiming,
  parseSignalPlans,
  type SignalPlan,
  type SignalPlans,
} from '@oppidum/formats/signal-plan';
import { SIGNAL_STEP_MS } from '@oppidum/formats/signal-timing';

/** `least`: minimum green or walk; `shortLeast`: what an emergency leaves of it; `clearing`: all of yellow and red, or clearance and buffer. */
export type ProgramPhase = {
  readonly number: number;
  readonly bit: number;
  readonly conflicts: number;
  readonly isCrossing: boolean;
  readonly flashesYellow: boolean;
  readonly hasButton: boolean;
  readonly hasLoop: boolean;
  readonly leastMs: number;
  readonly shortLeastMs: number;
  readonly extensionMs: number;
  /** Yellow, or the flashing clearance of a crossing. */
  readonly stopMs: number;
  /** Red clearance, or the buffer of a crossing. */
  readonly clearMs: number;
  readonly clearingMs: number;
};

export type ProgramStage = {
  readonly mask: number;
  readonly durationMs: number;
  readonly onCall: boolean;
  readonly slackMs: number;
};

export type ProgramPlan = {
  readonly number: number;
  readonly index: number;
  readonly purpose: SignalPlan['purpose'];
  readonly isActuated: boolean;
  readonly cycleMs: number;
  readonly offsetMs: number;
  readonly stages: readonly ProgramStage[];
  /** Where in the cycle each stage begins. */
  readonly beginsMs: readonly number[];
  readonly slackMs: number;
};

export type ProgramDetector = {
  readonly bit: number;
  /** Index of the phase it calls, or −1. */
  readonly phase: number;
  /** The plan it asks for, or null. */
  readonly plan: ProgramPlan | null;
};

export type SignalProgram = {
  readonly matrix: SignalMatrix;
  /** SHA-256 of the bodies of both documents. */
  readonly digests: { readonly matrix: Bytes; readonly plans: Bytes };
  readonly phases: readonly ProgramPhase[];
  readonly plans: readonly ProgramPlan[];
  readonly detectors: readonly ProgramDetector[];
  readonly local: ProgramPlan;
};

/** The bodies of the two zone documents as the device keeps them. */
export type SignalDocuments = { readonly matrix: Bytes; readonly plans: Bytes };

/**
 * Parses and checks both documents and makes the program of them; a refusal has the codes of `checkMatrix` and `checkPlans`.
 * Throws FormatError on bytes that mean nothing.
 */
export function compileSignals(crypto: Crypto, documents: SignalDocuments): SignalProgram | Rejection {
  const matrix = parseSignalMatrix(documents.matrix);
  const plans = parseSignalPlans(documents.plans);
  const digests = { matrix: crypto.sha256(documents.matrix), plans: crypto.sha256(documents.plans) };
  const rejection = checkMatrix(matrix) ?? checkPlans(matrix, digests.matrix, plans);
  return rejection ?? { ...compile(matrix, plans), digests };
}

function compile(matrix: SignalMatrix, plans: SignalPlans): Omit<SignalProgram, 'digests'> {
  const phases = compilePhases(matrix, plans);
  const compiled = plans.plans.map((plan, index) => compilePlan(phases, plan, index));
  const planOf = (number: number) => compiled.find((plan) => plan.number === number) as ProgramPlan;
  const detectors = plans.detectors.map(({ number, kind, serves }) => ({
    bit: 1 << (number - 1),
    phase: kind === 'priority' ? -1 : phases.findIndex((phase) => phase.number === serves),
    plan: kind === 'priority' ? planOf(serves) : null,
  }));
  return { matrix, phases, plans: compiled, detectors, local: planOf(plans.local) };
}

function compilePhases(matrix: SignalMatrix, { timings, detectors }: SignalPlans): ProgramPhase[] {
  const masks = compatibleMasks(matrix);
  return matrix.phases.map(({ number, vehicle }) => {
    const timing = timings.find(({ phase }) => phase === number) as PhaseTiming;
    const called = detectors.filter(({ kind, serves }) => kind !== 'priority' && serves === number);
    return {
      number,
      bit: phaseBit(number),
      conflicts: ~(masks[number] as number),
      isCrossing: vehicle === undefined,
      flashesYellow: vehicle?.flash === 'yellow',
      hasButton: called.some(({ kind }) => kind === 'button'),
      hasLoop: called.some(({ kind }) => kind === 'loop'),
      leastMs: leastMs(timing),
      shortLeastMs: timing.pedestrian?.shortWalkMs ?? leastMs(timing),
      extensionMs: timing.vehicle?.extensionMs ?? 0,
      stopMs: timing.vehicle?.yellowMs ?? timing.pedestrian?.clearanceMs ?? 0,
      clearMs: timing.vehicle?.redMs ?? timing.pedestrian?.bufferMs ?? 0,
      clearingMs: clearingMs(timing),
    };
  });
}

function compilePlan(phases: readonly ProgramPhase[], plan: SignalPlan, index: number): ProgramPlan {
  const { number, purpose, control, cycleMs, offsetMs } = plan;
  const stages = plan.stages.map((stage): ProgramStage => {
    const mask = stage.phases.reduce((sum, phase) => sum | phaseBit(phase), 0);
    const needs = phases.map(({ bit, leastMs: least, clearingMs: clearing }) => ((mask & bit) === 0 ? 0 : least + clearing));
    // What a coordinated plan may take from the stage to come into step.
    const slackMs = Math.max(0, stage.durationMs - Math.max(SIGNAL_STEP_MS, ...needs));
    return { mask, durationMs: stage.durationMs, onCall: stage.onCall, slackMs };
  });
  let [beginMs, slackMs] = [0, 0];
  const beginsMs = stages.map(({ durationMs, slackMs: slack }) => {
    slackMs += slack;
    beginMs += durationMs;
    return beginMs - durationMs;
  });
  return { number, index, purpose, isActuated: control === 'actuated', cycleMs, offsetMs, stages, beginsMs, slackMs };
}
