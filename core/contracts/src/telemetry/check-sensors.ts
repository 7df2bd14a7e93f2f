/** What an anchor must show about each reading of an interlock sensor that rides along. */

import type { AnchorBody } from '@oppidum/formats/action-bodies';
import { equalBytes, toHex } from '@oppidum/formats/bytes';
import type { Checkpoint } from '@oppidum/formats/checkpoint';
import { type Rejection, reject } from '@oppidum/formats/errors';
import { type AllegedReading, parseReading } from '@oppidum/formats/reading';
import type { City } from '@oppidum/ledger/city';
import { checkEntitlement } from '@oppidum/proofs/entitlement';
import { checkInclusion } from '@oppidum/proofs/merkle';
import { leafHash } from '@oppidum/proofs/merkle-hash';
import { verifyReadingSignature } from '@oppidum/proofs/reading-signature';
import { readEntitlement, readStanding } from '../devices/standing.ts';
import { parameterValue } from '../governance/parameters.ts';
import { checkAt } from '../positions.ts';
import { checkRising, readSensorUpdates, type SensorUpdate } from './sensors.ts';

/** Checks the readings in order; of one device they rise through the list. The first refusal names its position. */
export function checkSensors(city: City, head: Checkpoint, sensors: AnchorBody['sensors']): Rejection | null {
  const newest = new Map<string, AllegedReading>();
  for (const [position, sensor] of sensors.entries()) {
    const refused = checkAt(position, () => {
      const reading = parseReading(city.crypto, sensor.envelope);
      const device = toHex(reading.device);
      const rising = checkRising(reading, newest.get(device) ?? {});
      newest.set(device, reading);
      return checkReading(city, reading, rising) ?? checkAnchored(city, head, reading, sensor);
    });
    if (refused !== null) return refused;
  }
  return null;
}

function checkReading(city: City, reading: AllegedReading, rising: Rejection | null): Rejection | null {
  if (!equalBytes(reading.audience, city.genesis)) return reject('WRONG_CITY', { city: toHex(reading.audience) });
  const updates = readSensorUpdates(city, reading);
  if (updates.length === 0) return reject('SENSOR_UNKNOWN', { device: toHex(reading.device) });
  for (const { before } of updates) {
    const refused = rising ?? checkRising(reading, before);
    if (refused !== null) return refused;
  }
  return checkClock(city, updates) ?? checkSigner(city, reading);
}

function checkClock(city: City, updates: readonly SensorUpdate[]): Rejection | null {
  const aheadMsMax = parameterValue(city, 'telemetry/anchor-sensor-clock-ahead-ms');
  const ahead = updates.find(({ after }) => after.signedMs > city.timeMs + aheadMsMax);
  return ahead === undefined ? null : reject('SENSOR_CLOCK_AHEAD', { signedMs: ahead.after.signedMs, timeMs: city.timeMs });
}

/** Signed by a key that is entitled now. The model is not personal: no sensor of such a device was ever declared. */
function checkSigner(city: City, reading: AllegedReading): Rejection | null {
  const standing = readStanding(city, reading.device);
  if ('code' in standing) return standing;
  const entitlement = readEntitlement(city, reading.device, standing, reading.keyNumber);
  if ('code' in entitlement) return entitlement;
  const refused = checkEntitlement(entitlement, city.height);
  if (refused !== null) return refused;
  const signed = verifyReadingSignature(city.crypto, reading, entitlement.key);
  return signed ? null : reject('SIGNATURE_INVALID', { device: toHex(reading.device), keyNumber: reading.keyNumber });
}

/** In the anchored tree, where it says. */
function checkAnchored(
  city: City,
  { size, root }: Checkpoint,
  { digest }: AllegedReading,
  { index, path }: AnchorBody['sensors'][number],
): Rejection | null {
  return checkInclusion(city.crypto, { index, size, leafHash: leafHash(city.crypto, digest), proof: path, root });
}
