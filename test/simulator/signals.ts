/**
 * Random lives of intersections: plans ordered and chosen, trams, emergencies, people on foot, lost links, jumping clocks, losses of power,
 * and faults of wires and controllers that the monitor must find. A sequence is one thing that happens and what follows in 10 to 30 s.
 * While nothing is broken every law of the street holds; when something is, the monitor trips exactly when its judge says so, and stays.
 */

import { ConflictMonitor, type Latch, type Trip } from '@oppidum/device/monitor/conflict-monitor';
import { type MonitorProgram, readMonitorProgram } from '@oppidum/device/monitor/monitor-program';
import { Intersection } from '@oppidum/device/signals/intersection';
import { compileSignals, type SignalProgram } from '@oppidum/device/signals/signal-program';
import { encodeBy } from '@oppidum/formats/common-schemas';
import { type SignalMatrix, signalMatrixSchema } from '@oppidum/formats/signal-matrix';
import { signalPlansSchema } from '@oppidum/formats/signal-plan';
import { nodeCrypto } from '../support/crypto.ts';
import { SignalLaws } from '../support/signal-laws.ts';
import { digestOf } from '../support/signals.ts';
import { Dice } from './dice.ts';
import type { SignalPlant } from './plants.ts';
import { SignalOracle } from './signal-oracle.ts';
import { makeStreet, type StreetDocuments } from './signal-streets.ts';

const STEP_MS = 100;
const SEQUENCES_PER_STREET = 60;
const [RED, YELLOW, GREEN] = [1, 2, 4];

export type SignalCounts = {
  sequences: number;
  steps: number;
  greens: number;
  faults: number;
  trips: Record<string, number>;
  /** Laws of the street broken while nothing was wrong with the wires: conflicting greens, short yellows and the rest. */
  breaches: string[];
  missedLatches: number;
  falseTrips: number;
  greensWhileTripped: number;
};

type Wiring = (lamps: Uint8Array) => Uint8Array;

/** What can go wrong between controller and street, at one head. */
const FAULTS: readonly ((phase: number, dice: Dice) => Wiring)[] = [
  (phase) => change(phase, (lamp) => lamp | GREEN),
  (phase) => change(phase, (lamp) => (lamp === RED ? GREEN : lamp)),
  (phase) => change(phase, (lamp) => lamp & ~YELLOW),
  (phase) => change(phase, (lamp) => (lamp === YELLOW ? RED : lamp)),
  (phase) => change(phase, (lamp) => lamp & ~RED),
  (phase) => change(phase, () => 0),
  (phase, dice) => change(phase, (lamp) => (dice.once(3) ? lamp | YELLOW : lamp)),
  (phase, dice) => cutYellow(phase, dice.below(30)),
  (phase, dice) => change(phase, (lamp) => (dice.once(40) ? dice.below(8) : lamp)),
];

function change(phase: number, to: (lamp: number) => number): Wiring {
  return (lamps) => {
    const lit = lamps.slice();
    lit[phase] = to(lit[phase] as number);
    return lit;
  };
}

/** Yellow ends after so many steps, in red. */
function cutYellow(phase: number, steps: number): Wiring {
  let shown = 0;
  return change(phase, (lamp) => {
    shown = lamp === YELLOW ? shown + 1 : 0;
    return shown > steps ? RED : lamp;
  });
}

function compiled(documents: StreetDocuments): SignalProgram {
  const body = encodeBy(signalMatrixSchema, documents.matrix);
  const program = compileSignals(nodeCrypto, { matrix: body, plans: encodeBy(signalPlansSchema, documents.plans) });
  if ('code' in program) throw new Error(`${program.code}: ${JSON.stringify(program.details)}`);
  return program;
}

/** A controller that somebody gave another matrix: in it everything is compatible. */
function hastyProgram({ matrix, plans }: StreetDocuments): SignalProgram {
  const numbers = matrix.phases.map(({ number }) => number);
  const compatible = numbers.flatMap((a) => numbers.filter((b) => b > a).map((b): [number, number] => [a, b]));
  const phases = matrix.phases.map((phase) =>
    phase.vehicle === undefined ? phase : { ...phase, vehicle: { ...phase.vehicle, flash: 'red' as const } },
  );
  const wrong: SignalMatrix = { ...matrix, phases, compatible };
  const stages = [numbers, numbers.slice(0, 1)].map((stage) => ({ phases: stage, durationMs: 100_000, onCall: false }));
  const greedy = {
    number: 1,
    name: 'all',
    purpose: 'ordinary',
    control: 'fixed',
    cycleMs: 200_000,
    offsetMs: 0,
    stages,
  } as const;
  const others = plans.plans.filter(({ number }) => number !== 1);
  return compiled({ matrix: wrong, plans: { ...plans, matrix: digestOf(wrong), plans: [greedy, ...others] } });
}

