/** Two readings show that one key is in two places: the device is suspended until somebody finds out which one is real. */

import { ACTION_FIELDS } from '@oppidum/formats/action-fields';
import { type Bytes, equalBytes, toHex } from '@oppidum/formats/bytes';
import { type ErrorDetails, type Rejection, reject } from '@oppidum/formats/errors';
import { type AllegedReading, parseReading } from '@oppidum/formats/reading';
import { cloneKind } from '@oppidum/formats/state-devices';
import { at } from '@oppidum/formats/state-layout';
import { defineAction } from '@oppidum/ledger/action';
import type { City } from '@oppidum/ledger/city';
import { checkEntitlement } from '@oppidum/proofs/entitlement';
import { verifyReadingSignature } from '@oppidum/proofs/reading-signature';
import { checkAnybody } from '../authority.ts';
import { readEntitlement, readStanding } from './standing.ts';
import { applySuspension } from './suspensions.ts';

const REASON = 'two readings under one sequence number: its key is in two places';

/**
 * Suspends a device whose key in force signed two payloads under one sequence number; another signature, or other random bytes, over
 * the same payload is no clone.
 * Rule: anybody may report, the readings prove it. Each sequence number counts once, so an old report cannot suspend again a device
 * that the operator resumed, and a retired key that leaked cannot suspend anything. Readings about people never enter the ledger.
 * Refuses, in this order: NOT_AUTHORIZED, what `parseReading` throws, WRONG_CITY, CLONE_UNPROVEN, DEVICE_UNKNOWN, KEY_UNKNOWN,
 * MODEL_PERSONAL, MANUFACTURER_REVOKED, MODEL_REVOKED, DEVICE_REVOKED, KEY_REVOKED, DEVICE_NOT_ACTIVE, DEVICE_SUSPENDED,
 * CLONE_KNOWN, SIGNATURE_INVALID.
 */
export const reportClone = defineAction({
  kind: 'device/report-clone',
  body: ACTION_FIELDS['device/report-clone'],

  check(body, city) {
    const refused = checkAnybody(city);
    if (refused !== null) return refused;
    const [first, second] = [parseReading(city.crypto, body.first), parseReading(city.crypto, body.second)];
    return checkPair(city, first, second) ?? checkSigned(city, [first, second]);
  },

  // COMMIT POINT
  apply(body, city) {
    const [first, second] = [parseReading(city.crypto, body.first), parseReading(city.crypto, body.second)];
    const { device, keyNumber, sequence } = first;
    const readings = { first: first.digest, second: second.digest };
    city.write(at(cloneKind, device, keyNumber, sequence), { ...readings, at: city.height });
    city.emit('device/clone-reported', { device, keyNumber, sequence, ...readings });
    applySuspension(city, device, REASON);
  },
});

function factsOf({ device, keyNumber, sequence }: AllegedReading): ErrorDetails {
  return { device: toHex(device), keyNumber, sequence };
}

/** Both of this city, of one key and number, and not the same payload. */
function checkPair(city: City, first: AllegedReading, second: AllegedReading): Rejection | null {
  for (const { audience } of [first, second]) {
    if (!equalBytes(audience, city.genesis)) return reject('WRONG_CITY', { city: toHex(audience) });
  }
  const oneKey = equalBytes(first.device, second.device) && first.keyNumber === second.keyNumber;
  const proven = oneKey && first.sequence === second.sequence && !equalBytes(first.payload, second.payload);
  return proven ? null : reject('CLONE_UNPROVEN', factsOf(first));
}

/** Both signed by a key in force that was not reported for this number before. */
function checkSigned(city: City, readings: readonly [AllegedReading, AllegedReading]): Rejection | null {
  const [first] = readings;
  const { device, keyNumber, sequence } = first;
  const entitlement = readReporter(city, device, keyNumber);
  if ('code' in entitlement) return entitlement;
  if (entitlement.model.personal) return reject('MODEL_PERSONAL', { device: toHex(device) });
  const refused = checkEntitlement(entitlement, city.height);
  if (refused !== null) return refused;
  if (city.read(at(cloneKind, device, keyNumber, sequence)) !== null) return reject('CLONE_KNOWN', factsOf(first));
  const signed = readings.every((reading) => verifyReadingSignature(city.crypto, reading, entitlement.key));
  return signed ? null : reject('SIGNATURE_INVALID', factsOf(first));
}

function readReporter(city: City, device: Bytes, keyNumber: number) {
  const standing = readStanding(city, device);
  return 'code' in standing ? standing : readEntitlement(city, device, standing, keyNumber);
}
