/**
 * A junction of the town whose signals are the SDK's: controller and independent monitor, step by step of 100 ms of town time. Vehicles that
 * come by the loops wait while it is red and pass while it is green; buttons are pressed by people who come to cross.
 */

import type { SensorValue } from '@oppidum/device/reading-pack';
import { PlanChooser } from '@oppidum/device/signals/choose-plan';
import type { Intersection } from '@oppidum/device/signals/intersection';
import { PhaseWatch } from '@oppidum/device/signals/phase-watch';
import { LAMP_GREEN, LAMP_RED, LAMP_YELLOW } from '@oppidum/formats/signal-lamps';
import { SIGNAL_STEP_MS } from '@oppidum/formats/signal-timing';
import { seedOf, uniform } from './noise.ts';
import type { Approach, Aspect, Side, StopLine } from './traffic.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
/** Seconds that are remembered: devices that measure a little late tell of the moment that they mean. */
const KEPT_COUNT = 900;
/** Who was away for longer finds nobody waiting: the town's clock went on without it. */
const AWAY_MS_MAX = 600_000;
/** Vehicles a second that pass each line in flash, where everybody looks first. */
const FLASH_RATE = 0.25;
/** Phases of the two streets, as `street-documents.ts` numbers them; bits of their detectors and buttons. */
export const PHASES = { ns: 2, ew: 4 } as const satisfies Readonly<Record<Side, number>>;
const LOOPS = { ns: 1, ew: 2 } as const satisfies Readonly<Record<Side, number>>;
const BUTTONS = [4, 8] as const;
/** Chance of somebody at a crossing in a minute of an empty street, and of a full one beside it. */
const FEWEST_WALKERS = 0.05;
const WALKERS_A_VEHICLE = 2;
const CONTROLLER: Side = 'ns';
const SIDES: readonly Side[] = ['ns', 'ew'];

type Second = { readonly aspects: Readonly<Record<Side, Aspect | 'flash'>>; readonly left: Readonly<Record<Side, number>> };

export type JunctionOptions = {
  readonly intersection: Intersection;
  readonly approaches: Readonly<Record<Side, Approach>>;
  readonly seed: number;
  /** Town time at which it begins, with nobody waiting: so no counter ever falls. */
  readonly fromMs: number;
  readonly isLinked: () => boolean;
};

/** Both approaches of one junction. */
export class DrivenJunction implements StopLine {
  readonly #options: JunctionOptions;
  readonly #left: Record<Side, number>;
  readonly #arrived: Record<Side, number>;
  readonly #seconds = new Map<number, Second>();
  readonly #watch = new PhaseWatch();
  #chooser: PlanChooser;
  #timeMs: number;
  #detectors = 0;
  #uptimeMs = 0;
  #lamps: Uint8Array;

  constructor(options: JunctionOptions) {
    const { approaches, intersection, fromMs } = options;
    this.#options = options;
    this.#timeMs = Math.floor(fromMs / SECOND_MS) * SECOND_MS;
    this.#left = { ns: approaches.ns.arrived(this.#timeMs), ew: approaches.ew.arrived(this.#timeMs) };
    this.#arrived = { ...this.#left };
    this.#chooser = new PlanChooser(intersection.program);
    this.#lamps = new Uint8Array(intersection.program.phases.length);
    for (const side of SIDES) approaches[side].serve(this);
  }

  left(side: Side, timeMs: number): number {
    const { approaches } = this.#options;
    return this.#at(timeMs)?.left[side] ?? approaches[side].arrived(Math.min(timeMs, this.#timeMs));
  }

  aspect(side: Side, timeMs: number): Aspect | 'flash' {
    return this.#at(timeMs)?.aspects[side] ?? 'flash';
  }

