/** Whether what a device measures may decide anything: what interlocks ask of each sensor before they count it. */

import type { Bytes } from '@oppidum/formats/bytes';
import { deviceKind } from '@oppidum/formats/state-devices';
import { at } from '@oppidum/formats/state-layout';
import type { City } from '@oppidum/ledger/city';
import { checkMade, readMake } from './makers.ts';
import { openQuarantine } from './quarantines.ts';

/** Why a device's readings do not count, the widest reason first. */
export type Distrust = 'unknown' | 'revoked' | 'inactive' | 'quarantined';

/** The first reason why readings of a device do not count now, or null: they do. Total: any 32 bytes have an answer. */
export function distrustOf(city: Pick<City, 'read' | 'get'>, device: Bytes): Distrust | null {
  const record = city.read(at(deviceKind, device));
  if (record === null) return 'unknown';
  const make = readMake(city, record.model);
  if ('code' in make || checkMade(make) !== null || record.to !== undefined) return 'revoked';
  if (record.status !== 'active') return 'inactive';
  return openQuarantine(record) === null ? null : 'quarantined';
}

/** True when readings of this device count: known, in force, active, and not in quarantine. */
export function isTrustedSensor(city: Pick<City, 'read' | 'get'>, device: Bytes): boolean {
  return distrustOf(city, device) === null;
}
