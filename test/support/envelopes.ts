/** Envelopes for tests: a lock chamber's gate whose level two sensors measure. */

import type { Envelope, Quantity, Rule, Sensor } from '@oppidum/formats/envelope';
import { deviceId } from './devices.ts';
import { namedId } from './ledger.ts';

/** Sensors `name` of these test devices, as an envelope lists them. */
export function sensorsOf(name: string, ...devices: readonly string[]): Sensor[] {
  const byHex = (a: Sensor, b: Sensor) => Buffer.compare(a.device, b.device);
  return devices.map((device) => ({ device: deviceId(device), name })).sort(byHex);
}

/** The level in centimetres, by two pumps. */
export function levelQuantity(changes: Partial<Quantity> = {}): Quantity {
  const sensors = sensorsOf('level', 'inlet', 'outlet');
  return { name: 'level', decimals: 2, sensors, least: sensors.length, agreeWithin: 5, freshMs: 10_000, ...changes };
}

/** The gate opens while the level is at most 2 m. */
export function levelRule(changes: Partial<Rule> = {}): Rule {
  const needs = { quantity: 'level', max: 200 };
  return { name: 'no flood', command: 'gate/open', arguments: [{ min: 1 }], needs, ...changes };
}

export function makeEnvelope(changes: Partial<Envelope> = {}): Envelope {
  return {
    city: namedId('city'),
    zone: namedId('zone'),
    version: 1,
    previous: new Uint8Array(32),
    independence: 'device',
    grade: 'device',
    quantities: [levelQuantity()],
    rules: [levelRule()],
    safe: [{ command: 'gate/open', arguments: [{ min: 0, max: 0 }] }],
    dangerous: ['gate/open'],
    lifetimeMsMax: 600_000,
    dangerousLifetimeMsMax: 60_000,
    ...changes,
  };
}
