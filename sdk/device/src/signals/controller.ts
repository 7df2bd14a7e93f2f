/**
 * The controller of an intersection (specs/signals.md §6, §7): runs one of the signed plans, step by step of 100 ms, and shows nothing
 * that its matrix does not allow. It has no clock, no network and no files of its own: who drives it calls `tick` ten times a second,
 * hands the lamps to the conflict monitor, and passes on what orders say.
 */

import { type Rejection, reject } from '@oppidum/formats/errors';
import { SIGNAL_BOUNDS, SIGNAL_STEP_MS } from '@oppidum/formats/signal-timing';
import { Calls } from './calls.ts';
import { cycleSecond, plannedEndMs } from './coordination.ts';
import { type PhaseAspect, PhaseLights } from './phase-lights.ts';
import { SIGNAL_MODES, type SignalEvent, type SignalMode } from './signal-modes.ts';
import type { ProgramPhase, ProgramPlan, ProgramStage, SignalProgram } from './signal-program.ts';

/** `cityTimeMs` is null where it is unknown: fixed plans then run on without their offset. Bit n − 1 of `detectors`: detector n is active. */
export type SignalInputs = { readonly cityTimeMs: number | null; readonly isLinked: boolean; readonly detectors: number };

/** Why a plan runs. */
export type PlanSource = 'local' | 'chosen' | 'ordered' | 'priority';

export type SignalStatus = {
  readonly mode: SignalMode;
  readonly plan: number;
  readonly source: PlanSource;
  /** From 1; 0 where none is shown. */
  readonly stage: number;
  readonly cycleS: number;
  /** `forMs`: how long it has shown that. */
  readonly phases: readonly {
    readonly number: number;
    readonly aspect: PhaseAspect;
    readonly forMs: number;
    readonly isCalled: boolean;
  }[];
};

type Target = { readonly plan: ProgramPlan; readonly stage: number };

/** Flash after power came back, before everything stands red. */
const START_FLASH_MS = 3_000;
/** Only who has more right turns aside what clears already, so that two who ask in turn cannot hold everybody. */
const RANK = { ordinary: 0, tram: 1, emergency: 2 } as const;

/** One intersection. */
export class SignalController {
  readonly #program: SignalProgram;
  readonly #lights: PhaseLights;
  readonly #calls: Calls;
  readonly #lamps: Uint8Array;
  readonly #clearingMaxMs: number;
  #nowMs = 0;
  #mode: SignalMode = 'starting';
  #modeMs = 0;
  #cityTimeMs: number | null = null;
  #isLinked = false;
  #isFlashOrdered = false;
  #ordered: ProgramPlan | null = null;
  #chosen: ProgramPlan | null = null;
  #plan: ProgramPlan;
  #stage = 0;
  #stageMs = 0;
  #stageEndMs = 0;
  #next: Target | null = null;
  #nextMs = 0;
  /** Where the ordinary plan goes on after a tram or an emergency. */
  #resume: Target;
  #tramReadyMs = 0;

  constructor(program: SignalProgram) {
    this.#program = program;
    this.#lights = new PhaseLights(program.phases);
    this.#calls = new Calls(program);
    this.#lamps = new Uint8Array(program.phases.length);
    this.#clearingMaxMs = Math.max(...program.phases.map(({ clearingMs }) => clearingMs));
    this.#plan = program.local;
    this.#resume = { plan: program.local, stage: 0 };
  }

  /** An order to run this plan from the next legal point on. Refuses PLAN_UNKNOWN. Ends flash that was ordered. */
  orderPlan(number: number): Rejection | null {
    const plan = this.#find(number);
    if (plan === null) return reject('PLAN_UNKNOWN', { plan: number });
    this.#ordered = plan;
    this.#isFlashOrdered = false;
    return null;
  }

  /** An order to choose by detectors again. Ends flash that was ordered. */
  orderAutomatic(): void {
    this.#ordered = null;
    this.#isFlashOrdered = false;
  }

