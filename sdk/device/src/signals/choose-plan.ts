/**
 * Which of the signed ordinary plans suits the traffic (specs/signals.md §7): each is judged by the delay that the formulae of the Highway
 * Capacity Manual (2000, equations 16-11 and 16-12) expect of it for what the loops saw. It proposes; the controller takes only ordinary
 * plans of the signed document, and an order overrides it.
 */

import { SIGNAL_STEP_MS } from '@oppidum/formats/signal-timing';
import type { ProgramPhase, ProgramPlan, ProgramStage, SignalProgram } from './signal-program.ts';

/** How long is looked before a choice, and again before the next. */
const WINDOW_MS = 300_000;
/** Another plan must be better by this part: changing costs a cycle. */
const BETTER_PART = 0.1;
/** A green that was used so far was too short for all who came: more came than were seen. */
const USED_UP = 0.95;
const MORE_CAME = 1.2;
/** What the incremental delay takes for one lane, vehicles an hour; it only weighs how delay grows near saturation. */
const LANE_PER_HOUR = 1_800;
const WINDOW_H = WINDOW_MS / 3_600_000;
/** Share of the time that a loop must have been used to count at all: an empty road has no delay. */
const NOBODY = 0.002;

/** What was seen of one phase in the window: its green, and how much of it was used. */
type Seen = { greenMs: number; usedMs: number; lastMs: number };

/** Watches the loops of one intersection and proposes a plan every five minutes. */
export class PlanChooser {
  readonly #program: SignalProgram;
  readonly #seen: readonly Seen[];
  #nowMs = 0;
  #windowMs = 0;

  constructor(program: SignalProgram) {
    this.#program = program;
    this.#seen = program.phases.map(() => ({ greenMs: 0, usedMs: 0, lastMs: Number.NEGATIVE_INFINITY }));
  }

  /** One step of 100 ms: what the detectors say and which phases are green. */
  watch(detectors: number, goMask: number): void {
    this.#nowMs += SIGNAL_STEP_MS;
    this.#windowMs += SIGNAL_STEP_MS;
    for (const { bit, phase } of this.#program.detectors)
      if (phase >= 0 && (detectors & bit) !== 0) (this.#seen[phase] as Seen).lastMs = this.#nowMs;
    for (let i = 0; i < this.#seen.length; i++) {
      const { bit, extensionMs } = this.#program.phases[i] as ProgramPhase;
      if ((goMask & bit) === 0) continue;
      const seen = this.#seen[i] as Seen;
      seen.greenMs += SIGNAL_STEP_MS;
      if (this.#nowMs - seen.lastMs < extensionMs) seen.usedMs += SIGNAL_STEP_MS;
    }
  }

  /** The number of the plan to run, or null while there is nothing to change. `current`: the plan that runs. */
  propose(current: number): number | null {
    if (this.#windowMs < WINDOW_MS) return null;
    const loads = this.#loads();
    this.#forget();
    const delays = this.#program.plans
      .filter(({ purpose }) => purpose === 'ordinary')
      .map((plan) => ({ number: plan.number, delay: expectedDelay(this.#program, plan, loads) }));
    const now = delays.find(({ number }) => number === current)?.delay ?? Number.POSITIVE_INFINITY;
    const best = delays.reduce((least, each) => (each.delay < least.delay ? each : least));
    return best.number !== current && best.delay < now * (1 - BETTER_PART) ? best.number : null;
  }

  /** Of all the time, how much green each phase needs: its flow over what one green second lets through. */
  #loads(): readonly number[] {
    return this.#seen.map(({ greenMs, usedMs }, i) => {
      if (!(this.#program.phases[i] as ProgramPhase).hasLoop || greenMs === 0) return 0;
      return (usedMs / this.#windowMs) * (usedMs >= USED_UP * greenMs ? MORE_CAME : 1);
    });
  }

  #forget(): void {
    this.#windowMs = 0;
    for (const seen of this.#seen) Object.assign(seen, { greenMs: 0, usedMs: 0 });
  }
}

/** Mean delay that a plan would cause, weighed by the loads of the phases; comparable between plans of one program. */
function expectedDelay(program: SignalProgram, plan: ProgramPlan, loads: readonly number[]): number {
  const durations = plan.isActuated ? actuatedDurations(program, plan, loads) : plan.stages.map(({ durationMs }) => durationMs);
  const cycleS = durations.reduce((sum, durationMs) => sum + durationMs, 0) / 1_000;
  let delay = 0;
  for (const [i, phase] of program.phases.entries()) {
    const load = loads[i] as number;
    if (load < NOBODY) continue;
    const shownMs = plan.stages.reduce((sum, { mask }, s) => sum + ((mask & phase.bit) === 0 ? 0 : (durations[s] as number)), 0);
    const green = Math.max(0.01, (shownMs - phase.clearingMs) / 1_000 / cycleS);
    delay += load * controlDelayS(cycleS, green, load / green);
  }
  return delay;
}

/** Uniform and incremental delay of one vehicle, in seconds. `green`: part of the cycle; `saturation`: demand over capacity. */
function controlDelayS(cycleS: number, green: number, saturation: number): number {
  const uniform = (0.5 * cycleS * (1 - green) ** 2) / (1 - Math.min(1, saturation) * green);
  const over = saturation - 1;
  const growth = (4 * saturation) / (green * LANE_PER_HOUR * WINDOW_H);
  return uniform + 900 * WINDOW_H * (over + Math.sqrt(over ** 2 + growth));
}

/** How long an actuated plan would make its stages: a cycle after Webster, its greens by the busiest phase of each, within their bounds. */
function actuatedDurations(
  { phases }: SignalProgram,
  { stages, cycleMs }: ProgramPlan,
  loads: readonly number[],
): readonly number[] {
  const parts = stages.map(({ mask }) => {
    const served = phases.flatMap((phase, i) =>
      (mask & phase.bit) === 0 || phase.isCrossing ? [] : [{ phase, load: loads[i] as number }],
    );
    const load = Math.max(0, ...served.map((each) => each.load));
    const lostMs = Math.max(0, ...served.map(({ phase }) => phase.clearingMs));
    const leastMs = Math.max(0, ...served.map(({ phase }) => phase.leastMs));
    return { load, lostMs, leastMs };
  });
  const load = Math.min(
    0.95,
    parts.reduce((sum, part) => sum + part.load, 0),
  );
  const lostMs = parts.reduce((sum, part) => sum + part.lostMs, 0);
  const wantedMs = Math.min(cycleMs, (1.5 * lostMs + 5_000) / (1 - load));
  return parts.map((part, i) => {
    const stage = stages[i] as ProgramStage;
    if (stage.onCall && part.load < NOBODY) return 0;
    const greenMs = load === 0 ? 0 : (part.load / load) * (wantedMs - lostMs);
    return Math.min(stage.durationMs, Math.max(part.leastMs, greenMs) + part.lostMs);
  });
}
