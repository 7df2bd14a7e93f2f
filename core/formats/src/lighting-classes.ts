/**
 * Lighting classes of EN 13201-2:2015, tables 1 to 3, in whole units: luminance in mcd/m², illuminance in mlx. A class of a higher number
 * asks for less light; "below" means such a class. Values are maintained averages; P classes ask for a least illuminance besides.
 */

/** M: roads for motor traffic (luminance). C: conflict areas, as crossings (illuminance). P: streets for people on foot (illuminance). */
type LightingFamily = 'M' | 'C' | 'P';

export type LightingClass = {
  readonly family: LightingFamily;
  /** mcd/m² of the road's surface in M, mlx on it in C and P. */
  readonly average: number;
  /** The darkest point, in mlx; 0 where the class names none. */
  readonly least: number;
};

const inM = (average: number): LightingClass => ({ family: 'M', average, least: 0 });
const inC = (average: number): LightingClass => ({ family: 'C', average, least: 0 });
const inP = (average: number, least: number): LightingClass => ({ family: 'P', average, least });

/** By name, each family from its brightest class to its darkest. */
export const LIGHTING_CLASSES = {
  M1: inM(2_000),
  M2: inM(1_500),
  M3: inM(1_000),
  M4: inM(750),
  M5: inM(500),
  M6: inM(300),
  C0: inC(50_000),
  C1: inC(30_000),
  C2: inC(20_000),
  C3: inC(15_000),
  C4: inC(10_000),
  C5: inC(7_500),
  P1: inP(15_000, 3_000),
  P2: inP(10_000, 2_000),
  P3: inP(7_500, 1_500),
  P4: inP(5_000, 1_000),
  P5: inP(3_000, 600),
  P6: inP(2_000, 400),
} as const satisfies Readonly<Record<string, LightingClass>>;

export type LightingClassName = keyof typeof LIGHTING_CLASSES;
export const LIGHTING_CLASS_NAMES = Object.keys(LIGHTING_CLASSES) as readonly LightingClassName[];

/** However little happens on a road, its class is at most this many below its normal one. */
export const CLASSES_BELOW_MAX = 2;

/** The class so many below, or the darkest of the family. Steps outside 0…2 count as the nearest of them. */
export function classBelow(normal: LightingClassName, steps: number): LightingClassName {
  const from = LIGHTING_CLASS_NAMES.indexOf(normal);
  const { family } = LIGHTING_CLASSES[normal];
  let found = normal;
  for (let i = 1; i <= Math.min(steps, CLASSES_BELOW_MAX); i++) {
    const next = LIGHTING_CLASS_NAMES[from + i];
    if (next === undefined || LIGHTING_CLASSES[next].family !== family) break;
    found = next;
  }
  return found;
}
