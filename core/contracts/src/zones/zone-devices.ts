/** Which devices belong to a zone, counted by model: an order for many is held against every model that it may meet. */

import { type Bytes, equalBytes, toHex } from '@oppidum/formats/bytes';
import { type Rejection, reject } from '@oppidum/formats/errors';
import { LIMITS } from '@oppidum/formats/limits';
import { deviceKind } from '@oppidum/formats/state-devices';
import { at } from '@oppidum/formats/state-layout';
import { deviceZoneKind, zoneKind, zoneModelKind } from '@oppidum/formats/state-orders';
import type { City } from '@oppidum/ledger/city';
import type { Zone } from '../domains/domain.ts';
import { checkOwnerAgrees } from '../trust/owners.ts';

/** Refuses a device that cannot join: DEVICE_UNKNOWN, DEVICE_REVOKED, NOT_AUTHORIZED (its owner), DEVICE_IN_ZONE (this one or another). */
export function checkJoins(city: City, device: Bytes): Rejection | null {
  const record = city.read(at(deviceKind, device));
  if (record === null) return reject('DEVICE_UNKNOWN', { device: toHex(device) });
  if (record.to !== undefined) return reject('DEVICE_REVOKED', { device: toHex(device), revokedAt: record.to });
  const refused = checkOwnerAgrees(city, device);
  if (refused !== null) return refused;
  const place = city.read(at(deviceZoneKind, device));
  return place === null ? null : reject('DEVICE_IN_ZONE', { device: toHex(device), zone: toHex(place.zone) });
}

/** Refuses when the zone would have more than a tree of challenges holds, or more models than an order is held against: ZONE_FULL. */
export function checkRoom(city: City, { id, record }: Zone, devices: readonly Bytes[]): Rejection | null {
  const countMax = LIMITS.zoneOrderDeviceCountMax;
  if (record.deviceCount + devices.length > countMax) return reject('ZONE_FULL', { deviceCountMax: countMax });
  const models = new Set(city.scan(zoneModelKind, id).map(({ segments }) => toHex(segments[1] as Bytes)));
  for (const device of devices) models.add(toHex(city.get(at(deviceKind, device)).model));
  const modelCountMax = LIMITS.zoneModelCountMax;
  return models.size <= modelCountMax ? null : reject('ZONE_FULL', { modelCountMax });
}

/** Refuses a device that is not in this zone: DEVICE_NOT_IN_ZONE. */
export function checkInZone(city: Pick<City, 'read'>, zone: Bytes, device: Bytes): Rejection | null {
  const place = city.read(at(deviceZoneKind, device));
  const isHere = place !== null && equalBytes(place.zone, zone);
  return isHere ? null : reject('DEVICE_NOT_IN_ZONE', { device: toHex(device), zone: toHex(zone) });
}

/** Adds devices that were checked to join. */
export function applyJoins(city: City, zone: Bytes, devices: readonly Bytes[]): void {
  for (const device of devices) {
    city.write(at(deviceZoneKind, device), { zone, from: city.height });
    countModel(city, zone, device, 1);
  }
  countDevices(city, zone, devices.length);
}

/** Removes devices that were checked to be in the zone. */
export function applyLeaves(city: City, zone: Bytes, devices: readonly Bytes[]): void {
  for (const device of devices) {
    city.remove(at(deviceZoneKind, device));
    countModel(city, zone, device, -1);
  }
  countDevices(city, zone, -devices.length);
}

function countDevices(city: City, zone: Bytes, change: number): void {
  const record = city.get(at(zoneKind, zone));
  city.write(at(zoneKind, zone), { ...record, deviceCount: record.deviceCount + change });
}

function countModel(city: City, zone: Bytes, device: Bytes, change: number): void {
  const place = at(zoneModelKind, zone, city.get(at(deviceKind, device)).model);
  const count = (city.read(place)?.count ?? 0) + change;
  if (count === 0) city.remove(place);
  else city.write(place, { count });
}
