/** The JSON representation of SenML (RFC 8428 §5), both ways. */

import { type Bytes, encodeBase64Url, encodeUtf8, parseBase64Url, parseUtf8 } from './bytes.ts';
import { formatError } from './errors.ts';
import { parseJsonText } from './json-text.ts';
import type { Json } from './schema.ts';
import {
  assertRecordCount,
  makeSenmlRecord,
  type ResolvedRecord,
  type SenmlPack,
  type SenmlRecord,
  type SenmlValue,
} from './senml.ts';

/**
 * Parses a JSON pack. Throws as `parseJsonText` and `makeSenmlRecord` do, TEXT_INVALID for UTF-8, base64url and an upper-case exponent (§5),
 * WRONG_TYPE, LENGTH_WRONG (no record), TOO_LARGE (too many).
 */
export function parseSenmlJson(data: Bytes): SenmlPack {
  const text = parseUtf8(data);
  const pack = parseJsonText(text);
  assertExponents(text);
  if (!Array.isArray(pack)) throw formatError('WRONG_TYPE', { want: 'an array of records' });
  assertRecordCount(pack.length);
  return pack.map((record: Json, i) => parseRecord(record, `/${i}`));
}

/** §5: "If the value has an exponent, the 'e' MUST be in lower case." Strings are left out of the search. */
function assertExponents(text: string): void {
  if (/[0-9]E/.test(text.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""')))
    throw formatError('TEXT_INVALID', { want: 'a lower-case e in exponents' });
}

function parseRecord(record: Json, at: string): SenmlRecord {
  if (record === null || typeof record !== 'object' || Array.isArray(record))
    throw formatError('WRONG_TYPE', { at, want: 'an object' });
  const fields: [string, SenmlValue][] = [];
  for (const [label, value] of Object.entries(record)) fields.push([label, parseValue(label, value, `${at}/${label}`)]);
  return makeSenmlRecord(fields, at);
}

function parseValue(label: string, value: Json, at: string): SenmlValue {
  if (value === null || typeof value === 'object') throw formatError('WRONG_TYPE', { at, want: 'text, a number or a boolean' });
  return label === 'vd' && typeof value === 'string' ? parseBase64Url(value) : value;
}

/** A pack as JSON, labels in the order of the record. */
export function encodeSenmlJson(pack: SenmlPack): Bytes {
  return encodeUtf8(
    JSON.stringify(pack.map(({ extensions, ...fields }) => encodeFields([...Object.entries(fields), ...(extensions ?? [])]))),
  );
}

/** Resolved records as JSON values under the labels of RFC 8428 §4.3; for answers and reports. */
export function resolvedToJson(records: readonly ResolvedRecord[]): { readonly [label: string]: string | number | boolean }[] {
  return records.map(({ name, unit, timeS, value, sum, updateTimeS, extensions }) =>
    encodeFields([
      ['n', name],
      ['u', unit],
      ['t', timeS],
      [labelOfValue(value), value],
      ['s', sum],
      ['ut', updateTimeS],
      ...extensions,
    ]),
  );
}

function labelOfValue(value: SenmlValue | null): string {
  if (typeof value === 'string') return 'vs';
  if (typeof value === 'boolean') return 'vb';
  return typeof value === 'number' ? 'v' : 'vd';
}

function encodeFields(fields: readonly (readonly [string, SenmlValue | null])[]): {
  readonly [label: string]: string | number | boolean;
} {
  const object: { [label: string]: string | number | boolean } = {};
  for (const [label, value] of fields) {
    if (value !== null) object[label] = value instanceof Uint8Array ? encodeBase64Url(value) : value;
  }
  return object;
}
