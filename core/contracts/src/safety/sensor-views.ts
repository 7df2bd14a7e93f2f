/** What the state says of the sensors of an envelope: readings that anchors carried, by devices that are still believed. */

import type { Bytes } from '@oppidum/formats/bytes';
import type { Envelope } from '@oppidum/formats/envelope';
import { deviceKeyKind } from '@oppidum/formats/state-devices';
import { at } from '@oppidum/formats/state-layout';
import type { City } from '@oppidum/ledger/city';
import { distrustOf } from '../devices/trusted-sensor.ts';
import { sensorAt } from '../telemetry/sensors.ts';
import type { Doubt, Look, SensorView } from './interlocks.ts';

/** Looks at sensors in the running state. */
export function lookAtSensors(city: City, { grade }: Pick<Envelope, 'grade'>): Look {
  return ({ device, name }, { decimals }): SensorView => {
    const record = city.read(sensorAt(city, device, name));
    const doubt = doubtAbout(city, device, record?.keyNumber ?? null, grade);
    if (doubt !== null) return { state: 'quarantined', because: doubt };
    // A number kept with other decimals means something else.
    if (record?.value === undefined || record.signedMs === undefined || record.decimals !== decimals) return { state: 'silent' };
    return { state: 'speaks', value: record.value, signedMs: record.signedMs };
  };
}

/** Why what a sensor says does not count, or null. `keyNumber`: of the key that signed its newest value, if there is one. */
function doubtAbout(city: City, device: Bytes, keyNumber: number | null, grade: Envelope['grade']): Doubt | null {
  const distrust = distrustOf(city, device);
  if (distrust !== null || keyNumber === null) return distrust;
  const key = city.get(at(deviceKeyKind, device, keyNumber));
  if (key.to !== undefined) return 'key-ended';
  return key.grade === 'device' || key.grade === grade ? null : 'key-grade';
}
