/**
 * Whether a device's key was entitled to sign at a block height. One function for all who ask: the ledger when an anchor carries
 * interlock readings, the shard before it acknowledges, the verifier of evidence.
 *
 * Entitled at h iff manufacturer, model, device and key are each in force (from ≤ h, and no `to` or h < to), the key proved
 * possession (it has a `from`), and no suspension covers h.
 */

import { type Rejection, reject } from '@oppidum/formats/errors';
import type {
  DeviceKeyRecord,
  DeviceRecord,
  ManufacturerRecord,
  ModelRecord,
  SuspensionRecord,
} from '@oppidum/formats/state-devices';

/** The records that decide: of the key meant, its device, and all suspensions of that device with the height each began. */
export type Entitlement = {
  readonly manufacturer: ManufacturerRecord;
  readonly model: ModelRecord;
  readonly device: DeviceRecord;
  readonly key: DeviceKeyRecord;
  readonly suspensions: readonly (Pick<SuspensionRecord, 'to'> & { readonly from: number })[];
};

type Span = { readonly from?: number; readonly to?: number };

/**
 * Refuses a key that was not entitled at this height. What is final comes before what may pass, the widest reason first:
 * MANUFACTURER_REVOKED, MODEL_REVOKED, DEVICE_REVOKED, KEY_REVOKED; DEVICE_NOT_ACTIVE (no key proved possession yet),
 * NOT_YET_VALID, DEVICE_SUSPENDED.
 */
export function checkEntitlement(entitlement: Entitlement, height: number): Rejection | null {
  const { manufacturer, model, device, key, suspensions } = entitlement;
  if (isOver(manufacturer, height)) return reject('MANUFACTURER_REVOKED', { height });
  if (isOver(model, height)) return reject('MODEL_REVOKED', { height });
  if (isOver(device, height)) return reject('DEVICE_REVOKED', { height });
  if (isOver(key, height)) return reject('KEY_REVOKED', { height });
  if (key.from === undefined || device.status === 'registered') return reject('DEVICE_NOT_ACTIVE', { height });
  for (const span of [manufacturer, model, device, key] as readonly Span[]) {
    if (span.from === undefined || height < span.from) return reject('NOT_YET_VALID', { height, from: span.from ?? 0 });
  }
  if (suspensions.some((suspension) => suspension.from <= height && !isOver(suspension, height)))
    return reject('DEVICE_SUSPENDED', { height });
  return null;
}

/** True from the height on at which a record, or a suspension, ended. */
function isOver(span: Span, height: number): boolean {
  return span.to !== undefined && height >= span.to;
}