  /** The side whose device has the controller says what runs, what each phase shows, and whether the monitor tripped. */
  tells(side: Side): readonly SensorValue[] {
    const { intersection } = this.#options;
    const { mode, plan, source, stage } = intersection.controller.status;
    if (side !== CONTROLLER) return [];
    return [
      { sensor: 'signal/mode', value: mode },
      { sensor: 'signal/plan', value: plan },
      { sensor: 'signal/source', value: source },
      { sensor: 'signal/stage', value: stage },
      { sensor: 'signal/trip', value: intersection.monitor.trip?.reason ?? 'none' },
      // Before its first step nothing is lit.
      ...(this.#watch.text === '' ? [] : [{ sensor: 'signal/phases', value: this.#watch.text }]),
    ];
  }

  /** The lamps on the street after the last step, one byte for each phase. */
  get lamps(): Uint8Array {
    return this.#lamps;
  }

  /** The second that holds this moment; null before the first. */
  #at(timeMs: number): Second | null {
    this.advance(timeMs);
    const second = Math.floor(Math.min(timeMs, this.#timeMs) / SECOND_MS);
    return this.#seconds.get(second) ?? null;
  }

  /** Moves on to this moment of town time. */
  advance(timeMs: number): void {
    if (timeMs - this.#timeMs > AWAY_MS_MAX) this.#comeBack(timeMs);
    while (timeMs - this.#timeMs >= SIGNAL_STEP_MS) this.#step();
  }

  #comeBack(timeMs: number): void {
    const { approaches } = this.#options;
    this.#timeMs = Math.floor(timeMs / SECOND_MS) * SECOND_MS - SECOND_MS;
    for (const side of SIDES) this.#left[side] = Math.max(this.#left[side], approaches[side].arrived(this.#timeMs));
  }

  #step(): void {
    const { intersection, isLinked } = this.#options;
    this.#timeMs += SIGNAL_STEP_MS;
    this.#uptimeMs += SIGNAL_STEP_MS;
    const isWhole = this.#timeMs % SECOND_MS === 0;
    if (isWhole) this.#detectors = this.#sense();
    const inputs = { cityTimeMs: this.#timeMs, isLinked: isLinked(), detectors: this.#detectors };
    const { program } = intersection;
    this.#lamps = intersection.step(this.#uptimeMs, inputs);
    this.#watch.watch(intersection.program.phases, this.#lamps, intersection.isFlashing, this.#uptimeMs);
    if (intersection.program !== program) this.#chooser = new PlanChooser(intersection.program);
    this.#choose();
    for (const side of SIDES) this.#pass(side);
    if (isWhole) this.#keep();
  }

  /** What loops and buttons say in this second. */
  #sense(): number {
    let detectors = 0;
    for (const side of SIDES) {
      const arrived = this.#options.approaches[side].arrived(this.#timeMs);
      const isCovered =
        Math.floor(arrived) > Math.floor(this.#left[side]) || Math.floor(arrived) > Math.floor(this.#arrived[side]);
      this.#arrived[side] = arrived;
      if (isCovered) detectors |= LOOPS[side];
    }
    for (const button of BUTTONS) if (this.#isPressed(button)) detectors |= button;
    return detectors;
  }

  /** In the first second of a minute in which somebody comes. */
  #isPressed(button: number): boolean {
    if (this.#timeMs % MINUTE_MS >= SECOND_MS) return false;
    const { approaches, seed } = this.#options;
    const chance = FEWEST_WALKERS + WALKERS_A_VEHICLE * approaches.ns.rate(this.#timeMs);
    return uniform(seedOf(seed, button), Math.floor(this.#timeMs / MINUTE_MS)) < chance;
  }

  #choose(): void {
    const { controller } = this.#options.intersection;
    this.#chooser.watch(this.#detectors, controller.goMask);
    const plan = this.#chooser.propose(controller.plan);
    if (plan !== null) controller.choosePlan(plan);
  }

  /** Who waits or comes drives while it is green, as fast as they can. */
  #pass(side: Side): void {
    const aspect = this.#shown(side);
    if (aspect !== 'green' && aspect !== 'flash') return;
    const approach = this.#options.approaches[side];
    const rate = aspect === 'green' ? approach.saturation(this.#timeMs) : FLASH_RATE;
    const left = this.#left[side] + (rate * SIGNAL_STEP_MS) / SECOND_MS;
    this.#left[side] = Math.max(this.#left[side], Math.min(left, this.#arrived[side]));
  }

  /** What is lit at a head; a dark one, or a red or yellow that blinks, is flash. */
  #shown(side: Side): Aspect | 'flash' {
    const { intersection } = this.#options;
    if (intersection.isFlashing) return 'flash';
    const index = intersection.program.phases.findIndex(({ number }) => number === PHASES[side]);
    const lamps = this.#lamps[index] ?? LAMP_RED;
    if ((lamps & LAMP_GREEN) !== 0) return 'green';
    return (lamps & LAMP_YELLOW) !== 0 ? 'yellow' : 'red';
  }

  #keep(): void {
    const second = this.#timeMs / SECOND_MS;
    const aspects = { ns: this.#shown('ns'), ew: this.#shown('ew') };
    this.#seconds.set(second, { aspects, left: { ...this.#left } });
    if (this.#seconds.size > KEPT_COUNT) this.#seconds.delete(this.#seconds.keys().next().value as number);
  }
}
