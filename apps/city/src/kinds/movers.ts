/** What drives: trams to a timetable, trucks on their rounds. Both are heavy: a bridge feels them. */

import type { SensorValue } from '@oppidum/device/reading-pack';
import type { Place } from '../geometry.ts';
import { bell } from '../local-time.ts';
import { round, seedOf, uniform } from '../noise.ts';
import { type Driving, Route, type Whereabouts } from '../route.ts';
import type { Sky } from '../sky.ts';
import { quantity } from './kind.ts';

const TRAM: Driving = { cruiseMS: 11, accelerationMS2: 0.9, stopEveryM: 400, waitS: 20, firstWaitS: 90 };
const TRUCK: Driving = { cruiseMS: 9, accelerationMS2: 0.7, stopEveryM: 650, waitS: 60, firstWaitS: 240 };
const TRAM_EMPTY_KG = 38_000;
const PERSON_KG = 75;
const SEATS = 90;
const TRUCK_EMPTY_KG = 7_500;
const TRUCK_LOAD_KG = 9_000;
/** Those of one line keep their distance: by this share of a lap each, which no small number of them repeats. */
const SPACING = (Math.sqrt(5) - 1) / 2;

/** Drives round and round, and weighs something. */
export interface Mover {
  readonly route: Route;
  whereabouts(timeMs: number): Whereabouts;
  massKg(timeMs: number): number;
  measure(timeMs: number): readonly SensorValue[];
}

/** A tram: fuller when people go to work and come back. They get on and off at stops alone. */
export class Tram implements Mover {
  readonly route: Route;
  readonly #seed: number;
  readonly #sky: Sky;
  readonly #aheadS: number;

  /** `line`: from end to end; `number`: which of its trams this is. */
  constructor(seed: number, sky: Sky, line: readonly Place[], number: number) {
    this.route = new Route([...line, ...line.toReversed().slice(1)], TRAM);
    this.#seed = seed;
    this.#sky = sky;
    this.#aheadS = number * SPACING * this.route.lapS;
  }

  whereabouts(timeMs: number): Whereabouts {
    return this.route.at(timeMs / 1_000 + this.#aheadS);
  }

  /** Decided by the stop where it stands or from which it comes, and by the hour at which it leaves that. */
  passengers(timeMs: number): number {
    const { stop, lap } = this.whereabouts(timeMs);
    const leftMs = 1_000 * (lap * this.route.lapS + this.route.leavesS(stop) - this.#aheadS);
    const hour = this.#sky.hour(leftMs);
    const full = 0.08 + 0.7 * bell(hour, 8, 1.5) + 0.7 * bell(hour, 17, 2) + 0.25 * bell(hour, 13, 4);
    return Math.round(full * SEATS * (0.7 + 0.6 * uniform(seedOf(this.#seed, lap, stop), 1)));
  }

  massKg(timeMs: number): number {
    return TRAM_EMPTY_KG + PERSON_KG * this.passengers(timeMs);
  }

  measure(timeMs: number): readonly SensorValue[] {
    const { place, speedMS } = this.whereabouts(timeMs);
    return [...position(place, speedMS), quantity('passengers', this.passengers(timeMs), 'count')];
  }
}

/** A truck: full when it sets out, emptier with every stop. */
export class Truck implements Mover {
  readonly route: Route;
  readonly #loadKg: number;
  readonly #aheadS: number;

  /** `round`: ends where it begins. */
  constructor(seed: number, round: readonly Place[], number: number) {
    this.route = new Route(round, TRUCK);
    this.#loadKg = TRUCK_LOAD_KG * (0.6 + 0.4 * uniform(seed, 1));
    this.#aheadS = number * SPACING * this.route.lapS;
  }

  whereabouts(timeMs: number): Whereabouts {
    return this.route.at(timeMs / 1_000 + this.#aheadS);
  }

  massKg(timeMs: number): number {
    const { stop } = this.whereabouts(timeMs);
    return TRUCK_EMPTY_KG + Math.round(this.#loadKg * (1 - stop / Math.max(1, this.route.stopCount)));
  }

  measure(timeMs: number): readonly SensorValue[] {
    const { place, speedMS } = this.whereabouts(timeMs);
    return [...position(place, speedMS), quantity('mass', this.massKg(timeMs), 'kg')];
  }
}

function position({ lat, lon }: Place, speedMS: number): readonly SensorValue[] {
  return [
    quantity('lat', round(lat, 6), 'lat'),
    quantity('lon', round(lon, 6), 'lon'),
    quantity('speed', round(speedMS, 1), 'm/s'),
  ];
}
