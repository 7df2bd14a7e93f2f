/**
 * What the engineers of the town would sign: how its lamps burn, which phases its junctions have and by which plans they run. These are drafts;
 * they count once two order keys signed them.
 */

import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { type Bytes, compareBytes } from '@oppidum/formats/bytes';
import { encodeBy } from '@oppidum/formats/common-schemas';
import { lightingCabinetsSchema } from '@oppidum/formats/lighting-cabinets';
import type { PowerCurve } from '@oppidum/formats/lighting-power';
import { type LightingProgramme, type LightingSection, lightingProgrammeSchema } from '@oppidum/formats/lighting-programme';
import { type SignalMatrix, type SignalPhase, signalMatrixSchema } from '@oppidum/formats/signal-matrix';
import { type PhaseTiming, type SignalPlans, signalPlansSchema } from '@oppidum/formats/signal-plan';
import { crossingNeeded, redClearanceNeeded, yellowNeeded } from '@oppidum/formats/signal-timing';
import { PHASES } from './driven-junction.ts';
import { metresBetween } from './geometry.ts';
import { DAY_MS, localHour, MINUTE_MS } from './local-time.ts';
import type { Sky } from './sky.ts';
import { labelOf, type Post } from './town.ts';

const DAY_MINUTES = 1_440;
/** Two hours around dusk and dawn the photocells decide: the sun is computed to a degree or so, and clouds are not. */
const TWILIGHT_MINUTES = 120;
/** Far north a night is never shorter, and never longer, than a programme can say. */
const NIGHT_MIN = 2 * TWILIGHT_MINUTES + 10;
const NIGHT_MAX = DAY_MINUTES - NIGHT_MIN;
const NIGHT_EVERY_DAYS = 14;
const FIRST_DAY_MS = Date.UTC(2026, 0, 1);
/** Vehicles a minute that two full lanes carry. */
const CAPACITY = 27;
/** Counts of a minute change within the hour while anybody drives; for a night nobody may. */
const DETECTOR_STILL = { busyS: 3_600, emptyS: 21_600 };
/** A feeder says whole watts, of moments a little apart from those of its lamps. */
const METER_STEP_MW = 1_000;
/** At a high speed of the town what the city told a second ago is long ago. */
const FRESH_S = 3_600;

/** Lamps that stand so near a signal head light its junction. */
const AT_JUNCTION_M = 40;
const CYCLE_MS = 90_000;

/** Lamps of the two sections. */
export type LampCounts = { readonly street: number; readonly crossing: number };

/** Whether a lamp belongs to the section of junctions. */
export function isAtJunction({ place }: Post, posts: readonly Post[]): boolean {
  return posts.some((other) => other.approach !== null && metresBetween(other.place, place) <= AT_JUNCTION_M);
}

/** The section of a lamp in a programme; the first where it has no other. */
export function sectionOf({ sections }: LightingProgramme, isCrossing: boolean): number {
  return Math.max(
    0,
    sections.findIndex(({ kind }) => (kind === 'crossing') === isCrossing),
  );
}

/** A device of the town by its id. */
type Placed = { readonly post: Post; readonly id: Bytes };

/** Body of the document of cabinets: each feeder has every so many lamps, by their numbers. What may be wrong: lamps waver by 2 %, feeders say whole watts. */
export function lightingCabinets(lamps: readonly Placed[], feeders: readonly Placed[]): Bytes {
  const curves: PowerCurve[] = [];
  const numberOf = (curve: PowerCurve): number => {
    const known = curves.findIndex((other) => JSON.stringify(other) === JSON.stringify(curve));
    return known < 0 ? curves.push(curve) - 1 : known;
  };
  const cabinets = feeders.flatMap(({ post, id }) => {
    const mine = lamps
      .filter((lamp) => (lamp.post.number - 1) % feeders.length === post.number - 1)
      .flatMap((lamp) => (lamp.post.lamp === null ? [] : [{ device: lamp.id, curve: numberOf(lamp.post.lamp.curve) }]))
      .sort((a, b) => compareBytes(a.device, b.device));
    const wavering = { meterMw: METER_STEP_MW, lampsPermille: 20 };
    const meter = { device: id, name: 'lamps' };
    return mine.length === 0 ? [] : [{ name: labelOf(post), meter, standingMw: 0, wavering, steadyPermille: 5, lamps: mine }];
  });
  return encodeBy(lightingCabinetsSchema, { version: 1, level: 'dimming', curves, cabinets });
}

/** A sensor of a device. */
export type NamedSensor = { readonly device: Bytes; readonly name: string };

/** Body of the lighting programme: one class of road for all streets, darker where and when nobody drives; junctions keep their light. */
export function lightingProgramme(sky: Sky, lamps: LampCounts, traffic: NamedSensor | null): Bytes {
  const streets: LightingSection = {
    ...{ name: 'Streets', kind: 'road', class: 'M3', lampCount: lamps.street },
    ...{ fullAverage: 1_300, fullLeast: 0, maintained: 850 },
    ...(traffic === null
      ? {}
      : {
          traffic: {
            ...{ sensor: traffic, capacity: CAPACITY, low: 150, high: 450, belowWhenLow: 2, belowWhenModerate: 1 },
            frozen: DETECTOR_STILL,
          },
        }),
    hours: [{ fromMinute: 0, minutes: 300, below: 1 }],
  };
  const junctions: LightingSection = {
    ...{ name: 'Junctions', kind: 'crossing', class: 'C3', lampCount: lamps.crossing },
    ...{ fullAverage: 20_000, fullLeast: 0, maintained: 850, hours: [] },
  };
  const programme: LightingProgramme = {
    version: 1,
    clock: [{ fromMs: 0, aheadMinutes: Math.round(4 * sky.lon) }],
    nights: Array.from({ length: Math.ceil(366 / NIGHT_EVERY_DAYS) }, (_, i) => nightOf(sky, 1 + i * NIGHT_EVERY_DAYS)),
    twilightMinutes: TWILIGHT_MINUTES,
    photocell: { on: 100_000, off: 150_000 },
    ramp: { up: 50, down: 10 },
    ...{ settleS: 30, holdS: 900, freshS: FRESH_S },
    sections: [streets, junctions].filter(({ lampCount }) => lampCount > 0),
  };
  return encodeBy(lightingProgrammeSchema, programme);
}

