/** Whether what a device measures may decide anything: what interlocks ask of each sensor before they count it. */

import type { Bytes } from '@oppidum/formats/bytes';
import { deviceKind } from '@oppidum/formats/state-devices';
import { at } from '@oppidum/formats/state-layout';
import type { City } from '@oppidum/ledger/city';
import { isPermitted } from '../trust/report-firmware.ts';
import { isDisreputable } from '../trust/score.ts';
import { readTrust } from '../trust/trust-record.ts';
import { checkMade, readMake } from './makers.ts';
import { openQuarantine } from './quarantines.ts';

/** Why a device's readings do not count, the widest reason first. */
export type Distrust = 'unknown' | 'revoked' | 'inactive' | 'quarantined' | 'firmware' | 'reputation';

/** What is read to judge a device. */
type Judge = Pick<City, 'crypto' | 'read' | 'get' | 'timeMs'>;

/** The first reason why readings of a device do not count now, or null: they do. Total: any 32 bytes have an answer. */
export function distrustOf(city: Judge, device: Bytes): Distrust | null {
  const record = city.read(at(deviceKind, device));
  if (record === null) return 'unknown';
  const make = readMake(city, record.model);
  if ('code' in make || checkMade(make) !== null || record.to !== undefined) return 'revoked';
  if (record.status !== 'active') return 'inactive';
  if (openQuarantine(record) !== null) return 'quarantined';
  const trust = readTrust(city, device);
  if (trust.firmware !== undefined && !isPermitted(city, record.model, trust.firmware.digest)) return 'firmware';
  return isDisreputable(city, trust) ? 'reputation' : null;
}

/** True when readings of this device count: known, in force, active, not in quarantine, its firmware permitted, its score high enough. */
export function isTrustedSensor(city: Judge, device: Bytes): boolean {
  return distrustOf(city, device) === null;
}
