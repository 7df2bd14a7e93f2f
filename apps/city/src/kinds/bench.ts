/** A bench with wireless network: a panel in its roof, a battery, and a wire to the lamp beside it for the night. */

import type { SensorValue } from '@oppidum/device/reading-pack';
import { bell, HOUR_MS, localDay, MINUTE_MS, timeOfDay } from '../local-time.ts';
import { round, seedOf, smoothNoise, uniform } from '../noise.ts';
import type { Sky } from '../sky.ts';
import { quantity } from './kind.ts';

const PANEL_W = 60;
const IDLE_W = 5;
const GUEST_W = 3;
const LIGHT_W = 6;
export const BATTERY_WH = 220;
/** The wire keeps this much in it. */
const RESERVE_WH = 120;
/** By this hour of the night the reserve is reached, and a day of the battery begins. */
const DAY_BEGINS = 4;
const STEPS_A_DAY = 1_440;

/** One bench. */
export class Bench {
  readonly #seed: number;
  readonly #sky: Sky;
  /** Watt-hours at each minute of a day. */
  #day: { readonly fromMs: number; readonly chargeWh: Float32Array } | null = null;

  constructor(seed: number, sky: Sky) {
    this.#seed = seed;
    this.#sky = sky;
  }

  measure(timeMs: number): readonly SensorValue[] {
    return [
      quantity('guests', this.#guests(timeMs), 'count'),
      quantity('solar', round(this.#solarW(timeMs), 1), 'W'),
      quantity('load', round(this.#loadW(timeMs), 1), 'W'),
      quantity('battery', round(this.#chargeWh(timeMs), 1), 'Wh'),
    ];
  }

  #guests(timeMs: number): number {
    const hour = this.#sky.hour(timeMs);
    const isWarm = this.#sky.celsius(timeMs) > 8 ? 1 : 0.5;
    const wanted = isWarm * (5 * bell(hour, 13, 3.5) + 3.5 * bell(hour, 18, 2.5));
    return Math.round(wanted * (1 + 0.6 * smoothNoise(seedOf(this.#seed, 1), timeMs, 12 * MINUTE_MS)));
  }

  #solarW(timeMs: number): number {
    const shade = 0.7 + 0.3 * uniform(this.#seed, 2);
    return PANEL_W * shade * Math.max(0, this.#sky.sun(timeMs)) * this.#sky.clearness(timeMs);
  }

  #loadW(timeMs: number): number {
    return IDLE_W + GUEST_W * this.#guests(timeMs) + (this.#sky.sun(timeMs) < 0 ? LIGHT_W : 0);
  }

  #chargeWh(timeMs: number): number {
    const day = localDay(timeMs - DAY_BEGINS * HOUR_MS, this.#sky.lon);
    const fromMs = Math.round(timeOfDay(day, DAY_BEGINS, this.#sky.lon));
    if (this.#day?.fromMs !== fromMs) this.#day = { fromMs, chargeWh: this.#chargeOf(fromMs) };
    const minutes = (timeMs - fromMs) / MINUTE_MS;
    const minute = Math.min(STEPS_A_DAY - 1, Math.max(0, Math.floor(minutes)));
    const [from, to] = [this.#day.chargeWh[minute] as number, this.#day.chargeWh[minute + 1] as number];
    return from + (to - from) * (minutes - minute);
  }

  /** What comes in less what goes out, between the reserve and full. */
  #chargeOf(fromMs: number): Float32Array {
    const charge = new Float32Array(STEPS_A_DAY + 1);
    let now = RESERVE_WH;
    for (let minute = 0; minute <= STEPS_A_DAY; minute++) {
      charge[minute] = now;
      const middleMs = fromMs + (minute + 0.5) * MINUTE_MS;
      now = Math.min(BATTERY_WH, Math.max(RESERVE_WH, now + (this.#solarW(middleMs) - this.#loadW(middleMs)) / 60));
    }
    return charge;
  }
}
