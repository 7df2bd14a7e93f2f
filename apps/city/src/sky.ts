/** One sky over the whole town: where the sun stands (to a degree or so), clouds, the warmth of the air. */

import type { Place } from './geometry.ts';
import { bell, DAY_MS, HOUR_MS, localHour, MINUTE_MS } from './local-time.ts';
import { seedOf, smoothNoise } from './noise.ts';

const RADIANS = Math.PI / 180;
/** Obliquity of the ecliptic. */
const TILT = 23.44 * RADIANS;
const YEAR_DAYS = 365.2425;
/** 1970-01-01 lies so many days after a solstice. */
const SINCE_SOLSTICE_DAYS = 10;
/** Of a clear sky with the sun overhead, and with the sun on the horizon. */
const ZENITH_LX = 110_000;
const HORIZON_LX = 400;
/** Sine of the sun's height over which twilight falls by ten. */
const TWILIGHT_DECADE = 0.05;

/** The sky over a place. */
export class Sky {
  readonly lon: number;
  readonly #lat: number;
  readonly #seed: number;

  constructor({ lat, lon }: Place, seed: number) {
    this.lon = lon;
    this.#lat = lat * RADIANS;
    this.#seed = seed;
  }

  hour(timeMs: number): number {
    return localHour(timeMs, this.lon);
  }

  /** Sine of the sun's height: below 0 at night. */
  sun(timeMs: number): number {
    const days = timeMs / DAY_MS;
    const declination = -TILT * Math.cos((2 * Math.PI * (days + SINCE_SOLSTICE_DAYS)) / YEAR_DAYS);
    const angle = ((this.hour(timeMs) - 12) / 12) * Math.PI;
    return Math.sin(this.#lat) * Math.sin(declination) + Math.cos(this.#lat) * Math.cos(declination) * Math.cos(angle);
  }

  /** Share of light that clouds let through: 0.4 to 1. */
  clearness(timeMs: number): number {
    const slow = smoothNoise(seedOf(this.#seed, 1), timeMs, 5 * HOUR_MS);
    const quick = smoothNoise(seedOf(this.#seed, 2), timeMs, 15 * MINUTE_MS);
    return 0.7 + 0.2 * slow + 0.1 * quick;
  }

  /** What the sky gives, in lux. */
  lux(timeMs: number): number {
    const sun = this.sun(timeMs);
    const clear = sun < 0 ? HORIZON_LX * 10 ** (sun / TWILIGHT_DECADE) : HORIZON_LX + ZENITH_LX * sun ** 1.3;
    return clear * this.clearness(timeMs);
  }

  /** Of the air, in degrees Celsius: warmest after noon, and in summer. */
  celsius(timeMs: number): number {
    const season = -Math.cos((2 * Math.PI * (timeMs / DAY_MS + SINCE_SOLSTICE_DAYS - 25)) / YEAR_DAYS) * Math.sin(this.#lat);
    const weather = 3 * smoothNoise(seedOf(this.#seed, 3), timeMs, 30 * HOUR_MS);
    return 24 - 15 * Math.abs(Math.sin(this.#lat)) + 12 * season + 6 * (bell(this.hour(timeMs), 15, 5) - 0.35) + weather;
  }

  /** Relative humidity of the air, in percent. */
  humidity(timeMs: number): number {
    const weather = 8 * smoothNoise(seedOf(this.#seed, 4), timeMs, 20 * HOUR_MS);
    return Math.min(100, Math.max(15, 78 - 22 * bell(this.hour(timeMs), 15, 5) + weather));
  }
}
