/** Lamps, loops, signals, the bridge and the air beside the road: all of one road see the same traffic. */

import type { SensorRecord } from '@oppidum/device/reading-pack';
import { smoothNoise, uniform } from '../noise.ts';
import { bell, daylight, HOUR_MS, MINUTE_MS, type Moment, roadLoad, round } from './curves.ts';
import type { Site } from './kind.ts';

/** Seconds of a signal's cycle, and where its parts end: green and yellow of one approach, then all red, then of the other. */
const CYCLE_S = 90;
const NS_GREEN_S = 40;
const NS_YELLOW_S = 44;
const NS_CLEARED_S = 46;
const EW_GREEN_S = 84;
const EW_YELLOW_S = 88;
/** Vehicles a minute on a full lane. */
const FLOW_MAX = 28;
/** Of the bridge at no load, and what a full deck adds. */
const REST_STRAIN = 0.00009;
const LOAD_STRAIN = 0.00014;

/** LED lamps of 40 to 90 W; full at dusk, half after midnight, off by day. */
export function measureStreetLight({ seed }: Site, { timeMs, hour }: Moment): SensorRecord[] {
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

/** Loops under a lane: speed gives way to flow. */
export function measureTraffic({ seed, road }: Site, moment: Moment): SensorRecord[] {
  const { timeMs } = moment;
  const load = roadLoad(road, moment);
  const speedKmh = 54 - 28 * load ** 2 + 3 * smoothNoise(seed, timeMs, 2 * MINUTE_MS);
  return [
    { sensor: 'flow', unit: '1/min', value: round(FLOW_MAX * load, 1), timeMs },
    { sensor: 'speed', unit: 'km/h', value: round(speedKmh, 1), timeMs },
    { sensor: 'occupancy', unit: '/', value: round(0.03 + 0.35 * load ** 2, 3), timeMs },
  ];
}

export type Aspect = 'green' | 'yellow' | 'red';

/** What a signal head shows: heads of one junction share their clock, so two approaches are never green together. */
export function aspectOf(approach: 'ns' | 'ew', road: number, timeMs: number): Aspect {
  const second = (timeMs / 1_000 + uniform(road, 2) * CYCLE_S) % CYCLE_S;
  if (approach === 'ns') return second < NS_GREEN_S ? 'green' : second < NS_YELLOW_S ? 'yellow' : 'red';
  if (second < NS_CLEARED_S) return 'red';
  return second < EW_GREEN_S ? 'green' : second < EW_YELLOW_S ? 'yellow' : 'red';
}

/** A signal head with the detector at its stop line: a queue grows while it is red. */
export function measureSignal({ road, approach = 'ns' }: Site, moment: Moment): SensorRecord[] {
  const { timeMs } = moment;
  const aspect = aspectOf(approach, road, timeMs);
  const load = roadLoad(road, moment);
  const waitedS = aspect === 'green' ? 0 : (timeMs / 1_000) % (CYCLE_S / 2);
  return [
    { sensor: 'aspect', value: aspect, timeMs },
    { sensor: 'queue', unit: 'count', value: Math.round((waitedS / 60) * FLOW_MAX * load), timeMs },
    { sensor: 'flow', unit: '1/min', value: aspect === 'green' ? round(2 * FLOW_MAX * load, 1) : 0, timeMs },
  ];
}

/** A gauge on the bridge: what its steel bears follows what drives over it, and the warmth of the day. */
export function measureBridge({ seed, road }: Site, moment: Moment): SensorRecord[] {
  const { timeMs, hour } = moment;
  const share = 0.6 + 0.4 * uniform(seed, 1);
  const celsius = 10 + 7 * bell(hour, 15, 5);
  const strain = REST_STRAIN + share * LOAD_STRAIN * roadLoad(road, moment) + 0.0000011 * celsius;
  return [
    { sensor: 'strain', unit: '/', value: round(strain * (1 + 0.01 * smoothNoise(seed, timeMs, MINUTE_MS)), 7), timeMs },
    { sensor: 'temperature', unit: 'Cel', value: round(celsius + smoothNoise(seed + 1, timeMs, HOUR_MS), 1), timeMs },
  ];
}

/** Air at the roadside: nitrogen dioxide follows traffic with an hour's delay. */
export function measureAir({ seed, road }: Site, { timeMs, hour }: Moment): SensorRecord[] {
  const traffic = roadLoad(road, { timeMs: timeMs - HOUR_MS, hour: (hour + 23) % 24 });
  const no2 = 12 + 10 * uniform(seed, 1) + 34 * traffic + 6 * smoothNoise(seed, timeMs, 20 * MINUTE_MS);
  const celsius = 9 + 6 * bell(hour, 15, 5) + 1.5 * smoothNoise(seed + 1, timeMs, HOUR_MS);
  const humidity = 78 - 20 * bell(hour, 15, 5) + 4 * smoothNoise(seed + 3, timeMs, HOUR_MS);
  return [
    { sensor: 'no2', unit: 'ug/m3', value: round(Math.max(1, no2), 1), timeMs },
    { sensor: 'pm2.5', unit: 'ug/m3', value: round(6 + 10 * traffic + 3 * smoothNoise(seed + 2, timeMs, HOUR_MS), 1), timeMs },
    { sensor: 'temperature', unit: 'Cel', value: round(celsius, 1), timeMs },
    { sensor: 'humidity', unit: '%RH', value: round(humidity, 1), timeMs },
  ];
}
