/** A feeder with meters, lamps and solar roofs: at every moment what it gives is what they draw, less what roofs give, and what is lost. */

import type { SensorValue } from '@oppidum/device/reading-pack';
import { bell, MINUTE_MS } from '../local-time.ts';
import { round, seedOf, smoothNoise, uniform } from '../noise.ts';
import type { Sky } from '../sky.ts';
import { COUNTED_SINCE_MS } from '../traffic.ts';
import { Flow, Week } from '../week.ts';
import { quantity } from './kind.ts';
import type { StreetLamp } from './light.ts';

/** Share of its power that a feeder loses on the way. */
export const FEEDER_LOSS = 0.03;
const FEEDER_V = 233;
/** By how much the voltage falls for each kilowatt at the end of the line. */
const DROP_V_A_KW = 0.16;
const JOULES_A_KWH = 3_600_000;
/** Share of its rating that a roof gives in full sun. */
const ROOF_YIELD = 0.85;

/** A public building over a week, of its base load. */
const BUILDING_WEEK = new Week((hour, isWeekend) => 1 + (isWeekend ? 0.6 : 2.4) * bell(hour, 13, 4.5));

/** The meter of a public building. Its energy is the integral of its power, to the joule, so it never runs backwards. */
export class Meter {
  readonly #seed: number;
  readonly #flow: Flow;

  constructor(seed: number, sky: Sky) {
    this.#seed = seed;
    this.#flow = new Flow({
      week: BUILDING_WEEK,
      seed,
      lon: sky.lon,
      scale: 2_000 + 3_000 * uniform(seed, 1),
      periodMs: 6 * MINUTE_MS,
      swing: 0.12,
      sinceMs: COUNTED_SINCE_MS,
    });
  }

  powerW(timeMs: number): number {
    return this.#flow.rate(timeMs);
  }

  measure(timeMs: number): readonly SensorValue[] {
    const powerW = this.powerW(timeMs);
    const wobble = 0.6 * smoothNoise(seedOf(this.#seed, 2), timeMs, 2 * MINUTE_MS);
    return [
      quantity('power', round(powerW, 0), 'W'),
      quantity('voltage', round(FEEDER_V - (DROP_V_A_KW * powerW) / 1_000 + wobble, 1), 'V'),
      quantity('energy', round(this.#flow.total(timeMs) / JOULES_A_KWH, 3), 'kWh'),
    ];
  }
}

/** The inverter of a roof. */
export class SolarRoof {
  readonly #sky: Sky;
  readonly #ratedW: number;

  constructor(seed: number, sky: Sky) {
    this.#sky = sky;
    this.#ratedW = 3_000 + 5_000 * uniform(seed, 1);
  }

  powerW(timeMs: number): number {
    return this.#ratedW * ROOF_YIELD * Math.max(0, this.#sky.sun(timeMs)) * this.#sky.clearness(timeMs);
  }

  measure(timeMs: number): readonly SensorValue[] {
    return [quantity('power', round(this.powerW(timeMs), 0), 'W')];
  }
}

/** Whom a feeder feeds. */
export type Fed = {
  readonly meters: readonly Meter[];
  readonly roofs: readonly SolarRoof[];
  readonly lamps: readonly StreetLamp[];
};

/** A feeder; negative power flows back to the grid. */
export class Feeder {
  readonly #seed: number;
  readonly #fed: Fed;

  constructor(seed: number, fed: Fed) {
    this.#seed = seed;
    this.#fed = fed;
  }

  measure(timeMs: number): readonly SensorValue[] {
    const sum = (members: readonly { powerW(timeMs: number): number }[]): number =>
      members.reduce((total, member) => total + member.powerW(timeMs), 0);
    const { meters, roofs, lamps } = this.#fed;
    const lampsW = sum(lamps);
    const netW = sum(meters) + lampsW - sum(roofs);
    const wobble = 0.5 * smoothNoise(this.#seed, timeMs, 4 * MINUTE_MS);
    return [
      quantity('power', round(netW + FEEDER_LOSS * Math.abs(netW), 0), 'W'),
      quantity('lamps', round(lampsW, 0), 'W'),
      quantity('voltage', round(FEEDER_V + wobble - netW / 40_000, 1), 'V'),
    ];
  }
}
