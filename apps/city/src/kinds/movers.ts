/** What moves, and who rests: a tram to a timetable, trucks on their rounds, benches with a roof of glass. */

import type { SensorRecord } from '@oppidum/device/reading-pack';
import { smoothNoise, uniform } from '../noise.ts';
import { along, distance, type Place } from '../plan.ts';
import { bell, daylight, MINUTE_MS, type Moment, round } from './curves.ts';
import type { Site } from './kind.ts';

/** From one end of the line to the other. */
const TRAM_RUN_MS = 6 * MINUTE_MS;
/** Once round the town. */
const ROUND_MS = 14 * MINUTE_MS;
const METRES_A_DEGREE = 111_320;
const SEATS = 90;
const TRUCK_EMPTY_KG = 7_500;
const TRUCK_LOAD_KG = 9_000;
const BENCH_BATTERY_WH = 480;

function lengthM(line: readonly Place[]): number {
  return METRES_A_DEGREE * line.slice(1).reduce((sum, place, i) => sum + distance(line[i] as Place, place), 0);
}

function position({ lat, lon }: Place, timeMs: number): SensorRecord[] {
  return [
    { sensor: 'lat', unit: 'lat', value: round(lat, 6), timeMs },
    { sensor: 'lon', unit: 'lon', value: round(lon, 6), timeMs },
  ];
}

/** Where a thing of this route is: there and back for a tram. */
function tramPlace(route: readonly Place[], seed: number, timeMs: number): Place {
  const phase = (timeMs / TRAM_RUN_MS + 2 * uniform(seed, 1)) % 2;
  return along(route, phase < 1 ? phase : 2 - phase);
}

/** A tram: fuller when people go to work and come back. */
export function measureTram({ seed, route = [], place }: Site, { timeMs, hour }: Moment): SensorRecord[] {
  const here = route.length === 0 ? place : tramPlace(route, seed, timeMs);
  const full = 0.08 + 0.7 * bell(hour, 8, 1.5) + 0.7 * bell(hour, 17, 2) + 0.25 * bell(hour, 13, 4);
  const people = Math.max(0, full * SEATS * (1 + 0.15 * smoothNoise(seed, timeMs, 4 * MINUTE_MS)));
  return [
    ...position(here, timeMs),
    { sensor: 'speed', unit: 'm/s', value: round(lengthM(route) / (TRAM_RUN_MS / 1_000), 1), timeMs },
    { sensor: 'passengers', unit: 'count', value: Math.round(people), timeMs },
  ];
}

/** A truck: full when it sets out, emptier with every street. */
export function measureTruck({ seed, route = [], place }: Site, { timeMs }: Moment): SensorRecord[] {
  const phase = (timeMs / ROUND_MS + uniform(seed, 1)) % 1;
  const circle = route.length === 0 ? [place, place] : [...route, route[0] as Place];
  return [
    ...position(along(circle, phase), timeMs),
    { sensor: 'speed', unit: 'm/s', value: round(lengthM(circle) / (ROUND_MS / 1_000), 1), timeMs },
    { sensor: 'mass', unit: 'kg', value: Math.round(TRUCK_EMPTY_KG + TRUCK_LOAD_KG * (1 - phase)), timeMs },
  ];
}

/** A bench with wireless network, fed by the sun and a battery. */
export function measureBench({ seed }: Site, { timeMs, hour }: Moment): SensorRecord[] {
  const guests = Math.max(0, 6 * bell(hour, 13, 4) + 4 * bell(hour, 19, 3) + smoothNoise(seed, timeMs, 5 * MINUTE_MS));
  const charge = 0.55 + 0.35 * bell(hour, 17, 6) + 0.02 * smoothNoise(seed + 1, timeMs, 10 * MINUTE_MS);
  return [
    { sensor: 'guests', unit: 'count', value: Math.round(guests), timeMs },
    { sensor: 'solar', unit: 'W', value: round(60 * Math.max(0, daylight(hour) - 0.12), 1), timeMs },
    { sensor: 'battery', unit: 'Wh', value: Math.round(BENCH_BATTERY_WH * Math.min(1, charge)), timeMs },
  ];
}
