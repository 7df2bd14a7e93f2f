/**
 * The one form that nearly every pack has, checked in place: records with name, unit, time and one value, as small numbers, short floats
 * and plain texts. What does not have this form is left to the general parser, which says what is wrong with it, if anything; what has it
 * is acceptable to both, with the same latest time. Nothing is built here: whoever only judges a pack needs no records.
 */

import { type Bytes, toOctets } from './bytes.ts';
import { LIMITS } from './limits.ts';
import type { ResolvedRecord, SenmlValue } from './senml.ts';

/** Keys of records (RFC 8428 §6, table 4) as their one encoded byte; unsigned ones come first in deterministic order. */
const KEY = {
  name: 0x00,
  unit: 0x01,
  value: 0x02,
  boolean: 0x04,
  time: 0x06,
  baseName: 0x21,
  baseTime: 0x22,
  baseUnit: 0x23,
} as const;
/** Initial bytes (RFC 8949 §3): an array or map of up to 23, a text of up to 23 bytes or with one length byte. */
const ARRAY = 0x80;
const ARRAY_BYTE = 0x98;
const MAP = 0xa0;
const TEXT = 0x60;
const TEXT_BYTE = 0x78;
const FALSE = 0xf4;
const TRUE = 0xf5;
const HALF = 0xf9;
const SINGLE = 0xfa;
const DOUBLE = 0xfb;
/** Times below this are relative to now (RFC 8428 §4.5.3). */
const ABSOLUTE_TIME_MIN_S = 2 ** 28;

const VIEW = new DataView(new ArrayBuffer(8));

type Cursor = { readonly bytes: Bytes; at: number };

/**
 * Latest time of a pack of the usual form whose names all stand under the prefix (ASCII), POSIX seconds; null for any other. `records`
 * takes its records as they were sent, resolved as the general parser resolves them; what it holds counts only where the answer is a time.
 */
export function readPackForm(payload: Bytes, urnPrefix: string, records: ResolvedRecord[] | null = null): number | null {
  const cursor: Cursor = { bytes: payload, at: 0 };
  const count = readCount(cursor);
  if (count < 1) return null;
  let [baseTimeS, baseNameSize, latestS, baseName] = [0, -1, 0, ''];
  let baseUnit: string | null = null;
  for (let i = 0; i < count; i++) {
    const pairs = (payload[cursor.at++] ?? 0) - MAP;
    if (pairs < 1 || pairs > 8) return null;
    let [before, valueCount, nameSize, timeS, nameEnd, unitAt, unitEnd] = [-1, 0, 0, 0, 0, 0, -1];
    let value: number | boolean = 0;
    for (let j = 0; j < pairs; j++) {
      const key = payload[cursor.at++] ?? 0xff;
      if (key <= before) return null;
      before = key;
      if (key === KEY.value) {
        value = readNumber(cursor);
        if (Number.isNaN(value)) return null;
        valueCount++;
      } else if (key === KEY.boolean) {
        value = payload[cursor.at] === TRUE;
        if (!readBoolean(cursor)) return null;
        valueCount++;
      } else if (key === KEY.time) timeS = readNumber(cursor);
      else if (key === KEY.baseTime && i === 0) baseTimeS = readNumber(cursor);
      else if (key === KEY.name) {
        nameSize = readName(cursor);
        if (nameSize < 0) return null;
        nameEnd = cursor.at;
      } else if (key === KEY.baseName && i === 0) {
        baseNameSize = readBaseName(cursor, urnPrefix);
        if (baseNameSize < 0) return null;
        if (records !== null) baseName = textOf(payload, cursor.at - baseNameSize, cursor.at);
      } else if (key === KEY.unit || (key === KEY.baseUnit && i === 0)) {
        const start = cursor.at + (payload[cursor.at] === TEXT_BYTE ? 2 : 1);
        if (!readUnit(cursor)) return null;
        if (key === KEY.unit) [unitAt, unitEnd] = [start, cursor.at];
        else if (records !== null) baseUnit = textOf(payload, start, cursor.at);
      } else return null;
    }
    const sumS = baseTimeS + timeS;
    // NaN fails every comparison.
    if (valueCount !== 1 || baseNameSize < 0 || !(sumS >= ABSOLUTE_TIME_MIN_S && sumS <= LIMITS.senmlTimeMaxS)) return null;
    if (baseNameSize + nameSize <= urnPrefix.length) return null;
    latestS = Math.max(latestS, sumS);
    if (records === null) continue;
    const name = nameSize === 0 ? baseName : baseName + textOf(payload, nameEnd - nameSize, nameEnd);
    const unit = unitEnd < 0 ? baseUnit : textOf(payload, unitAt, unitEnd);
    records.push(makeRecord(name, unit, sumS, value));
  }
  return cursor.at === payload.length ? latestS : null;
}

const NO_EXTENSIONS: ReadonlyMap<string, SenmlValue> = new Map();

