/** What the state says of the sensors of an envelope: readings that anchors carried, by devices that are still believed. */

import type { Bytes } from '@oppidum/formats/bytes';
import type { Envelope } from '@oppidum/formats/envelope';
import type { ErrorCode } from '@oppidum/formats/errors';
import { deviceKeyKind } from '@oppidum/formats/state-devices';
import { at } from '@oppidum/formats/state-layout';
import type { City } from '@oppidum/ledger/city';
import { checkMade } from '../devices/makers.ts';
import { readStanding } from '../devices/standing.ts';
import { sensorAt } from '../telemetry/sensors.ts';
import type { Look, SensorView } from './interlocks.ts';

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

/** The code why what a device says does not count, or null. `keyNumber`: of the key that signed its newest reading, if there is one. */
function doubtAbout(city: City, device: Bytes, keyNumber: number | null, grade: Envelope['grade']): ErrorCode | null {
  const standing = readStanding(city, device);
  if ('code' in standing) return standing.code;
  const refused = checkMade(standing);
  if (refused !== null) return refused.code;
  if (standing.device.status === 'revoked') return 'DEVICE_REVOKED';
  if (standing.device.status === 'suspended') return 'DEVICE_SUSPENDED';
  if (keyNumber === null) return null;
  const key = city.get(at(deviceKeyKind, device, keyNumber));
  if (key.to !== undefined) return 'KEY_REVOKED';
  return key.grade === 'device' || key.grade === grade ? null : 'SENSOR_GRADE';
}
