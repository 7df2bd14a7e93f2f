/** A registered device shows that it holds its key, and is believed from then on. */

import { ACTION_FIELDS } from '@oppidum/formats/action-fields';
import { type Bytes, toHex } from '@oppidum/formats/bytes';
import { type Rejection, reject } from '@oppidum/formats/errors';
import { activationChallenge } from '@oppidum/formats/possession';
import { verifySignature } from '@oppidum/formats/public-key';
import { deviceKeyKind, deviceKind } from '@oppidum/formats/state-devices';
import { at } from '@oppidum/formats/state-layout';
import { defineAction } from '@oppidum/ledger/action';
import type { City } from '@oppidum/ledger/city';
import { checkAnybody } from '../authority.ts';
import { checkAttested } from '../trust/attest-device.ts';
import { checkMade } from './makers.ts';
import { newestKeyNumber, readStanding, type Standing } from './standing.ts';

/**
 * Activates a device.
 * Rule: whoever sends it, the device itself agrees: its key signed the challenge of this city, this device and this registration.
 * Refuses, in this order: NOT_AUTHORIZED, DEVICE_UNKNOWN, MANUFACTURER_REVOKED, MODEL_REVOKED, DEVICE_REVOKED, DEVICE_ACTIVE,
 * ATTESTATION_MISSING, SIGNATURE_INVALID.
 */
export const activateDevice = defineAction({
  kind: 'device/activate',
  body: ACTION_FIELDS['device/activate'],

  check({ id: device, proof }, city) {
    const refused = checkAnybody(city);
    if (refused !== null) return refused;
    const standing = readStanding(city, device);
    if ('code' in standing) return standing;
    return (
      checkMade(standing) ??
      checkRegistered(standing) ??
      checkAttested(city, device, standing) ??
      checkProof(city, device, standing, proof)
    );
  },

  // COMMIT POINT
  apply({ id: device }, city) {
    const record = city.get(at(deviceKind, device));
    const keyNumber = newestKeyNumber(record);
    const key = city.get(at(deviceKeyKind, device, keyNumber));
    city.write(at(deviceKind, device), { ...record, status: 'active' });
    city.write(at(deviceKeyKind, device, keyNumber), { ...key, from: city.height });
    city.emit('device/activated', { device, keyNumber });
  },
});

function checkRegistered({ device }: Standing): Rejection | null {
  if (device.to !== undefined) return reject('DEVICE_REVOKED', { revokedAt: device.to });
  return device.status === 'registered' ? null : reject('DEVICE_ACTIVE', { status: device.status });
}

function checkProof(city: City, device: Bytes, { device: record }: Standing, proof: Bytes): Rejection | null {
  const keyNumber = newestKeyNumber(record);
  const key = city.get(at(deviceKeyKind, device, keyNumber));
  const { genesis } = city;
  const { registration } = record;
  const challenge = activationChallenge({ genesis, device, registration, keyNumber, publicKey: key.publicKey });
  const holds = verifySignature(city.crypto, key, challenge, proof);
  return holds ? null : reject('SIGNATURE_INVALID', { device: toHex(device), keyNumber });
}
