/** A device changes its key: the old one hands over to the new one. */

import { ACTION_FIELDS } from '@oppidum/formats/action-fields';
import { type Bytes, toHex } from '@oppidum/formats/bytes';
import { assertPublicKey } from '@oppidum/formats/common-schemas';
import { type Rejection, reject } from '@oppidum/formats/errors';
import type { PublicKey } from '@oppidum/formats/ids';
import { rotationChallenge } from '@oppidum/formats/possession';
import { verifySignature } from '@oppidum/formats/public-key';
import type { StructOf } from '@oppidum/formats/schema';
import { deviceKeyKind, deviceKind } from '@oppidum/formats/state-devices';
import { at } from '@oppidum/formats/state-layout';
import { defineAction } from '@oppidum/ledger/action';
import type { City } from '@oppidum/ledger/city';
import { checkEntitlement, type Entitlement } from '@oppidum/proofs/entitlement';
import { checkAccount, checkAnybody } from '../authority.ts';
import { ownerOf } from './registrations.ts';
import { newestKeyNumber, readNewestEntitlement, readStanding } from './standing.ts';

/**
 * Gives an active device its next key; the old one speaks no more from this height on, and stays provable.
 * Rule: both keys signed the challenge of the new key and its number. Another grade is the maker's to vouch for, so its account signs
 * the transaction then. A lost key cannot hand over: such a device is revoked, and registered anew.
 * Refuses, in this order: NOT_AUTHORIZED, DEVICE_UNKNOWN, MANUFACTURER_REVOKED, MODEL_REVOKED, DEVICE_REVOKED, DEVICE_NOT_ACTIVE,
 * DEVICE_SUSPENDED, NOT_AUTHORIZED (another grade), KEY_INVALID, KEY_IN_USE, SIGNATURE_INVALID (the old key, then the new one).
 */
export const rotateDeviceKey = defineAction({
  kind: 'device/rotate-key',
  body: ACTION_FIELDS['device/rotate-key'],

  check(body, city) {
    const refused = checkAnybody(city);
    if (refused !== null) return refused;
    const standing = readStanding(city, body.id);
    if ('code' in standing) return standing;
    const entitlement = readNewestEntitlement(city, body.id, standing);
    return (
      checkEntitlement(entitlement, city.height) ??
      checkGrade(city, body, entitlement) ??
      checkFresh(city, body.key) ??
      checkProofs(city, body, entitlement)
    );
  },

  // COMMIT POINT
  apply({ id: device, key, grade }, city) {
    const record = city.get(at(deviceKind, device));
    const keyNumber = record.keyCount;
    const old = at(deviceKeyKind, device, newestKeyNumber(record));
    city.write(old, { ...city.get(old), to: city.height });
    city.write(at(deviceKeyKind, device, keyNumber), { ...key, grade, from: city.height });
    city.write(at(deviceKind, device), { ...record, keyCount: keyNumber + 1 });
    city.write(ownerOf(city, key.publicKey), { device });
    city.emit('device/key-rotated', { device, keyNumber });
  },
});

type Rotation = StructOf<(typeof ACTION_FIELDS)['device/rotate-key']>;

function checkGrade(city: City, { grade }: Rotation, { key, manufacturer }: Entitlement): Rejection | null {
  return grade === key.grade ? null : checkAccount(city, manufacturer.account);
}

function checkFresh(city: City, key: PublicKey): Rejection | null {
  assertPublicKey(key);
  const owner = city.read(ownerOf(city, key.publicKey));
  return owner === null ? null : reject('KEY_IN_USE', { device: toHex(owner.device) });
}

function checkProofs(city: City, { id: device, key, oldProof, newProof }: Rotation, { device: record, key: old }: Entitlement) {
  const { genesis } = city;
  const { registration, keyCount: keyNumber } = record;
  const challenge = rotationChallenge({ genesis, device, registration, keyNumber, publicKey: key.publicKey });
  const refuse = (number: number, by: PublicKey, proof: Bytes): Rejection | null =>
    verifySignature(city.crypto, by, challenge, proof)
      ? null
      : reject('SIGNATURE_INVALID', { device: toHex(device), keyNumber: number });
  return refuse(newestKeyNumber(record), old, oldProof) ?? refuse(keyNumber, key, newProof);
}