/** One intersection and everything that happens to it. */
class Street {
  readonly #dice: Dice;
  readonly #counts: SignalCounts;
  readonly #documents: StreetDocuments;
  readonly #program: SignalProgram;
  readonly #guard: MonitorProgram;
  readonly #plant: SignalPlant | undefined;
  readonly #kept: Trip[] = [];
  readonly #latch: Latch = {
    read: () => this.#kept[0] ?? null,
    write: (trip) => this.#kept.splice(0, 1, trip),
    clear: () => this.#kept.splice(0),
  };
  #intersection: Intersection;
  #laws: SignalLaws;
  #oracle: SignalOracle;
  #wiring: Wiring | null = null;
  #isStalled = false;
  #isHasty = false;
  #faultAge = 0;
  /** What was lit at the last step, as the monitor saw it. */
  #seen: Uint8Array;
  #nowMs = 0;
  #inputs: { cityTimeMs: number | null; isLinked: boolean; detectors: number };

  constructor(dice: Dice, counts: SignalCounts, plant?: SignalPlant) {
    this.#dice = dice;
    this.#counts = counts;
    this.#plant = plant;
    this.#documents = makeStreet(dice);
    this.#program = compiled(this.#documents);
    const { matrix } = this.#documents;
    const numbers = matrix.phases.map(({ number }) => number);
    const everything = numbers.flatMap((a) => numbers.filter((b) => b > a).map((b) => [a, b]));
    const known = plant === 'deafMonitor' ? { ...matrix, compatible: everything } : matrix;
    this.#guard = readMonitorProgram(encodeBy(signalMatrixSchema, known));
    this.#inputs = { cityTimeMs: 0, isLinked: true, detectors: 0 };
    this.#seen = new Uint8Array(matrix.phases.length);
    this.#laws = new SignalLaws(matrix, this.#documents.plans);
    this.#oracle = new SignalOracle(matrix);
    this.#intersection = this.#powerUp();
  }

  get #isFaulty(): boolean {
    return this.#wiring !== null || this.#isStalled || this.#isHasty;
  }

  #powerUp(): Intersection {
    const monitor = new ConflictMonitor(this.#guard, this.#latch);
    const isHasty = this.#isHasty || this.#plant === 'hastyController';
    const program = isHasty ? hastyProgram(this.#documents) : this.#program;
    this.#laws.losePower();
    this.#oracle = new SignalOracle(this.#documents.matrix);
    return new Intersection({ program, monitor, wiring: (lamps) => this.#wire(lamps) });
  }

  #wire(lamps: Uint8Array): Uint8Array {
    this.#seen = this.#wiring === null ? lamps : this.#wiring(lamps);
    return this.#seen;
  }

  /** One thing happens, and time goes on. */
  live(): void {
    this.#happen();
    const steps = 100 + this.#dice.below(200);
    for (let i = 0; i < steps; i++) this.#step();
    this.#counts.sequences++;
    this.#counts.steps += steps;
    if (this.#isFaulty && ++this.#faultAge > 12) this.#mend();
    if (this.#intersection.monitor.trip !== null && this.#dice.once(2)) this.#mend();
    for (const breach of this.#laws.breaches.splice(0)) this.#counts.breaches.push(breach);
  }

  #happen(): void {
    const { controller } = this.#intersection;
    const number = 1 + this.#dice.below(this.#program.plans.length + 1);
    const acts: readonly (() => void)[] = [
      () => controller.orderPlan(number),
      () => controller.orderPlan(number),
      () => controller.choosePlan(number),
      () => controller.orderAutomatic(),
      () => controller.orderFlash(),
      () => this.#change({ isLinked: !this.#inputs.isLinked }),
      () => this.#change({ cityTimeMs: this.#dice.once(3) ? null : this.#dice.below(2 ** 30) * 1_000 - 2 ** 38 }),
      () => this.#change({ detectors: 0 }),
      () => this.#change({ detectors: this.#dice.below(2 ** 31) & this.#dice.below(2 ** 31) }),
      () => {
        this.#intersection = this.#powerUp();
      },
      () => this.#break(),
    ];
    (acts[this.#dice.below(acts.length)] as () => void)();
  }

  #change(to: Partial<{ cityTimeMs: number | null; isLinked: boolean; detectors: number }>): void {
    this.#inputs = { ...this.#inputs, ...to };
  }

  #break(): void {
    if (this.#isFaulty || this.#intersection.monitor.trip !== null) return;
    this.#counts.faults++;
    this.#faultAge = 0;
    const which = this.#dice.below(FAULTS.length + 2);
    const fault = FAULTS[which];
    if (fault !== undefined) this.#wiring = fault(this.#dice.below(this.#program.phases.length), this.#dice);
    else if (which === FAULTS.length) this.#stall();
    else {
      this.#isHasty = true;
      this.#intersection = this.#powerUp();
    }
  }

  /** The controller stands still and shows what it showed. */
  #stall(): void {
    const frozen = this.#seen.slice();
    this.#isStalled = true;
    this.#intersection.controller.tick = () => frozen;
  }

  /** Somebody comes, mends what is broken and resets the monitor. */
  #mend(): void {
    [this.#wiring, this.#isStalled, this.#isHasty] = [null, false, false];
    this.#latch.clear();
    this.#intersection = this.#powerUp();
    this.#intersection.resetOnSite();
    this.#counts.greens += this.#laws.greenCount;
    this.#laws = new SignalLaws(this.#documents.matrix, this.#documents.plans);
  }

  #step(): void {
    this.#nowMs += STEP_MS;
    if (this.#dice.once(8)) {
      const bit = 1 << this.#dice.below(31);
      this.#inputs.detectors = this.#dice.once(4) ? this.#inputs.detectors | bit : this.#inputs.detectors & ~bit;
    }
    if (this.#inputs.cityTimeMs !== null) this.#inputs.cityTimeMs += STEP_MS;
    const { monitor, controller } = this.#intersection;
    const wasTripped = monitor.trip !== null;
    const lamps = this.#intersection.step(this.#nowMs, this.#inputs);
    if (wasTripped) this.#countGreens(lamps);
    else this.#judge(lamps, this.#oracle.step(this.#seen, controller.beat));
  }

  #countGreens(lamps: Uint8Array): void {
    for (const lamp of lamps) if ((lamp & GREEN) !== 0) this.#counts.greensWhileTripped++;
  }

  #judge(lamps: Uint8Array, isDue: boolean): void {
    const { trip } = this.#intersection.monitor;
    if (isDue && trip === null) {
      this.#counts.missedLatches++;
      this.#mend();
    } else if (trip !== null) {
      this.#counts.trips[trip.reason] = (this.#counts.trips[trip.reason] ?? 0) + 1;
      if (!isDue) this.#counts.falseTrips++;
      if (!this.#isFaulty) this.#counts.breaches.push(`tripped by ${trip.reason} though nothing is broken`);
    } else if (!this.#isFaulty) {
      this.#laws.step(lamps);
    }
  }

  /** Greens that the laws have watched since they were last asked. */
  get greenCount(): number {
    return this.#laws.greenCount;
  }
}

export type SignalRun = {
  readonly seed: number;
  readonly sequenceCount: number;
  readonly plant?: SignalPlant;
  readonly say?: (counts: SignalCounts) => void;
};

/** Runs so many sequences from a seed and counts. Equal seeds count alike. */
export function runSignals({ seed, sequenceCount, plant, say }: SignalRun): SignalCounts {
  const dice = new Dice(seed);
  const counts: SignalCounts = {
    sequences: 0,
    steps: 0,
    greens: 0,
    faults: 0,
    trips: {},
    breaches: [],
    missedLatches: 0,
    falseTrips: 0,
    greensWhileTripped: 0,
  };
  while (counts.sequences < sequenceCount) {
    const street = new Street(dice, counts, plant);
    for (let i = 0; i < SEQUENCES_PER_STREET && counts.sequences < sequenceCount; i++) street.live();
    counts.greens += street.greenCount;
    say?.(counts);
  }
  return counts;
}
