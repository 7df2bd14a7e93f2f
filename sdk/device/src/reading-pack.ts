/** From sensor values to the SenML pack that a device signs (RFC 8428, specs/senml.md). */

import type { Bytes } from '@oppidum/formats/bytes';
import { FormatError } from '@oppidum/formats/errors';
import { deviceUrnPrefix } from '@oppidum/formats/ids';
import { checkReadingPack } from '@oppidum/formats/reading-pack';
import { type SenmlRecord, type SenmlValue, valuesOf } from '@oppidum/formats/senml';
import { encodeSenmlCbor, parseSenmlCbor } from '@oppidum/formats/senml-cbor';

/** One value of one sensor, without its time. `unit`: a unit of the SenML registry (RFC 8428 §12.1, RFC 8798), e.g. `Cel`, `W`, `/`, `count`. */
export type SensorValue = {
  /** Its name within the device: letters, digits and - : . / _ . */
  readonly sensor: string;
  readonly unit?: string;
  readonly value: SenmlValue;
};

/** A value with the time at which it was measured: milliseconds since 1970-01-01T00:00:00Z. */
export type SensorRecord = SensorValue & { readonly timeMs: number };

/**
 * The payload of one reading. What all records share is said once.
 * Throws FormatError as `parseReadingPack` would refuse it: no or too many records, bad names, values or times.
 */
export function encodePack(device: Bytes, records: readonly SensorRecord[]): Bytes {
  const prefix = deviceUrnPrefix(device);
  const [first] = records;
  const isOneSensor = records.every(({ sensor }) => sensor === first?.sensor);
  const isOneUnit = first?.unit !== undefined && records.every(({ unit }) => unit === first.unit);
  const baseTimeS = Math.floor((first?.timeMs ?? 0) / 1_000);
  const pack = records.map((record, i): SenmlRecord => {
    const offsetS = (record.timeMs - 1_000 * baseTimeS) / 1_000;
    return {
      ...(i === 0 ? { bn: isOneSensor ? prefix + record.sensor : prefix, bt: baseTimeS } : {}),
      ...(i === 0 && isOneUnit ? { bu: record.unit as string } : {}),
      ...(isOneSensor ? {} : { n: record.sensor }),
      ...(isOneUnit || record.unit === undefined ? {} : { u: record.unit }),
      ...(offsetS === 0 ? {} : { t: offsetS }),
      ...valueField(record.value),
    };
  });
  const payload = encodeSenmlCbor(pack);
  const rejection = checkReadingPack(pack, prefix);
  if (rejection !== null) throw new FormatError(rejection.code, rejection.details);
  return payload;
}

/** Values that have no time yet, as an outbox keeps them. Throws as `encodePack`: what could not be signed later is refused now. */
export function encodeUndated(device: Bytes, values: readonly SensorValue[]): Bytes {
  encodePack(
    device,
    values.map((value) => ({ ...value, timeMs: ANY_TIME_MS })),
  );
  return encodeSenmlCbor(
    values.map(({ sensor, unit, value }) => ({ n: sensor, ...(unit === undefined ? {} : { u: unit }), ...valueField(value) })),
  );
}

/** Reads what `encodeUndated` wrote. */
export function parseUndated(payload: Bytes): readonly SensorValue[] {
  return parseSenmlCbor(payload).map((record) => ({
    sensor: record.n ?? '',
    ...(record.u === undefined ? {} : { unit: record.u }),
    value: valuesOf(record)[0] as SenmlValue,
  }));
}

/** An absolute time of SenML, for a check that must not depend on it. */
const ANY_TIME_MS = 2 ** 31 * 1_000;

function valueField(value: SenmlValue): SenmlRecord {
  if (typeof value === 'number') return { v: value };
  if (typeof value === 'string') return { vs: value };
  return typeof value === 'boolean' ? { vb: value } : { vd: value };
}
