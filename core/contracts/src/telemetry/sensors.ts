/** Interlock sensors: the few readings that contracts themselves must see, verified into the state. */

import { type Bytes, encodeUtf8 } from '@oppidum/formats/bytes';
import { formatError } from '@oppidum/formats/errors';
import { deviceUrnPrefix } from '@oppidum/formats/ids';
import { type AllegedReading, parseReadingRecords } from '@oppidum/formats/reading';
import type { ResolvedRecord } from '@oppidum/formats/senml';
import { at, type StateRef } from '@oppidum/formats/state-layout';
import { type InterlockSensorRecord, interlockSensorKind } from '@oppidum/formats/state-telemetry';
import type { City } from '@oppidum/ledger/city';

/** A declared sensor with what a reading says about it. */
export type SensorUpdate = {
  readonly place: StateRef<InterlockSensorRecord>;
  readonly before: InterlockSensorRecord;
  readonly after: Required<InterlockSensorRecord>;
};

/** The place of a sensor's record: its name as it stands after the device's URN. */
export function sensorAt(city: Pick<City, 'crypto'>, device: Bytes, name: string): StateRef<InterlockSensorRecord> {
  return at(interlockSensorKind, device, city.crypto.sha256(encodeUtf8(name)));
}

/**
 * What a reading says about declared sensors of its device: of several records of one sensor the last of the newest time.
 * Throws as `parseReadingRecords` does, SENSOR_VALUE_INVALID, NUMBER_RANGE.
 */
export function readSensorUpdates(city: City, reading: AllegedReading): readonly SensorUpdate[] {
  const updates: SensorUpdate[] = [];
  for (const [name, record] of newestRecords(reading)) {
    const place = sensorAt(city, reading.device, name);
    const before = city.read(place);
    if (before === null) continue;
    const { keyNumber, sequence } = reading;
    const signedMs = Math.round(record.timeS * 1_000);
    const value = scaleValue(record, before.decimals);
    updates.push({ place, before, after: { ...before, keyNumber, sequence, signedMs, value } });
  }
  return updates;
}

function newestRecords(reading: AllegedReading): ReadonlyMap<string, ResolvedRecord> {
  const prefixSize = deviceUrnPrefix(reading.device).length;
  const newest = new Map<string, ResolvedRecord>();
  for (const record of parseReadingRecords(reading)) {
    const name = record.name.slice(prefixSize);
    const known = newest.get(name);
    if (known === undefined || known.timeS <= record.timeS) newest.set(name, record);
  }
  return newest;
}

/** 10^n for the decimals of a sensor: products of these are correctly rounded (IEEE 754), so every replica gets the same. */
const POWERS_OF_TEN = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];

/** round(value × 10^decimals), halves upwards; true counts as 1 and false as 0. */
function scaleValue({ name, value }: ResolvedRecord, decimals: number): number {
  if (typeof value !== 'number' && typeof value !== 'boolean') throw formatError('SENSOR_VALUE_INVALID', { sensor: name });
  // Adding zero turns −0, which no integer of the state is, into 0.
  const scaled = Math.round(Number(value) * (POWERS_OF_TEN[decimals] ?? 1)) + 0;
  if (!Number.isSafeInteger(scaled)) throw formatError('NUMBER_RANGE', { sensor: name, decimals });
  return scaled;
}

/** True when a reading is newer than what is known of a sensor: a higher key number, or a higher sequence number of the same key. */
export function isNewer({ after }: SensorUpdate, known: Pick<InterlockSensorRecord, 'keyNumber' | 'sequence'>): boolean {
  const [keyNumber, sequence] = [after.keyNumber - (known.keyNumber ?? 0), after.sequence - (known.sequence ?? 0)];
  return keyNumber > 0 || (keyNumber === 0 && sequence > 0);
}
