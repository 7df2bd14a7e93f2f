/**
 * Street lamps of 40 to 90 W, now and then dark. By themselves they are lit from dusk to dawn, half as bright when nobody is about; in a zone
 * somebody drives them (`lamp-driver.ts`).
 */

import type { SensorValue } from '@oppidum/device/reading-pack';
import { FULL_LEVEL } from '@oppidum/formats/lighting-level';
import type { PowerCurve } from '@oppidum/formats/lighting-power';
import { lampFailure } from '../events.ts';
import { MINUTE_MS } from '../local-time.ts';
import { round, seedOf, smoothNoise, uniform } from '../noise.ts';
import type { Sky } from '../sky.ts';
import { quantity } from './kind.ts';

/** Sine of the sun's height below which lamps burn: half a degree to one and a half below the horizon, each lamp its own. */
const DUSK_FIRST = -0.009;
const DUSK_SPREAD = 0.017;
/** Hours of the night at half light. */
const HALF_FROM = 0;
const HALF_TO = 5;
const STANDBY_W = 0.4;
/** Of a lamp on its own sensor. */
const LAMP_LX = 8;

const MLX_PER_LX = 1_000;
const MW_PER_W = 1_000;

/** The level that a lamp is driven to at a moment, from 0 to 1. */
export type LevelAt = (timeMs: number) => number;

/** One lamp. */
export class StreetLamp {
  readonly #seed: number;
  readonly #sky: Sky;
  readonly #ratedW: number;
  #driven: LevelAt | null = null;

  constructor(seed: number, sky: Sky) {
    this.#seed = seed;
    this.#sky = sky;
    this.#ratedW = 40 + Math.round(uniform(seed, 1) * 50);
  }

  /** What it takes at a level, as its model was calibrated; a dead one takes less. */
  get curve(): PowerCurve {
    return [
      { level: 0, powerMw: MW_PER_W * STANDBY_W },
      { level: FULL_LEVEL, powerMw: MW_PER_W * this.#ratedW },
    ];
  }

  /** From now on its level is what this says. */
  drive(levelAt: LevelAt): void {
    this.#driven = levelAt;
  }

  /** What its photocell sees of the sky, in millilux: its own light does not reach it. */
  photocellMlx(timeMs: number): number {
    return Math.floor(MLX_PER_LX * this.#sky.lux(timeMs));
  }

  /** The level that it is told, from 0 to 1. */
  level(timeMs: number): number {
    if (this.#driven !== null) return this.#driven(timeMs);
    if (this.#sky.sun(timeMs) > DUSK_FIRST - DUSK_SPREAD * uniform(this.#seed, 2)) return 0;
    const hour = this.#sky.hour(timeMs);
    return hour >= HALF_FROM && hour < HALF_TO ? 0.5 : 1;
  }

  isDead(timeMs: number): boolean {
    return lampFailure(this.#seed, timeMs, this.#sky.lon) !== null;
  }

  powerW(timeMs: number): number {
    const level = this.isDead(timeMs) ? 0 : this.level(timeMs);
    if (level === 0) return STANDBY_W;
    return this.#ratedW * level * (1 + 0.02 * smoothNoise(seedOf(this.#seed, 3), timeMs, MINUTE_MS));
  }

  /** `failure` once it is told to burn and does not. */
  measure(timeMs: number): readonly SensorValue[] {
    const level = this.level(timeMs);
    const isDead = this.isDead(timeMs);
    return [
      quantity('dimming', round(level, 3), '/'),
      quantity('power', round(this.powerW(timeMs), 1), 'W'),
      quantity('illuminance', round(this.#sky.lux(timeMs) + (isDead ? 0 : LAMP_LX * level), 1), 'lx'),
      { sensor: 'failure', value: isDead && level > 0 },
    ];
  }
}
