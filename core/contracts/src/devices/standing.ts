/** Where a device stands: its record with all that entitles it. */

import { type Bytes, toHex } from '@oppidum/formats/bytes';
import { type Rejection, reject } from '@oppidum/formats/errors';
import { type DeviceRecord, deviceKeyKind, deviceKind, suspensionKind } from '@oppidum/formats/state-devices';
import { at } from '@oppidum/formats/state-layout';
import type { City } from '@oppidum/ledger/city';
import type { Entitlement } from '@oppidum/proofs/entitlement';
import { type Make, readMake } from './makers.ts';

/** A device with its model and manufacturer. */
export type Standing = Make & { readonly device: DeviceRecord };

/** The device, or DEVICE_UNKNOWN. */
export function readStanding(city: City, device: Bytes): Standing | Rejection {
  const record = city.read(at(deviceKind, device));
  if (record === null) return reject('DEVICE_UNKNOWN', { device: toHex(device) });
  const make = readMake(city, record.model);
  if ('code' in make) throw new Error(`the model of device ${toHex(device)} is gone`);
  return { ...make, device: record };
}

/** What `checkEntitlement` asks of one key of a standing device, or KEY_UNKNOWN. */
export function readEntitlement(city: City, device: Bytes, standing: Standing, keyNumber: number): Entitlement | Rejection {
  const key = city.read(at(deviceKeyKind, device, keyNumber));
  if (key === null) return reject('KEY_UNKNOWN', { device: toHex(device), keyNumber });
  const suspensions = city.scan(suspensionKind, device);
  return {
    ...standing,
    key,
    suspensions: suspensions.map(({ segments, value }) => ({ from: segments[1] as number, ...value })),
  };
}

/** The same of its newest key, which every device has. */
export function readNewestEntitlement(city: City, device: Bytes, standing: Standing): Entitlement {
  const entitlement = readEntitlement(city, device, standing, newestKeyNumber(standing.device));
  if ('code' in entitlement) throw new Error(`the newest key of device ${toHex(device)} is gone`);
  return entitlement;
}

/** The number of the newest key: all older ones are retired. */
export function newestKeyNumber({ keyCount }: Pick<DeviceRecord, 'keyCount'>): number {
  return keyCount - 1;
}
