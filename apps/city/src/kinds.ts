/**
 * The five kinds of devices of the simulated city and what they measure over a day. Plausible, not predictive: daily curves with
 * smooth noise, repeated exactly for the same seed. Units are of the SenML registry (RFC 8428 §12.1, RFC 8798).
 */

import type { SensorRecord } from '@oppidum/device/reading-pack';
import { smoothNoise, uniform } from './noise.ts';

/** A moment as a device sees it: POSIX time, and the local hour of day with its fraction. */
export type Moment = { readonly timeMs: number; readonly hour: number };

export type DeviceKind = {
  /** Type on the ledger; with a number, the label of a device. */
  readonly name: string;
  readonly modelName: string;
  /** What one device measures; `seed` is its own. */
  readonly measure: (seed: number, moment: Moment) => readonly SensorRecord[];
};

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Of the water stations. */
const PUMP_PERIOD_MS = 2 * HOUR_MS;
export const TANK_AREA_M2 = 90;
/** Share by which the draw of a district rises by day and falls by night. */
const DAILY_SWING = 0.3;

/** 1 at `peak`, falling off like a bell with this width, around the clock. */
function bell(hour: number, peak: number, widthHours: number): number {
  const distance = Math.abs(((hour - peak + 36) % 24) - 12);
  return Math.exp(-((distance / widthHours) ** 2));
}

/** Light of the sky: 0 at night, 1 at noon, dusk and dawn of about an hour. */
function daylight(hour: number): number {
  const height = Math.sin((Math.PI * (hour - 6.5)) / 12);
  return Math.min(1, Math.max(0, height * 1.4 + 0.12));
}

function round(value: number, decimals: number): number {
  const scale = 10 ** decimals;
  return Math.round(value * scale) / scale;
}

/** LED lamps of 40 to 90 W; full at dusk, half after midnight, off by day. */
function measureStreetLight(seed: number, { timeMs, hour }: Moment): SensorRecord[] {
  const ratedW = 40 + Math.round(uniform(seed, 1) * 50);
  const sky = daylight(hour) * (1 + 0.1 * smoothNoise(seed, timeMs, 10 * MINUTE_MS));
  const level = sky > 0.15 ? 0 : hour < 5 ? 0.5 : 1;
  const power = level === 0 ? 0.4 : ratedW * level * (1 + 0.02 * smoothNoise(seed, timeMs, MINUTE_MS));
  return [
    { sensor: 'dimming', unit: '/', value: level, timeMs },
    { sensor: 'power', unit: 'W', value: round(power, 1), timeMs },
    { sensor: 'illuminance', unit: 'lx', value: round(8 * level + 20_000 * Math.max(0, sky), 0), timeMs },
  ];
}

/** Loops under a lane: flow peaks at 8 and 17 o'clock, speed gives way to it. */
function measureTraffic(seed: number, { timeMs, hour }: Moment): SensorRecord[] {
  const busy = 0.08 + 0.8 * bell(hour, 8, 1.6) + 0.9 * bell(hour, 17, 2.2) + 0.45 * bell(hour, 12.5, 4);
  const load = Math.min(
    1,
    Math.max(0.01, busy * (0.7 + 0.3 * uniform(seed, 1)) + 0.08 * smoothNoise(seed, timeMs, 5 * MINUTE_MS)),
  );
  const speedKmh = 54 - 28 * load ** 2 + 3 * smoothNoise(seed, timeMs, 2 * MINUTE_MS);
  return [
    { sensor: 'flow', unit: '1/min', value: round(28 * load, 1), timeMs },
    { sensor: 'speed', unit: 'km/h', value: round(speedKmh, 1), timeMs },
    { sensor: 'occupancy', unit: '/', value: round(0.03 + 0.35 * load ** 2, 3), timeMs },
  ];
}

/**
 * A tank that a pump fills in half of every two hours while the district draws from it, more by day than by night. The level is the
 * integral of inflow less outflow over the area of the tank, so physics finds nothing to object to.
 */
function measureWater(seed: number, { timeMs }: Moment): SensorRecord[] {
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

/** The meter of a public building. Its energy is the integral of its mean curve, so it never runs backwards. */
function measureMeter(seed: number, { timeMs, hour }: Moment): SensorRecord[] {
  const baseW = 2_000 + 3_000 * uniform(seed, 1);
  const power = baseW * (1 + 2.5 * bell(hour, 13, 4.5)) * (1 + 0.06 * smoothNoise(seed, timeMs, 3 * MINUTE_MS));
  return [
    { sensor: 'power', unit: 'W', value: round(power, 0), timeMs },
    { sensor: 'voltage', unit: 'V', value: round(230 + 4 * smoothNoise(seed + 1, timeMs, 4 * MINUTE_MS), 1), timeMs },
    { sensor: 'energy', unit: 'kWh', value: round(((timeMs - EPOCH_MS) / HOUR_MS) * (baseW / 1_000) * 1.8, 2), timeMs },
  ];
}

/** Where the counters of the meters begin: 2026-01-01. */
const EPOCH_MS = 1_767_225_600_000;

/** Air at the roadside: nitrogen dioxide follows traffic with an hour's delay. */
function measureAir(seed: number, { timeMs, hour }: Moment): SensorRecord[] {
  const traffic = bell(hour, 9, 2) + bell(hour, 18, 2.5);
  const no2 = 12 + 10 * uniform(seed, 1) + 24 * traffic + 6 * smoothNoise(seed, timeMs, 20 * MINUTE_MS);
  const celsius = 9 + 6 * bell(hour, 15, 5) + 1.5 * smoothNoise(seed + 1, timeMs, HOUR_MS);
  return [
    { sensor: 'no2', unit: 'ug/m3', value: round(Math.max(1, no2), 1), timeMs },
    { sensor: 'pm2.5', unit: 'ug/m3', value: round(6 + 8 * traffic + 3 * smoothNoise(seed + 2, timeMs, HOUR_MS), 1), timeMs },
    { sensor: 'temperature', unit: 'Cel', value: round(celsius, 1), timeMs },
    {
      sensor: 'humidity',
      unit: '%RH',
      value: round(78 - 20 * bell(hour, 15, 5) + 4 * smoothNoise(seed + 3, timeMs, HOUR_MS), 1),
      timeMs,
    },
  ];
}

/** All kinds, in the order in which devices are dealt out to them. */
export const DEVICE_KINDS: readonly DeviceKind[] = [
  { name: 'street-light', modelName: 'Simulated LED street light', measure: measureStreetLight },
  { name: 'traffic-detector', modelName: 'Simulated loop detector', measure: measureTraffic },
  { name: 'water-station', modelName: 'Simulated tank with pump', measure: measureWater },
  { name: 'electricity-meter', modelName: 'Simulated meter of a public building', measure: measureMeter },
  { name: 'air-quality', modelName: 'Simulated roadside air station', measure: measureAir },
];
