/** Suspensions begin at a height and end at one; a device is suspended in between. */

import type { Bytes } from '@oppidum/formats/bytes';
import { deviceKind, suspensionKind } from '@oppidum/formats/state-devices';
import { at } from '@oppidum/formats/state-layout';
import type { City } from '@oppidum/ledger/city';

/**
 * Suspends an active device from this height on. Where a suspension of this very height was lifted already, it covered nothing, and
 * this one takes its place.
 */
export function applySuspension(city: City, device: Bytes, reason: string): void {
  const record = city.get(at(deviceKind, device));
  city.write(at(deviceKind, device), { ...record, status: 'suspended', reason });
  city.write(at(suspensionKind, device, city.height), { reason });
  city.emit('device/suspended', { device, reason });
}

/** Ends the suspension of a suspended device: entitled again from this height on. */
export function applyResumption(city: City, device: Bytes): void {
  const { reason: _, ...record } = city.get(at(deviceKind, device));
  const open = city.scan(suspensionKind, device).find(({ value }) => value.to === undefined);
  if (open === undefined) throw new Error('a suspended device has an open suspension');
  city.write(at(deviceKind, device), { ...record, status: 'active' });
  city.write(at(suspensionKind, device, open.segments[1] as number), { ...open.value, to: city.height });
  city.emit('device/resumed', { device });
}
