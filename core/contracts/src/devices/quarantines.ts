/** Quarantines begin at a height and end at one: what a device says in between is kept and marked, and nothing acts on it. */

import type { Bytes } from '@oppidum/formats/bytes';
import { type DeviceRecord, deviceKind, QUARANTINE_COUNT_MAX, type Quarantine } from '@oppidum/formats/state-devices';
import { at } from '@oppidum/formats/state-layout';
import type { City } from '@oppidum/ledger/city';

/** The quarantine a device is in, or null. */
export function openQuarantine({ quarantines = [] }: Pick<DeviceRecord, 'quarantines'>): Quarantine | null {
  const last = quarantines.at(-1);
  return last === undefined || last.to !== undefined ? null : last;
}

/** Sets a device apart from this height on; one that is in quarantine already stays there for the reason it has. */
export function applyQuarantine(city: City, device: Bytes, cause: Quarantine['cause'], reason: string): void {
  const record = city.get(at(deviceKind, device));
  if (openQuarantine(record) !== null) return;
  const quarantines = withRoom(record.quarantines ?? []);
  city.write(at(deviceKind, device), { ...record, quarantines: [...quarantines, { from: city.height, cause, reason }] });
  city.emit('device/quarantined', { device, cause, reason });
}

/** Ends the quarantine of a device: it counts again from this height on. */
export function applyRelease(city: City, device: Bytes): void {
  const record = city.get(at(deviceKind, device));
  const open = openQuarantine(record);
  if (open === null) throw new Error('a device to be released is in quarantine');
  const others = (record.quarantines ?? []).slice(0, -1);
  city.write(at(deviceKind, device), { ...record, quarantines: [...others, { ...open, to: city.height }] });
  city.emit('device/released', { device });
}

/** Where there is no room for one more, the two oldest become one that covers both: never fewer readings are marked. */
function withRoom(quarantines: readonly Quarantine[]): readonly Quarantine[] {
  const [first, second, ...others] = quarantines;
  if (quarantines.length < QUARANTINE_COUNT_MAX || first === undefined || second === undefined) return quarantines;
  return [{ ...second, from: first.from }, ...others];
}
