/** What an envelope must be before a zone has it: free of contradictions, and measured by sensors that are there and independent. */

import { type Bytes, equalBytes, toHex } from '@oppidum/formats/bytes';
import type { Envelope, Quantity, Sensor } from '@oppidum/formats/envelope';
import { type Rejection, reject } from '@oppidum/formats/errors';
import type { City } from '@oppidum/ledger/city';
import { readStanding } from '../devices/standing.ts';
import { sensorAt } from '../telemetry/sensors.ts';
import { checkContradictions } from './contradictions.ts';

/**
 * Refuses, in this order: ENVELOPE_CONTRADICTS; quantity by quantity and sensor by sensor ENVELOPE_SENSOR_UNKNOWN, SENSOR_DECIMALS; then
 * of each quantity SENSORS_DEPENDENT. Decimals of a sensor, and model and maker of a device, never change: they are not asked again.
 */
export function checkEnvelope(city: City, envelope: Envelope): Rejection | null {
  const contradiction = checkContradictions(envelope);
  if (contradiction !== null) return contradiction;
  for (const quantity of envelope.quantities) {
    for (const sensor of quantity.sensors) {
      const refused = checkDeclared(city, quantity, sensor);
      if (refused !== null) return refused;
    }
    const refused = checkIndependence(city, envelope, quantity);
    if (refused !== null) return refused;
  }
  return null;
}

function checkDeclared(city: City, { name: quantity, decimals }: Quantity, { device, name }: Sensor): Rejection | null {
  const facts = { quantity, device: toHex(device), sensor: name };
  const record = city.read(sensorAt(city, device, name));
  if (record === null) return reject('ENVELOPE_SENSOR_UNKNOWN', facts);
  return record.decimals === decimals ? null : reject('SENSOR_DECIMALS', { ...facts, kept: record.decimals, got: decimals });
}

/** Devices differ by the form of an envelope, and no key is ever two devices'; the envelope may ask for more. */
function checkIndependence(city: City, { independence }: Envelope, quantity: Quantity): Rejection | null {
  if (independence === 'device') return null;
  const origins: Bytes[] = [];
  for (const { device } of quantity.sensors) {
    const standing = readStanding(city, device);
    if ('code' in standing) return standing;
    const origin = independence === 'model' ? standing.device.model : standing.model.manufacturer;
    if (origins.some((other) => equalBytes(other, origin)))
      return reject('SENSORS_DEPENDENT', { quantity: quantity.name, device: toHex(device), [independence]: toHex(origin) });
    origins.push(origin);
  }
  return null;
}
