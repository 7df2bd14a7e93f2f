/** Water and power. What flows in and out adds up: in a tank over time, on a feeder at every moment. */

import type { SensorRecord } from '@oppidum/device/reading-pack';
import { smoothNoise, uniform } from '../noise.ts';
import { bell, DAY_MS, daylight, HOUR_MS, MINUTE_MS, type Moment, round } from './curves.ts';
import type { Site } from './kind.ts';

/** Of the water stations. */
const PUMP_PERIOD_MS = 2 * HOUR_MS;
export const TANK_AREA_M2 = 90;
/** Share by which the draw of a district rises by day and falls by night. */
const DAILY_SWING = 0.3;
/** Where the counters of the meters begin: 2026-01-01. */
const EPOCH_MS = 1_767_225_600_000;
/** Share of its power that a feeder loses on the way. */
export const FEEDER_LOSS = 0.03;
/** One sky over all roofs: clouds are the same for each. */
const SKY_SEED = 0x5c1;

/**
 * A tank that a pump fills in half of every two hours while the district draws from it, more by day than by night. The level is the
 * integral of inflow less outflow over the area of the tank, so physics finds nothing to object to.
 */
export function measureWater({ seed }: Site, { timeMs }: Moment): SensorRecord[] {
  const meanDraw = 0.01 + 0.006 * uniform(seed, 1);
  const phase = (timeMs / PUMP_PERIOD_MS + uniform(seed, 2)) % 1;
  const isPumping = phase < 0.5;
  const angle = 2 * Math.PI * (timeMs / DAY_MS - 0.3);
  // Both in seconds of mean draw: what the pump has put in beyond it, and what the day has drawn less.
  const pumpedS = (isPumping ? phase : 1 - phase) * (PUMP_PERIOD_MS / 1_000);
  const sparedS = (DAILY_SWING * (DAY_MS / 1_000) * Math.cos(angle)) / (2 * Math.PI);
  const level = 2.4 + (meanDraw / TANK_AREA_M2) * (pumpedS + sparedS) + 0.001 * smoothNoise(seed, timeMs, MINUTE_MS);
  return [
    { sensor: 'level', unit: 'm', value: round(level, 3), timeMs },
    { sensor: 'pump', value: isPumping, timeMs },
    { sensor: 'inflow', unit: 'm3/s', value: round(isPumping ? 2 * meanDraw : 0, 5), timeMs },
    { sensor: 'outflow', unit: 'm3/s', value: round(meanDraw * (1 + DAILY_SWING * Math.sin(angle)), 5), timeMs },
  ];
}

/** What a public building draws, in watts. */
function buildingW(seed: number, { timeMs, hour }: Moment): number {
  const baseW = 2_000 + 3_000 * uniform(seed, 1);
  return baseW * (1 + 2.5 * bell(hour, 13, 4.5)) * (1 + 0.06 * smoothNoise(seed, timeMs, 3 * MINUTE_MS));
}

/** What a roof gives, in watts. */
function roofW(seed: number, { timeMs, hour }: Moment): number {
  const ratedW = 3_000 + 5_000 * uniform(seed, 1);
  const cloud = 0.75 + 0.25 * smoothNoise(SKY_SEED, timeMs, 15 * MINUTE_MS);
  return ratedW * 0.85 * Math.max(0, daylight(hour) - 0.12) * cloud;
}

/** The meter of a public building. Its energy is the integral of its mean curve, so it never runs backwards. */
export function measureMeter({ seed }: Site, moment: Moment): SensorRecord[] {
  const { timeMs } = moment;
  const baseW = 2_000 + 3_000 * uniform(seed, 1);
  return [
    { sensor: 'power', unit: 'W', value: round(buildingW(seed, moment), 0), timeMs },
    { sensor: 'voltage', unit: 'V', value: round(230 + 4 * smoothNoise(seed + 1, timeMs, 4 * MINUTE_MS), 1), timeMs },
    { sensor: 'energy', unit: 'kWh', value: round(((timeMs - EPOCH_MS) / HOUR_MS) * (baseW / 1_000) * 1.8, 2), timeMs },
  ];
}

/** The inverter of a roof. */
export function measureRoof({ seed }: Site, moment: Moment): SensorRecord[] {
  const { timeMs } = moment;
  return [{ sensor: 'power', unit: 'W', value: round(roofW(seed, moment), 0), timeMs }];
}

/** The feeder that they all hang on: what it gives is what they draw, less what roofs give, and what is lost on the way. */
export function measureFeeder({ seed, meters = [], roofs = [] }: Site, moment: Moment): SensorRecord[] {
  const { timeMs } = moment;
  const drawnW = meters.reduce((sum, meter) => sum + buildingW(meter, moment), 0);
  const givenW = roofs.reduce((sum, roof) => sum + roofW(roof, moment), 0);
  const netW = drawnW - givenW;
  return [
    { sensor: 'power', unit: 'W', value: round(netW + FEEDER_LOSS * Math.abs(netW), 0), timeMs },
    { sensor: 'voltage', unit: 'V', value: round(232 + 2 * smoothNoise(seed, timeMs, 4 * MINUTE_MS), 1), timeMs },
  ];
}
