/** In step with the neighbours (specs/signals.md §7): where a fixed plan is in its cycle by the time of the city. */

import { SIGNAL_STEP_MS } from '@oppidum/formats/signal-timing';
import type { ProgramPlan, ProgramStage } from './signal-program.ts';

/** Of a stage, how much may be added in one cycle to come into step. */
const LONGER_PART = 5;

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by;
}

/** Whole seconds since the begin of the cycle. */
export function cycleSecond({ offsetMs, cycleMs }: ProgramPlan, timeMs: number): number {
  return Math.floor(modulo(timeMs - offsetMs, cycleMs) / 1_000);
}

/**
 * When a stage that begins now has to end. A plan that is out of step comes into it by the shorter way: a stage that begins late gives
 * what it can spare, one that begins early lasts up to a fifth longer, and no stage is skipped or cut below its minimum.
 */
export function plannedEndMs(
  plan: ProgramPlan,
  index: number,
  { nowMs, cityTimeMs }: { readonly nowMs: number; readonly cityTimeMs: number | null },
): number {
  const { durationMs, slackMs } = plan.stages[index] as ProgramStage;
  const endMs = nowMs + durationMs;
  if (cityTimeMs === null || !Number.isSafeInteger(Math.round(cityTimeMs)) || plan.isActuated || plan.purpose !== 'ordinary')
    return endMs;
  const exactMs = modulo(cityTimeMs - plan.offsetMs - (plan.beginsMs[index] as number), plan.cycleMs);
  const lateMs = SIGNAL_STEP_MS * Math.round(exactMs / SIGNAL_STEP_MS);
  const earlyMs = plan.cycleMs - lateMs;
  if (lateMs === 0) return endMs;
  if (lateMs <= earlyMs && plan.slackMs > 0) return endMs - Math.min(lateMs, slackMs);
  const longerMs = SIGNAL_STEP_MS * Math.floor(durationMs / LONGER_PART / SIGNAL_STEP_MS);
  return endMs + Math.min(earlyMs, longerMs);
}
