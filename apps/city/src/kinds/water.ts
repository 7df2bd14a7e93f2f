/** A tank that a pump fills while the district draws from it, and a pipe below it that may leak. */

import type { SensorValue } from '@oppidum/device/reading-pack';
import { leak } from '../events.ts';
import { DAY_MS, HOUR_MS, localMs, MINUTE_MS } from '../local-time.ts';
import { round, seedOf, smoothNoise, uniform } from '../noise.ts';
import type { Sky } from '../sky.ts';
import { quantity } from './kind.ts';

const PUMP_PERIOD_MS = 2 * HOUR_MS;
export const TANK_AREA_M2 = 90;
const MEAN_LEVEL_M = 2.4;
/** Share by which the draw of a district rises by day and falls by night. */
const DAILY_SWING = 0.3;
/** What a bad leak loses, cubic metres a second. */
const LEAK_MAX_M3S = 0.006;
/** The noise of the level sensor, either way. */
export const LEVEL_NOISE_M = 0.001;

/** What runs out beside the district's draw, what is pumped in again for it, and how much is away at this moment. */
type Lost = { readonly outM3s: number; readonly inM3s: number; readonly awayM3: number };
const NOTHING: Lost = { outM3s: 0, inM3s: 0, awayM3: 0 };

/**
 * The pump runs in half of every two hours. The level is the integral of inflow less outflow over the area of the tank: what the pump has
 * put in beyond the mean draw, what the day has drawn less than it, less what a leak took that was not yet pumped in again.
 */
export class Tank {
  readonly #seed: number;
  readonly #sky: Sky;
  readonly #meanM3s: number;

  constructor(seed: number, sky: Sky) {
    this.#seed = seed;
    this.#sky = sky;
    this.#meanM3s = 0.01 + 0.006 * uniform(seed, 1);
  }

  measure(timeMs: number): readonly SensorValue[] {
    const mean = this.#meanM3s;
    const phase = (timeMs / PUMP_PERIOD_MS + uniform(this.#seed, 2)) % 1;
    const isPumping = phase < 0.5;
    const angle = 2 * Math.PI * (localMs(timeMs, this.#sky.lon) / DAY_MS - 0.3);
    // Both in seconds of mean draw.
    const pumpedS = (isPumping ? phase : 1 - phase) * (PUMP_PERIOD_MS / 1_000);
    const sparedS = (DAILY_SWING * (DAY_MS / 1_000) * Math.cos(angle)) / (2 * Math.PI);
    const lost = this.#lost(timeMs);
    const volumeM3 = mean * (pumpedS + sparedS) - lost.awayM3;
    const noiseM = LEVEL_NOISE_M * smoothNoise(seedOf(this.#seed, 3), timeMs, MINUTE_MS);
    const inflow = (isPumping ? 2 * mean : 0) + lost.inM3s;
    return [
      quantity('level', round(MEAN_LEVEL_M + volumeM3 / TANK_AREA_M2 + noiseM, 3), 'm'),
      { sensor: 'pump', value: inflow > 0 },
      quantity('inflow', round(inflow, 5), 'm3/s'),
      quantity('outflow', round(mean * (1 + DAILY_SWING * Math.sin(angle)) + lost.outM3s, 5), 'm3/s'),
    ];
  }

  #lost(timeMs: number): Lost {
    const trouble = leak(this.#seed, timeMs, this.#sky.lon);
    if (trouble === null) return NOTHING;
    const { fromMs, toMs, size } = trouble;
    const rate = LEAK_MAX_M3S * size;
    if (timeMs < toMs) return { outM3s: rate, inM3s: 0, awayM3: (rate * (timeMs - fromMs)) / 1_000 };
    // As long as it ran out it is pumped in again.
    return { outM3s: 0, inM3s: rate, awayM3: (rate * (2 * toMs - fromMs - timeMs)) / 1_000 };
  }
}
