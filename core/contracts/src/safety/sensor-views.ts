/** What the state says of the sensors of an envelope: readings that anchors carried, by devices that are still believed. */

import { type Bytes, encodeUtf8, toOctets } from '@oppidum/formats/bytes';
import type { Envelope } from '@oppidum/formats/envelope';
import { deviceKeyKind } from '@oppidum/formats/state-devices';
import { at } from '@oppidum/formats/state-layout';
import { interlockSensorKind } from '@oppidum/formats/state-telemetry';
import type { City } from '@oppidum/ledger/city';
import { type Distrust, distrustOf } from '../devices/trusted-sensor.ts';
import type { Doubt, Look, SensorView } from './interlocks.ts';

/** Looks at sensors in the running state; what several of them share is looked up once. */
export function lookAtSensors(city: City, { grade }: Pick<Envelope, 'grade'>): Look {
  const segments = new Map<string, Bytes>();
  const distrusts = new Map<string, Distrust | null>();
  return ({ device, name }, { decimals }): SensorView => {
    const record = city.read(
      at(
        interlockSensorKind,
        device,
        once(segments, name, () => city.crypto.sha256(encodeUtf8(name))),
      ),
    );
    const doubt =
      once(distrusts, toOctets(device), () => distrustOf(city, device)) ??
      doubtAbout(city, device, record?.keyNumber ?? null, grade);
    if (doubt !== null) return { state: 'quarantined', because: doubt };
    // A number kept with other decimals means something else.
    if (record?.value === undefined || record.signedMs === undefined || record.decimals !== decimals) return { state: 'silent' };
    return { state: 'speaks', value: record.value, signedMs: record.signedMs };
  };
}

/** Why the key with which a sensor signed its newest value, if there is one, does not count, or null. */
function doubtAbout(city: City, device: Bytes, keyNumber: number | null, grade: Envelope['grade']): Doubt | null {
  if (keyNumber === null) return null;
  const key = city.get(at(deviceKeyKind, device, keyNumber));
  if (key.to !== undefined) return 'key-ended';
  return key.grade === 'device' || key.grade === grade ? null : 'key-grade';
}

function once<T>(known: Map<string, T>, key: string, make: () => T): T {
  const before = known.get(key);
  if (before !== undefined) return before;
  const made = make();
  known.set(key, made);
  return made;
}