/** Dusk and dawn of a day of the year, in minutes of the UTC day. */
function nightOf(sky: Sky, fromDay: number): LightingProgramme['nights'][number] {
  const dayMs = FIRST_DAY_MS + (fromDay - 1) * DAY_MS;
  const dark = Array.from({ length: DAY_MINUTES }, (_, minute) => sky.sun(dayMs + minute * MINUTE_MS) < 0).filter(Boolean).length;
  const night = Math.min(NIGHT_MAX, Math.max(NIGHT_MIN, dark));
  const midnight = DAY_MINUTES - Math.round(60 * localHour(dayMs, sky.lon));
  const minuteOf = (minute: number): number => (Math.round(minute) + 2 * DAY_MINUTES) % DAY_MINUTES;
  return { fromDay, duskMinute: minuteOf(midnight - night / 2), dawnMinute: minuteOf(midnight + night / 2) };
}

const CROSSINGS = { ofSide: 9, ofMain: 10 } as const;
const MATRIX: Omit<SignalMatrix, 'name'> = {
  phases: [
    {
      number: PHASES.ns,
      name: 'Main street',
      widthFt: 60,
      vehicle: { road: 'major', speedMph: 30, gradePercent: 0, flash: 'yellow' },
    },
    {
      number: PHASES.ew,
      name: 'Side street',
      widthFt: 60,
      vehicle: { road: 'minor', speedMph: 30, gradePercent: 0, flash: 'red' },
    },
    { number: CROSSINGS.ofSide, name: 'Crossing of the side street', widthFt: 40 },
    { number: CROSSINGS.ofMain, name: 'Crossing of the main street', widthFt: 50 },
  ],
  compatible: [
    [PHASES.ns, CROSSINGS.ofSide],
    [PHASES.ew, CROSSINGS.ofMain],
  ],
};

function timingOf({ number, widthFt, vehicle }: SignalPhase): PhaseTiming {
  if (vehicle === undefined) {
    const pedestrian = { walkMs: 7_000, shortWalkMs: 4_000, clearanceMs: crossingNeeded(widthFt), bufferMs: 3_000 };
    return { phase: number, pedestrian };
  }
  const { speedMph, gradePercent, road } = vehicle;
  const [yellowMs, redMs] = [yellowNeeded(speedMph, gradePercent), redClearanceNeeded(widthFt, speedMph)];
  return { phase: number, vehicle: { greenMinMs: road === 'major' ? 8_000 : 6_000, extensionMs: 2_500, yellowMs, redMs } };
}

const stage = (phases: readonly number[], durationMs: number, onCall = false) => ({ phases: [...phases], durationMs, onCall });
const MAIN = [PHASES.ns, CROSSINGS.ofSide];
const SIDE = [PHASES.ew, CROSSINGS.ofMain];

/** Bodies of a junction's matrix and plans, which begin so much after those of the first one. Priority input 5 asks for the plan of emergencies. */
export function junctionDocuments(name: string, afterS: number): { readonly matrix: Bytes; readonly plans: Bytes } {
  const matrix = encodeBy(signalMatrixSchema, { name, ...MATRIX });
  const ordinary = { purpose: 'ordinary', control: 'fixed', offsetMs: (1_000 * afterS) % CYCLE_MS } as const;
  const plans: SignalPlans = {
    matrix: nativeCrypto.sha256(matrix),
    local: 1,
    timings: MATRIX.phases.map(timingOf),
    detectors: [
      { number: 1, name: 'loop of the main street', kind: 'loop', serves: PHASES.ns },
      { number: 2, name: 'loop of the side street', kind: 'loop', serves: PHASES.ew },
      { number: 3, name: 'button at the side street', kind: 'button', serves: CROSSINGS.ofSide },
      { number: 4, name: 'button at the main street', kind: 'button', serves: CROSSINGS.ofMain },
      { number: 5, name: 'fire brigade', kind: 'priority', serves: 4 },
    ],
    plans: [
      { ...ordinary, number: 1, name: 'day', cycleMs: CYCLE_MS, stages: [stage(MAIN, 50_000), stage(SIDE, 40_000)] },
      {
        ...ordinary,
        number: 2,
        name: 'side street first',
        cycleMs: CYCLE_MS,
        stages: [stage(MAIN, 38_000), stage(SIDE, 52_000)],
      },
      {
        ...{ ...ordinary, number: 3, name: 'night', control: 'actuated', cycleMs: CYCLE_MS },
        stages: [stage(MAIN, 50_000), stage(SIDE, 40_000, true)],
      },
      {
        ...{ number: 4, name: 'fire brigade along the main street', purpose: 'emergency', control: 'fixed' },
        ...{ cycleMs: CYCLE_MS, offsetMs: 0, stages: [stage([PHASES.ns], 90_000)] },
      },
    ],
  };
  return { matrix, plans: encodeBy(signalPlansSchema, plans) };
}