/** A base value of 0 is added to every number (RFC 8428 §4.1), which has no effect but on −0. */
function makeRecord(name: string, unit: string | null, timeS: number, value: number | boolean): ResolvedRecord {
  const resolved = typeof value === 'number' ? value + 0 : value;
  return { name, unit, timeS, value: resolved, sum: null, updateTimeS: null, extensions: NO_EXTENSIONS };
}

function textOf(bytes: Bytes, start: number, end: number): string {
  return toOctets(bytes.subarray(start, end));
}

function readCount(cursor: Cursor): number {
  const first = cursor.bytes[cursor.at++] ?? 0;
  if (first >= ARRAY && first < ARRAY + 24) return first - ARRAY;
  const count = first === ARRAY_BYTE ? (cursor.bytes[cursor.at++] ?? 0) : 0;
  return count < 24 ? -1 : count;
}

/** A number in its shortest form, integers up to 32 bits; NaN for anything else. */
function readNumber(cursor: Cursor): number {
  const first = cursor.bytes[cursor.at++] ?? 0xff;
  if (first < 0x1b) return readArgument(cursor, first);
  if (first >= 0x20 && first < 0x3b) return -1 - readArgument(cursor, first - 0x20);
  return readFloat(cursor, first);
}

function readArgument(cursor: Cursor, info: number): number {
  if (info < 24) return info;
  const width = info === 24 ? 1 : info === 25 ? 2 : info === 26 ? 4 : 0;
  let value = 0;
  for (let i = 0; i < width; i++) value = value * 256 + (cursor.bytes[cursor.at++] ?? Number.NaN);
  const smallest = width === 1 ? 24 : 2 ** (4 * width);
  return width > 0 && value >= smallest ? value : Number.NaN;
}

/** Wider floats only where it is plain that no narrower one keeps the value. */
function readFloat(cursor: Cursor, first: number): number {
  const width = first === HALF ? 2 : first === SINGLE ? 4 : first === DOUBLE ? 8 : 0;
  const start = cursor.at;
  cursor.at += width;
  if (width === 0 || cursor.at > cursor.bytes.length) return Number.NaN;
  for (let i = 0; i < width; i++) VIEW.setUint8(i, cursor.bytes[start + i] as number);
  if (width === 2) return wholeOfHalf(VIEW.getUint16(0));
  const value = width === 4 ? VIEW.getFloat32(0) : VIEW.getFloat64(0);
  const isNarrower = width === 4 ? (VIEW.getUint32(0) & 0x1fff) === 0 : Math.fround(value) === value;
  return isNarrower || !Number.isFinite(value) ? Number.NaN : value;
}

/** The number of IEEE 754 binary16 bits; NaN also for infinities. */
function wholeOfHalf(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const mantissa = bits & 0x3ff;
  if (exponent === 31) return Number.NaN;
  const size = exponent === 0 ? mantissa * 2 ** -24 : (1_024 + mantissa) * 2 ** (exponent - 25);
  return (bits & 0x8000) === 0 ? size : -size;
}

function readBoolean(cursor: Cursor): boolean {
  const first = cursor.bytes[cursor.at++];
  return first === FALSE || first === TRUE;
}

/** Where a text ends that begins here; −1 when it is no short text or is cut off. The cursor stands at its first byte then. */
function readTextEnd(cursor: Cursor): number {
  const first = cursor.bytes[cursor.at++] ?? 0;
  let size = first - TEXT;
  if (first === TEXT_BYTE) {
    size = cursor.bytes[cursor.at++] ?? 0;
    if (size < 24) return -1;
  } else if (size < 0 || size > 23) return -1;
  return cursor.at + size > cursor.bytes.length ? -1 : cursor.at + size;
}

/** RFC 8428 §4.5.1: letters, digits and - : . / _ . */
const NAME_CHARACTERS: readonly boolean[] = Array.from({ length: 256 }, (_, code) => {
  const isDigit = code >= 0x2d && code <= 0x3a;
  const isLetter = (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
  return isDigit || isLetter || code === 0x5f;
});

/** Size of a text of name characters, −1 for any other. */
function readName(cursor: Cursor): number {
  const end = readTextEnd(cursor);
  if (end < 0) return -1;
  const start = cursor.at;
  for (; cursor.at < end; cursor.at++) if (NAME_CHARACTERS[cursor.bytes[cursor.at] as number] !== true) return -1;
  return end - start;
}

/** The same where the text begins with the prefix. */
function readBaseName(cursor: Cursor, urnPrefix: string): number {
  const { bytes } = cursor;
  const size = readName(cursor);
  if (size < urnPrefix.length) return -1;
  const start = cursor.at - size;
  for (let i = 0; i < urnPrefix.length; i++) if (bytes[start + i] !== urnPrefix.charCodeAt(i)) return -1;
  return size;
}

/** Skips a text of ASCII; false for any other. */
function readUnit(cursor: Cursor): boolean {
  const end = readTextEnd(cursor);
  if (end < 0) return false;
  for (; cursor.at < end; cursor.at++) if ((cursor.bytes[cursor.at] as number) > 0x7f) return false;
  return true;
}