  /** An order to flash: through yellow and all red. It stays until another order. */
  orderFlash(): void {
    this.#isFlashOrdered = true;
  }

  /** The plan that suits the traffic, of those signed. Refuses PLAN_UNKNOWN, also for plans of trams and emergencies. */
  choosePlan(number: number): Rejection | null {
    const plan = this.#find(number);
    if (plan === null || plan.purpose !== 'ordinary') return reject('PLAN_UNKNOWN', { plan: number });
    this.#chosen = plan;
    return null;
  }

  #find(number: number): ProgramPlan | null {
    return this.#program.plans.find((plan) => plan.number === number) ?? null;
  }

  /** Changes at every step: what the watchdog of the monitor looks at. */
  get beat(): number {
    return this.#nowMs;
  }

  /** Phases that show green or walk; bit n − 1 is phase n. */
  get goMask(): number {
    return this.#lights.goMask;
  }

  get mode(): SignalMode {
    return this.#mode;
  }

  /** The number of the plan that runs. */
  get plan(): number {
    return this.#plan.number;
  }

  get status(): SignalStatus {
    const isShown = this.#mode === 'running' && this.#next === null;
    return {
      mode: this.mode,
      plan: this.plan,
      source: this.#source(),
      stage: isShown ? this.#stage + 1 : 0,
      cycleS: cycleSecond(this.#plan, this.#cityTimeMs ?? this.#nowMs),
      phases: this.#program.phases.map(({ number, bit }, i) => ({
        number,
        aspect: this.#lights.aspect(i),
        forMs: this.#nowMs - this.#lights.sinceMs(i),
        isCalled: (this.#calls.calledMask & bit) !== 0,
      })),
    };
  }

  #source(): PlanSource {
    if (this.#plan === this.#ordered) return 'ordered';
    if (this.#plan.purpose !== 'ordinary') return 'priority';
    return this.#plan === this.#chosen && this.#isLinked ? 'chosen' : 'local';
  }

  /** One step of 100 ms: returns the lamps that are lit, one byte for each phase of the matrix. The same array each time. */
  tick({ cityTimeMs, isLinked, detectors }: SignalInputs): Uint8Array {
    this.#nowMs += SIGNAL_STEP_MS;
    this.#cityTimeMs = cityTimeMs;
    this.#isLinked = isLinked;
    // Nobody knows whether it would still be ordered: what comes back is the choice of the detectors.
    if (!isLinked) this.#ordered = null;
    this.#calls.listen(detectors, this.#lights.goMask, this.#nowMs);
    this.#moveMode();
    if (this.#mode === 'running') this.#run();
    this.#lights.advance(this.#nowMs);
    if (this.#mode === 'running' && this.#next !== null && this.#nowMs >= this.#nextMs) this.#begin(this.#next);
    if (this.#mode === 'flash' || this.#mode === 'starting') this.#lights.lightFlash(this.#lamps, this.#nowMs);
    else this.#lights.light(this.#lamps, this.#nowMs);
    return this.#lamps;
  }

  #moveMode(): void {
    this.#take(this.#isFlashOrdered ? 'flashWanted' : 'normalWanted');
    if (this.#mode === 'stopping' && this.#lights.busyMask === 0) this.#take('cleared');
    const lastedMs = this.#nowMs - this.#modeMs;
    if (this.#mode === 'starting' && lastedMs >= START_FLASH_MS) this.#take('elapsed');
    if (this.#mode === 'allRed' && lastedMs >= Math.max(SIGNAL_BOUNDS.allRedMs, this.#clearingMaxMs)) this.#take('elapsed');
  }

  #take(event: SignalEvent): void {
    const mode = SIGNAL_MODES[this.#mode][event];
    if (mode === this.#mode) return;
    this.#mode = mode;
    this.#modeMs = this.#nowMs;
    if (mode === 'running') {
      this.#next = { plan: this.#ordinary(), stage: 0 };
      this.#nextMs = this.#nowMs;
    } else if (mode === 'stopping') {
      this.#next = null;
      this.#lights.endAllBut(0, this.#lights.clearedAtMs(0, this.#nowMs, false));
    }
  }

  /** Decides whether the stage goes on. What clears already is only turned aside for an emergency or a tram. */
  #run(): void {
    if (this.#plan.purpose !== 'ordinary' && this.#nowMs >= this.#stageMs + this.#plan.cycleMs) this.#endHold();
    const priority = this.#priority();
    if (this.#next !== null) {
      if (priority !== null && RANK[priority.purpose] > RANK[this.#next.plan.purpose]) this.#leave({ plan: priority, stage: 0 });
      return;
    }
    if (priority !== null) {
      if (this.#plan !== priority) this.#leave({ plan: priority, stage: 0 });
    } else if (this.#plan.purpose !== 'ordinary') {
      this.#leave(this.#resumed());
    } else if (this.#plan.isActuated) this.#runActuated();
    else this.#runFixed();
  }

  #endHold(): void {
    this.#calls.spend(this.#plan);
    if (this.#ordered === this.#plan) this.#ordered = null;
  }

  /** The plan of a tram or an emergency that has to run now. */
  #priority(): ProgramPlan | null {
    const ordered = this.#ordered !== null && this.#ordered.purpose !== 'ordinary' ? this.#ordered : null;
    const requested = this.#calls.request(this.#plan.purpose === 'tram' || this.#nowMs >= this.#tramReadyMs);
    return requested?.purpose === 'emergency' ? requested : (ordered ?? requested);
  }

  /** The ordinary plan that has to run: without a link the local one. */
  #ordinary(): ProgramPlan {
    if (!this.#isLinked) return this.#program.local;
    const ordered = this.#ordered?.purpose === 'ordinary' ? this.#ordered : null;
    return ordered ?? this.#chosen ?? this.#program.local;
  }

  #resumed(): Target {
    const plan = this.#ordinary();
    return plan === this.#resume.plan ? this.#resume : { plan, stage: 0 };
  }

  /** Ends the stage when its time is over; a stage that nobody called leaves its time to the one before. */
  #runFixed(): void {
    this.#lateWalk(this.#stageEndMs);
    if (this.#nowMs < this.#stageEndMs - this.#clearingMaxMs) return;
    this.#calls.remember(this.#lights.goMask, this.#nowMs);
    const { stages } = this.#plan;
    let [endMs, index, isWrapped] = [this.#stageEndMs, this.#stage, false];
    for (let count = 0; count < stages.length; count++) {
      index = (index + 1) % stages.length;
      isWrapped ||= index === 0;
      if (this.#isDue(index)) break;
      endMs += (stages[index] as ProgramStage).durationMs;
    }
    const wanted = this.#ordinary();
    const target = isWrapped && wanted !== this.#plan ? { plan: wanted, stage: 0 } : { plan: this.#plan, stage: index };
    if (this.#lights.clearedAtMs(this.#maskOf(target), this.#nowMs, false) >= endMs) this.#leave(target);
  }

  /** Ends the stage when others wait and no vehicle comes any more, or its time is over; rests where nobody waits. */
  #runActuated(): void {
    const isResting = !this.#isAnybodyWaiting();
    const wanted = this.#ordinary();
    if (isResting && wanted === this.#plan) {
      this.#lateWalk(Number.MAX_SAFE_INTEGER);
      // The most that a stage gets counts from when somebody waits for another.
      this.#stageEndMs = this.#nowMs + (this.#plan.stages[this.#stage] as ProgramStage).durationMs;
      return;
    }
    this.#lateWalk(this.#stageEndMs);
    const target = wanted === this.#plan ? { plan: this.#plan, stage: this.#following() } : { plan: wanted, stage: 0 };
    const keep = this.#maskOf(target);
    const ending = this.#lights.goMask & ~keep;
    const clearedMs = this.#lights.clearedAtMs(keep, this.#nowMs, false);
    const isLong = clearedMs >= this.#stageEndMs;
    if (isLong || (this.#hasMinimum(ending) && this.#calls.hasGap(ending, this.#nowMs))) this.#leave(target);
  }

  #isAnybodyWaiting(): boolean {
    this.#calls.remember(this.#lights.goMask, this.#nowMs);
    return this.#plan.stages.some((_, i) => i !== this.#stage && this.#isDue(i));
  }

  #hasMinimum(mask: number): boolean {
    return this.#program.phases.every(
      ({ bit, leastMs }, i) => (mask & bit) === 0 || this.#nowMs - this.#lights.sinceMs(i) >= leastMs,
    );
  }

  /** The next stage of the plan that is not passed over. */
  #following(): number {
    const { stages } = this.#plan;
    for (let step = 1; step < stages.length; step++) {
      const index = (this.#stage + step) % stages.length;
      if (this.#isDue(index)) return index;
    }
    return this.#stage;
  }

  /** A stage on call waits for a call; one of crossings that nobody called would serve nobody. */
  #isDue(index: number): boolean {
    const { mask, onCall } = this.#plan.stages[index] as ProgramStage;
    if (onCall) return (this.#calls.calledMask & mask & ~this.#lights.goMask) !== 0;
    return this.#maskOf({ plan: this.#plan, stage: index }) !== 0;
  }

  /** The phases that will be green: a crossing with a button only when somebody pressed it. */
  #maskOf({ plan, stage }: Target): number {
    let { mask } = plan.stages[stage] as ProgramStage;
    for (const { bit, hasButton } of this.#program.phases)
      if (hasButton && (mask & bit) !== 0 && (this.#calls.calledMask & bit) === 0) mask &= ~bit;
    return mask;
  }

  /** Walk begins within the stage where it can still be cleared by `endMs`. */
  #lateWalk(endMs: number): void {
    const { mask } = this.#plan.stages[this.#stage] as ProgramStage;
    const waiting = mask & this.#calls.calledMask & ~this.#lights.busyMask;
    if (waiting === 0) return;
    for (let i = 0; i < this.#program.phases.length; i++) {
      const phase = this.#program.phases[i] as ProgramPhase;
      if (!phase.isCrossing || (waiting & phase.bit) === 0) continue;
      if (this.#nowMs + phase.leastMs + phase.clearingMs <= endMs) this.#green(i);
    }
  }

  /** Lets end what the target does not have; the target begins when all of it is cleared. */
  #leave(target: Target): void {
    const keep = this.#maskOf(target);
    this.#nextMs = this.#lights.clearedAtMs(keep, this.#nowMs, target.plan.purpose === 'emergency');
    this.#lights.endAllBut(keep, this.#nextMs);
    this.#next = target;
  }

  #begin(target: Target): void {
    const { plan, stage } = target;
    if (plan.purpose !== 'ordinary' && this.#plan.purpose === 'ordinary')
      this.#resume = { plan: this.#plan, stage: (this.#stage + 1) % this.#plan.stages.length };
    if (plan.purpose !== 'tram' && this.#plan.purpose === 'tram') this.#tramReadyMs = this.#nowMs + plan.cycleMs;
    const mask = this.#maskOf(target) & ~this.#lights.busyMask;
    this.#plan = plan;
    this.#stage = stage;
    this.#stageMs = this.#nowMs;
    this.#stageEndMs = plannedEndMs(plan, stage, { nowMs: this.#nowMs, cityTimeMs: this.#cityTimeMs });
    this.#next = null;
    for (let i = 0; i < this.#program.phases.length; i++)
      if ((mask & (this.#program.phases[i] as ProgramPhase).bit) !== 0) this.#green(i);
  }

  #green(index: number): void {
    this.#lights.begin(index, this.#nowMs);
    this.#calls.answer(index, this.#nowMs);
  }
}
