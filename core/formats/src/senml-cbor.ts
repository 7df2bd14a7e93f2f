/** The CBOR representation of SenML (RFC 8428 §6), both ways. */

import type { Bytes } from './bytes.ts';
import { CborFloat, type CborKey, type CborMap, CborTag, type CborValue, encodeCbor, parseCbor } from './cbor.ts';
import { formatError } from './errors.ts';
import { assertRecordCount, makeSenmlRecord, SENML_FIELDS, type SenmlPack, type SenmlRecord, type SenmlValue } from './senml.ts';

const LABEL_OF_CBOR = new Map(SENML_FIELDS.map(({ label, cborLabel }) => [cborLabel, label as string]));
const CBOR_OF_LABEL = new Map(SENML_FIELDS.map(({ label, cborLabel }) => [label as string, cborLabel]));
/** RFC 8949 §3.4.4: [exponent, mantissa]. */
const TAG_DECIMAL_FRACTION = 4;

/**
 * Parses a CBOR pack. With `foreign`, well-formed CBOR that is not deterministic is read too: other makers' encoders choose widths freely.
 * Throws as `parseCbor` and `makeSenmlRecord` do, UNKNOWN_FIELD (an integer outside §6 table 4, or a defined label spelled as text),
 * WRONG_TYPE, LENGTH_WRONG (no record), TOO_LARGE (too many).
 */
export function parseSenmlCbor(data: Bytes, options: { readonly foreign?: boolean } = {}): SenmlPack {
  const pack = parseCbor(data, options);
  if (!Array.isArray(pack)) throw formatError('WRONG_TYPE', { want: 'an array of records' });
  assertRecordCount(pack.length);
  return pack.map((record, i) => parseRecord(record, `/${i}`));
}

function parseRecord(record: CborValue, at: string): SenmlRecord {
  if (!(record instanceof Map)) throw formatError('WRONG_TYPE', { at, want: 'a map' });
  const fields: [string, SenmlValue][] = [];
  for (const [key, value] of record) {
    const label = parseLabel(key, at);
    if (label === 'bver' && typeof value !== 'number') throw formatError('WRONG_TYPE', { at: `${at}/bver`, want: 'an integer' }); // §11
    fields.push([label, parseValue(value, `${at}/${label}`)]);
  }
  return makeSenmlRecord(fields, at);
}

function parseLabel(key: CborKey, at: string): string {
  const label = typeof key === 'number' ? LABEL_OF_CBOR.get(key) : key;
  if (label === undefined || (typeof key === 'string' && CBOR_OF_LABEL.has(key)))
    throw formatError('UNKNOWN_FIELD', { at, label: key });
  return label;
}

function parseValue(value: CborValue, at: string): SenmlValue {
  if (typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean' || value instanceof Uint8Array)
    return value;
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof CborFloat) return value.value;
  if (value instanceof CborTag && value.tag === TAG_DECIMAL_FRACTION) return parseDecimalFraction(value.value, at);
  throw formatError('WRONG_TYPE', { at, want: 'a number, text, bytes or a boolean' });
}

/** mantissa × 10^exponent, rounded once: the decimal text is read as a whole. */
function parseDecimalFraction(pair: CborValue, at: string): number {
  const [exponent, mantissa, ...rest] = Array.isArray(pair) ? pair : [];
  const isPair =
    typeof exponent === 'number' && (typeof mantissa === 'number' || typeof mantissa === 'bigint') && rest.length === 0;
  if (!isPair) throw formatError('WRONG_TYPE', { at, want: '[exponent, mantissa]' });
  const value = Number(`${mantissa}e${exponent}`);
  if (!Number.isFinite(value)) throw formatError('NUMBER_RANGE', { at });
  return value;
}

/** A pack as deterministic CBOR (RFC 8949 §4.2.1): whole numbers as integers, others as the shortest float that keeps them. */
export function encodeSenmlCbor(pack: SenmlPack): Bytes {
  assertRecordCount(pack.length);
  return encodeCbor(pack.map(encodeRecord));
}

function encodeRecord(record: SenmlRecord): CborMap {
  const map: CborMap = new Map();
  for (const { label, cborLabel } of SENML_FIELDS) {
    const value = record[label];
    if (value !== undefined) map.set(cborLabel, encodeValue(value));
  }
  for (const [label, value] of record.extensions ?? []) map.set(label, encodeValue(value));
  return map;
}

function encodeValue(value: SenmlValue): CborValue {
  if (typeof value !== 'number') return value;
  // Adding 0 turns −0 into 0: one spelling of zero.
  return Number.isSafeInteger(value) ? value + 0 : new CborFloat(value);
}
