/** Strain gauges on the bridge: what its steel bears follows what stands on it and how warm it is. */

import type { SensorValue } from '@oppidum/device/reading-pack';
import { lengthOf, type Place } from '../geometry.ts';
import { HOUR_MS, MINUTE_MS } from '../local-time.ts';
import { round, seedOf, smoothNoise } from '../noise.ts';
import type { Sky } from '../sky.ts';
import type { Approach } from '../traffic.ts';
import { quantity } from './kind.ts';
import type { Mover } from './movers.ts';

/** Of the bridge at no load and 10 °C. */
const REST_STRAIN = 0.00009;
/** A kilogram at the gauge. */
const STRAIN_A_KG = 2.5e-9;
/** Of steel, and the share of it that bearings hold back. */
const EXPANSION_A_K = 1.2e-5;
const HELD_BACK = 0.08;
const CAR_KG = 1_400;
const CAR_MS = 12;
/** Strain is a share; as parts in a million (RFC 8798 §3) it is what engineers call microstrain. */
const PARTS_A_MILLION = 1e6;
const STRAIN_NOISE = 4e-7;

/** A bridge with those that cross it. */
export class Bridge {
  readonly #crossing: readonly { readonly mover: Mover; readonly spans: ReturnType<Mover['route']['spansOver']> }[];
  readonly #road: Approach;
  readonly #lengthM: number;

  constructor(line: readonly Place[], movers: readonly Mover[], road: Approach) {
    this.#crossing = movers
      .map((mover) => ({ mover, spans: mover.route.spansOver(line) }))
      .filter(({ spans }) => spans.length > 0);
    this.#road = road;
    this.#lengthM = lengthOf(line);
  }

  /** Kilograms as a gauge feels them that stands at this share of the length: less, the farther away they are. */
  loadKg(share: number, timeMs: number): number {
    const heavy = this.#crossing.reduce((sum, { mover, spans }) => {
      const { distanceM } = mover.whereabouts(timeMs);
      const span = spans.find(({ fromM, toM }) => distanceM >= fromM && distanceM <= toM);
      if (span === undefined) return sum;
      const part = (distanceM - span.fromM) / (span.toM - span.fromM);
      return sum + mover.massKg(timeMs) * influence(share, span.isReversed ? 1 - part : part);
    }, 0);
    // Cars are many and light: what stands on the whole bridge counts for half.
    return heavy + (this.#road.rate(timeMs) * CAR_KG * (this.#lengthM / CAR_MS)) / 2;
  }
}

/** 1 where the gauge is, 0 at both ends (a beam on two bearings). */
function influence(gauge: number, place: number): number {
  return place < gauge ? place / gauge : (1 - place) / (1 - gauge);
}

/** A gauge at this share of the bridge. */
export function measureGauge(bridge: Bridge, share: number, seed: number, sky: Sky, timeMs: number): readonly SensorValue[] {
  // Steel follows the air, and the sun warms it.
  const celsius = sky.celsius(timeMs) + 6 * Math.max(0, sky.sun(timeMs)) * sky.clearness(timeMs);
  const noise = STRAIN_NOISE * smoothNoise(seed, timeMs, MINUTE_MS / 6);
  const warmth = EXPANSION_A_K * HELD_BACK * (celsius - 10);
  const strain = REST_STRAIN + warmth + STRAIN_A_KG * bridge.loadKg(share, timeMs) + noise;
  return [
    quantity('strain', round(strain * PARTS_A_MILLION, 2), 'ppm'),
    quantity('temperature', round(celsius + 0.2 * smoothNoise(seedOf(seed, 1), timeMs, HOUR_MS), 1), 'Cel'),
  ];
}
