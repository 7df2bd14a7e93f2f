/** What is known of a device beyond its registration: one record, so that one look suffices before its reading counts. */

import type { Bytes } from '@oppidum/formats/bytes';
import { at } from '@oppidum/formats/state-layout';
import { type DeviceTrustRecord, deviceTrustKind } from '@oppidum/formats/state-trust';
import type { City } from '@oppidum/ledger/city';

const NOTHING_KNOWN: DeviceTrustRecord = { marks: [] };

/** The record of a device; of one that never reported and was never marked: nothing. */
export function readTrust(city: Pick<City, 'read'>, device: Bytes): DeviceTrustRecord {
  return city.read(at(deviceTrustKind, device)) ?? NOTHING_KNOWN;
}

/** Writes the record of a device. */
export function writeTrust(city: City, device: Bytes, record: DeviceTrustRecord): void {
  city.write(at(deviceTrustKind, device), record);
}
