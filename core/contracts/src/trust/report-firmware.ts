/** A device says which image it runs; one that nobody permitted sets it apart. */

import { ACTION_FIELDS } from '@oppidum/formats/action-fields';
import { type Bytes, toHex } from '@oppidum/formats/bytes';
import { type Rejection, reject } from '@oppidum/formats/errors';
import { firmwareReport, lastReportNumber } from '@oppidum/formats/firmware-report';
import { verifySignature } from '@oppidum/formats/public-key';
import type { StructOf } from '@oppidum/formats/schema';
import { deviceKeyKind, deviceKind } from '@oppidum/formats/state-devices';
import { at } from '@oppidum/formats/state-layout';
import { firmwareKind } from '@oppidum/formats/state-trust';
import { defineAction } from '@oppidum/ledger/action';
import type { City } from '@oppidum/ledger/city';
import { checkEntitlement } from '@oppidum/proofs/entitlement';
import { checkAnybody } from '../authority.ts';
import { applyQuarantine } from '../devices/quarantines.ts';
import { newestKeyNumber, readNewestEntitlement, readStanding } from '../devices/standing.ts';
import { readTrust, writeTrust } from './trust-record.ts';

/**
 * Takes a device's signed word about its firmware. An image that its model does not permit puts it into quarantine in the same block.
 * Rule: whoever sends it, the key in force signed it, and its number is higher than that of the last report by this key.
 * Refuses, in this order: NOT_AUTHORIZED, DEVICE_UNKNOWN, MANUFACTURER_REVOKED, MODEL_REVOKED, DEVICE_REVOKED, DEVICE_NOT_ACTIVE,
 * DEVICE_SUSPENDED, FIRMWARE_REPORT_OLD, SIGNATURE_INVALID.
 */
export const reportFirmware = defineAction({
  kind: 'device/report-firmware',
  body: ACTION_FIELDS['device/report-firmware'],

  check(body, city) {
    const refused = checkAnybody(city);
    if (refused !== null) return refused;
    const standing = readStanding(city, body.id);
    if ('code' in standing) return standing;
    const entitlement = readNewestEntitlement(city, body.id, standing);
    return checkEntitlement(entitlement, city.height) ?? checkNewer(city, body) ?? checkSigned(city, body);
  },

  // COMMIT POINT
  apply({ id: device, digest, counter }, city) {
    const { model } = city.get(at(deviceKind, device));
    writeTrust(city, device, { ...readTrust(city, device), firmware: { digest, counter, from: city.height } });
    city.emit('device/firmware-reported', { device, digest });
    if (!isPermitted(city, model, digest))
      applyQuarantine(city, device, 'firmware', 'runs an image that its maker did not permit');
  },
});

type Report = StructOf<(typeof ACTION_FIELDS)['device/report-firmware']>;

function checkNewer(city: City, { id: device, counter }: Report): Rejection | null {
  const key = city.get(at(deviceKeyKind, device, newestKeyNumber(city.get(at(deviceKind, device)))));
  const last = lastReportNumber(readTrust(city, device).firmware, key);
  return counter > last ? null : reject('FIRMWARE_REPORT_OLD', { device: toHex(device), counter, last });
}

function checkSigned(city: City, { id: device, digest, counter, proof }: Report): Rejection | null {
  const keyNumber = newestKeyNumber(city.get(at(deviceKind, device)));
  const key = city.get(at(deviceKeyKind, device, keyNumber));
  const message = firmwareReport({ genesis: city.genesis, device, keyNumber, counter, digest });
  return verifySignature(city.crypto, key, message, proof)
    ? null
    : reject('SIGNATURE_INVALID', { device: toHex(device), keyNumber });
}

/** True while devices of this model may run an image. */
export function isPermitted(city: Pick<City, 'read'>, model: Bytes, digest: Bytes): boolean {
  const known = city.read(at(firmwareKind, model, digest));
  return known !== null && known.to === undefined;
}
