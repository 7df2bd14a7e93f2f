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
import { isNewer, readSensorUpdates, type SensorUpdate } from './sensors.ts';

/** Checks the readings in order, each on what those before it in the list leave. The first refusal names its position. */
export function checkSensors(city: City, head: Checkpoint, sensors: AnchorBody['sensors']): Rejection | null {
  const newest: Newest = new Map();
  for (const [position, sensor] of sensors.entries()) {
    const refused = checkAt(position, () => {
      const reading = parseReading(city.crypto, sensor.envelope);
      return checkReading(city, reading, newest) ?? checkAnchored(city, head, reading, sensor);
    });
    if (refused !== null) return refused;
  }
  return null;
}

/** By key of the record: the newest update of each sensor in the list so far. */
type Newest = Map<string, SensorUpdate['after']>;

function checkReading(city: City, reading: AllegedReading, newest: Newest): Rejection | null {
  if (!equalBytes(reading.audience, city.genesis)) return reject('WRONG_CITY', { city: toHex(reading.audience) });
  const updates = readSensorUpdates(city, reading);
  const { keyNumber, sequence } = reading;
  const facts = { device: toHex(reading.device), keyNumber, sequence };
  if (updates.length === 0) return reject('SENSOR_UNKNOWN', facts);
  const rising = updates.filter((update) => isNewer(update, newest.get(toHex(update.place.key)) ?? update.before));
  if (rising.length === 0) return reject('SENSOR_SEQUENCE', facts);
  for (const { place, after } of rising) newest.set(toHex(place.key), after);
  return checkClock(city, rising) ?? checkSigner(city, reading);
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
