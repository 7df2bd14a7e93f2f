/**
 * The compatibility matrix of an intersection (specs/signals.md §3): its phases as the street has them, and the pairs that may both
 * show green, yellow or walk. Everything not listed conflicts. It is the body of the zone document `matrix`, signed by two engineers.
 */

import type { Bytes } from './bytes.ts';
import { parseBy } from './common-schemas.ts';
import { type Rejection, reject } from './errors.ts';
import { type Infer, list, oneOf, optional, struct, text, uint } from './schema.ts';
import { redClearanceNeeded, SIGNAL_BOUNDS } from './signal-timing.ts';

/** Phases are numbered as on the drawing; 32 fit a mask of bits. */
export const SIGNAL_PHASE_MAX = 32;

const ascending = (a: number, b: number): number => a - b;

/** The number of a phase. */
export const phaseNumber = () => uint({ min: 1, max: SIGNAL_PHASE_MAX });

/** What vehicles of a phase are like; `flash` is what they see while the signals flash. Grade below zero is downhill. */
const vehicleSchema = struct({
  road: oneOf('major', 'minor', 'local', 'left'),
  speedMph: uint({ min: 5, max: 85 }),
  gradePercent: uint({ min: -15, max: 15 }),
  flash: oneOf('red', 'yellow'),
});

/** A phase: of vehicles, or without `vehicle` a crossing on foot. `widthFt`: from the stop line to where the last conflict is passed, or from kerb to kerb. */
const phaseSchema = struct({
  number: phaseNumber(),
  name: text(64),
  widthFt: uint({ min: 1, max: 300 }),
  vehicle: optional(vehicleSchema),
});
export type SignalPhase = Infer<typeof phaseSchema>;

const comparePairs = (a: readonly number[], b: readonly number[]): number =>
  (a[0] as number) - (b[0] as number) || (a[1] as number) - (b[1] as number);

/** Each pair once, the smaller number first: the matrix is symmetric because it cannot be written otherwise. */
export const signalMatrixSchema = struct({
  name: text(64),
  phases: list(phaseSchema, { min: 2, max: SIGNAL_PHASE_MAX, order: (a, b) => a.number - b.number }),
  compatible: list(list(phaseNumber(), { min: 2, max: 2, order: ascending }), {
    max: (SIGNAL_PHASE_MAX * (SIGNAL_PHASE_MAX - 1)) / 2,
    order: comparePairs,
  }),
});
export type SignalMatrix = Infer<typeof signalMatrixSchema>;

/** Parses the body of a matrix document. Throws FormatError. */
export function parseSignalMatrix(body: Bytes): SignalMatrix {
  return parseBy(signalMatrixSchema, body);
}

/** The bit of a phase in a mask. */
export function phaseBit(number: number): number {
  return 1 << (number - 1);
}

/** By the number of a phase, the mask of all phases that may be green beside it, itself included; 0 where there is no such phase. */
export function compatibleMasks(matrix: SignalMatrix): readonly number[] {
  const masks = new Array<number>(SIGNAL_PHASE_MAX + 1).fill(0);
  for (const { number } of matrix.phases) masks[number] = phaseBit(number);
  for (const [a = 0, b = 0] of matrix.compatible) {
    masks[a] = (masks[a] as number) | phaseBit(b);
    masks[b] = (masks[b] as number) | phaseBit(a);
  }
  return masks;
}

/**
 * Refuses a matrix that no street can have, with where, what and why.
 * In this order: MATRIX_PHASE_UNKNOWN, MATRIX_CLEARANCE_LONG, MATRIX_FLASH_INVALID.
 */
export function checkMatrix(matrix: SignalMatrix): Rejection | null {
  const byNumber = new Map(matrix.phases.map((phase) => [phase.number, phase]));
  for (const [a = 0, b = 0] of matrix.compatible) {
    const missing = [a, b].find((number) => !byNumber.has(number));
    if (missing !== undefined)
      return reject('MATRIX_PHASE_UNKNOWN', {
        where: `pair ${a} and ${b}`,
        what: `phase ${missing}`,
        why: 'it is not among the phases',
      });
  }
  for (const phase of matrix.phases) {
    const rejection = checkClearance(phase);
    if (rejection !== null) return rejection;
  }
  return checkFlash(matrix);
}

function checkClearance({ number, name, widthFt, vehicle }: SignalPhase): Rejection | null {
  if (vehicle === undefined) return null;
  const neededMs = redClearanceNeeded(widthFt, vehicle.speedMph);
  if (neededMs <= SIGNAL_BOUNDS.redClearanceMaxMs) return null;
  return reject('MATRIX_CLEARANCE_LONG', {
    where: `phase ${number} (${name})`,
    what: `${neededMs} ms`,
    why: `${widthFt} ft and a vehicle of 20 ft at ${vehicle.speedMph} mph; at most ${SIGNAL_BOUNDS.redClearanceMaxMs} ms`,
  });
}

function checkFlash(matrix: SignalMatrix): Rejection | null {
  const masks = compatibleMasks(matrix);
  const yellow = matrix.phases.filter(({ vehicle }) => vehicle?.flash === 'yellow');
  for (const { number, name, vehicle } of yellow) {
    const where = `phase ${number} (${name})`;
    if (vehicle?.road !== 'major')
      return reject('MATRIX_FLASH_INVALID', { where, what: 'flashes yellow', why: 'only a main road may' });
    const other = yellow.find((candidate) => ((masks[number] as number) & phaseBit(candidate.number)) === 0);
    if (other !== undefined) {
      const why = `phase ${other.number} (${other.name}) flashes yellow too, and the two conflict`;
      return reject('MATRIX_FLASH_INVALID', { where, what: 'flashes yellow', why });
    }
  }
  return null;
}
