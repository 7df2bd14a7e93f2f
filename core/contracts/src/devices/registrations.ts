/** What registering one device asks and does, alone or among many. */

import type { newDeviceFields } from '@oppidum/formats/action-fields';
import { type Bytes, equalBytes, toHex } from '@oppidum/formats/bytes';
import { assertPublicKey } from '@oppidum/formats/common-schemas';
import { type Rejection, reject } from '@oppidum/formats/errors';
import { deviceIdOf } from '@oppidum/formats/ids';
import type { StructOf } from '@oppidum/formats/schema';
import { deviceKeyKind, deviceKind, keyOwnerKind } from '@oppidum/formats/state-devices';
import { at, type StateRef } from '@oppidum/formats/state-layout';
import type { City } from '@oppidum/ledger/city';
import { checkAccount } from '../authority.ts';
import { checkMade, readMake } from './makers.ts';

/** A device to be registered. */
export type NewDevice = StructOf<typeof newDeviceFields>;

/** Number of a device's first key. */
const FIRST_KEY_NUMBER = 0;

/** Refuses unless the maker of the model signed: MODEL_UNKNOWN, NOT_AUTHORIZED, MANUFACTURER_REVOKED, MODEL_REVOKED. */
export function checkModelOfMaker(city: City, model: Bytes): Rejection | null {
  const make = readMake(city, model);
  if ('code' in make) return make;
  return checkAccount(city, make.manufacturer.account) ?? checkMade(make);
}

/** The record that says whose a public key is. */
export function ownerOf(city: Pick<City, 'crypto'>, publicKey: Bytes): StateRef<{ readonly device: Bytes }> {
  return at(keyOwnerKind, city.crypto.sha256(publicKey));
}

/** Refuses one new device: KEY_INVALID (thrown), DEVICE_ID_WRONG, DEVICE_EXISTS, KEY_IN_USE. */
export function checkNewDevice(city: Pick<City, 'crypto' | 'read'>, device: NewDevice): Rejection | null {
  assertPublicKey(device.key);
  const details = { device: toHex(device.id) };
  if (!equalBytes(device.id, deviceIdOf(city.crypto, device.key.publicKey))) return reject('DEVICE_ID_WRONG', details);
  if (city.read(at(deviceKind, device.id)) !== null) return reject('DEVICE_EXISTS', details);
  return city.read(ownerOf(city, device.key.publicKey)) === null ? null : reject('KEY_IN_USE', details);
}

/** Writes the device, its first key, and whose that key is. */
export function applyRegistration(city: City, model: Bytes, { id: device, key, grade, label }: NewDevice): void {
  const named = label === undefined ? {} : { label };
  const registration = city.transactionId;
  city.write(at(deviceKind, device), { model, ...named, status: 'registered', keyCount: 1, registration, from: city.height });
  city.write(at(deviceKeyKind, device, FIRST_KEY_NUMBER), { ...key, grade });
  city.write(ownerOf(city, key.publicKey), { device });
  city.emit('device/registered', { device, model });
}
