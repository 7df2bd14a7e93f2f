/** An intersection as streets have them: a main road with left turns and a tram, a side road, two crossings, six plans. */

import type { Bytes } from '@oppidum/formats/bytes';
import { digestBy } from '@oppidum/formats/common-schemas';
import { type SignalMatrix, type SignalPhase, signalMatrixSchema } from '@oppidum/formats/signal-matrix';
import type { PhaseTiming, SignalDetector, SignalPlan, SignalPlans } from '@oppidum/formats/signal-plan';
import { crossingNeeded, redClearanceNeeded, yellowNeeded } from '@oppidum/formats/signal-timing';
import { nodeCrypto } from './crypto.ts';

type Vehicle = NonNullable<SignalPhase['vehicle']>;

const main: Vehicle = { road: 'major', speedMph: 35, gradePercent: 0, flash: 'yellow' };
const side: Vehicle = { road: 'minor', speedMph: 25, gradePercent: -3, flash: 'red' };
const left: Vehicle = { road: 'left', speedMph: 20, gradePercent: 0, flash: 'red' };
const tram: Vehicle = { road: 'local', speedMph: 25, gradePercent: 0, flash: 'red' };

export const matrix: SignalMatrix = {
  name: 'Main Street and Mill Lane',
  phases: [
    { number: 1, name: 'Main west, left', widthFt: 70, vehicle: left },
    { number: 2, name: 'Main east', widthFt: 70, vehicle: main },
    { number: 4, name: 'Mill north', widthFt: 80, vehicle: side },
    { number: 5, name: 'Main east, left', widthFt: 70, vehicle: left },
    { number: 6, name: 'Main west', widthFt: 70, vehicle: main },
    { number: 8, name: 'Mill south', widthFt: 80, vehicle: side },
    { number: 9, name: 'Crossing of Mill', widthFt: 40 },
    { number: 10, name: 'Crossing of Main', widthFt: 60 },
    { number: 11, name: 'Tram', widthFt: 90, vehicle: tram },
  ],
  // The smaller number first, in ascending order.
  compatible: [
    [1, 5],
    [1, 6],
    [2, 5],
    [2, 6],
    [2, 9],
    [2, 11],
    [4, 8],
    [4, 10],
    [6, 9],
    [6, 11],
    [8, 10],
    [9, 11],
  ],
};

/** SHA-256 of the body of a matrix document. */
export function digestOf(of: SignalMatrix): Bytes {
  return digestBy(nodeCrypto, signalMatrixSchema, of);
}

const GREEN_MINIMUM = { major: 8_000, minor: 6_000, local: 5_000, left: 4_000 } as const;

/** The least that the formulae allow. */
export function timingOf({ number, widthFt, vehicle }: SignalPhase): PhaseTiming {
  if (vehicle === undefined) {
    const pedestrian = { walkMs: 7_000, shortWalkMs: 4_000, clearanceMs: crossingNeeded(widthFt), bufferMs: 3_000 };
    return { phase: number, pedestrian };
  }
  const { speedMph, gradePercent, road } = vehicle;
  const [yellowMs, redMs] = [yellowNeeded(speedMph, gradePercent), redClearanceNeeded(widthFt, speedMph)];
  return { phase: number, vehicle: { greenMinMs: GREEN_MINIMUM[road], extensionMs: 2_500, yellowMs, redMs } };
}

const stage = (phases: number[], durationMs: number, onCall = false) => ({ phases, durationMs, onCall });
const MAIN = [2, 6, 9, 11];
const LEFT = [1, 5];
const SIDE = [4, 8, 10];

const detectors: SignalDetector[] = [
  { number: 1, name: 'loop of Main west, left', kind: 'loop', serves: 1 },
  { number: 2, name: 'loop of Main east', kind: 'loop', serves: 2 },
  { number: 3, name: 'loop of Mill north', kind: 'loop', serves: 4 },
  { number: 4, name: 'loop of Main east, left', kind: 'loop', serves: 5 },
  { number: 5, name: 'loop of Main west', kind: 'loop', serves: 6 },
  { number: 6, name: 'loop of Mill south', kind: 'loop', serves: 8 },
  { number: 7, name: 'button at Mill', kind: 'button', serves: 9 },
  { number: 8, name: 'button at Main', kind: 'button', serves: 10 },
  { number: 9, name: 'fire brigade', kind: 'priority', serves: 6 },
  { number: 10, name: 'tram', kind: 'priority', serves: 5 },
];

const ordinary = { purpose: 'ordinary', control: 'fixed', offsetMs: 0 } as const;
const planList: SignalPlan[] = [
  {
    ...ordinary,
    number: 1,
    name: 'day',
    cycleMs: 90_000,
    stages: [stage(MAIN, 45_000), stage(LEFT, 13_000), stage(SIDE, 32_000)],
  },
  {
    ...ordinary,
    number: 2,
    name: 'peak',
    cycleMs: 120_000,
    offsetMs: 30_000,
    stages: [stage(MAIN, 70_000), stage(LEFT, 16_000), stage(SIDE, 34_000)],
  },
  {
    ...ordinary,
    number: 3,
    name: 'night',
    control: 'actuated',
    cycleMs: 100_000,
    stages: [stage(MAIN, 50_000), stage(LEFT, 16_000, true), stage(SIDE, 34_000, true)],
  },
  {
    ...ordinary,
    number: 4,
    name: 'side road first',
    cycleMs: 100_000,
    stages: [stage(MAIN, 38_000), stage(LEFT, 13_000, true), stage(SIDE, 49_000)],
  },
  {
    number: 5,
    name: 'tram',
    purpose: 'tram',
    control: 'fixed',
    cycleMs: 40_000,
    offsetMs: 0,
    stages: [stage([2, 6, 11], 40_000)],
  },
  {
    number: 6,
    name: 'fire brigade from the west',
    purpose: 'emergency',
    control: 'fixed',
    cycleMs: 90_000,
    offsetMs: 0,
    stages: [stage([2, 5], 90_000)],
  },
];

export const plans: SignalPlans = {
  matrix: digestOf(matrix),
  local: 1,
  timings: matrix.phases.map(timingOf),
  detectors,
  plans: planList,
};
