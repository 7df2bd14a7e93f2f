/** What stands in and beside the road: loops, signal heads, air stations. */

import type { SensorValue } from '@oppidum/device/reading-pack';
import { HOUR_MS, MINUTE_MS } from '../local-time.ts';
import { round, seedOf, smoothNoise, uniform } from '../noise.ts';
import type { Sky } from '../sky.ts';
import type { Approach } from '../traffic.ts';
import { quantity } from './kind.ts';

/** Of one vehicle with the gap behind it, when it stands; on each of the lanes. */
const STANDING_M = 7;
const VEHICLE_M = 5;
const LANES = 2;
const FREE_KMH = 50;
/** Of a queue that creeps over the loop. */
const CREEP_KMH = 7;
/** Share of its speed that a full road loses. */
const CROWDING = 0.5;
/** Vehicles a second of a full road. */
const FULL = 0.45;

/** Loops under the lanes of an approach, before its signals. */
export function measureLoop(approach: Approach, seed: number, timeMs: number): readonly SensorValue[] {
  const rate = approach.rate(timeMs);
  const isCovered = (approach.queue(timeMs) * STANDING_M) / LANES > approach.options.lengthM;
  const free = FREE_KMH * (1 - CROWDING * (rate / FULL) ** 2) + 2 * smoothNoise(seed, timeMs, 2 * MINUTE_MS);
  const speedKmh = isCovered ? CREEP_KMH : free;
  const passed = approach.passedLoop(timeMs);
  return [
    quantity('flow', passed - approach.passedLoop(timeMs - MINUTE_MS), '1/min'),
    quantity('speed', round(speedKmh, 1), 'km/h'),
    // Of the time: each vehicle covers the loop for as long as it takes to pass.
    quantity('occupancy', round(Math.min(1, ((rate / LANES) * VEHICLE_M) / (speedKmh / 3.6)), 3), '/'),
    quantity('vehicles', passed, 'count'),
  ];
}

/** A signal head with the detector at its stop line: a queue grows while it is red. */
export function measureHead(approach: Approach, timeMs: number): readonly SensorValue[] {
  return [
    { sensor: 'aspect', value: approach.aspect(timeMs) },
    quantity('queue', approach.queue(timeMs), 'count'),
    quantity('vehicles', approach.passedLine(timeMs), 'count'),
    quantity('flow', round(approach.lineFlow(timeMs), 1), '1/min'),
    ...approach.tells(),
  ];
}

/** Air at the roadside: exhaust follows the traffic of the last hour, and wind carries it away. */
export class AirStation {
  readonly #seed: number;
  readonly #sky: Sky;
  readonly #road: Approach;

  constructor(seed: number, sky: Sky, road: Approach) {
    this.#seed = seed;
    this.#sky = sky;
    this.#road = road;
  }

  measure(timeMs: number): readonly SensorValue[] {
    const noise = (number: number, periodMs: number): number => smoothNoise(seedOf(this.#seed, number), timeMs, periodMs);
    // In shares of a full road.
    const traffic = this.#road.meanRate(timeMs, HOUR_MS) / FULL;
    const wind = 1 - 0.35 * this.#sky.clearness(timeMs);
    const no2 = (8 + 6 * uniform(this.#seed, 1) + 70 * traffic) * wind + noise(2, 20 * MINUTE_MS);
    const dust = (6 + 18 * traffic) * wind + 1.5 * noise(3, HOUR_MS) + 1.5;
    return [
      quantity('no2', round(no2, 1), 'ug/m3'),
      quantity('pm2.5', round(dust, 1), 'ug/m3'),
      quantity('temperature', round(this.#sky.celsius(timeMs) + 0.4 * noise(4, HOUR_MS), 1), 'Cel'),
      quantity('humidity', round(this.#sky.humidity(timeMs), 1), '%RH'),
    ];
  }
}
