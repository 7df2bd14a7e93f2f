/**
 * Deterministic CBOR, both ways (RFC 8949 §4.2.1: shortest forms, definite lengths, map keys in bytewise order).
 * The decoder rejects every second spelling, so equal values have equal bytes and a hash names a value.
 */

import { type Bytes, compareBytes, concatBytes, encodeUtf8, parseUtf8 } from './bytes.ts';
import { CborWriter, MAJOR_TEXT } from './cbor-writer.ts';
import { formatError } from './errors.ts';
import { parseKnownText } from './known-texts.ts';
import { LIMITS } from './limits.ts';

/** A float keeps its own type: integers and floats are different CBOR values even when numerically equal. */
export class CborFloat {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

/** A tagged item (RFC 8949 §3.4). */
export class CborTag {
  readonly tag: number;
  readonly value: CborValue;
  constructor(tag: number, value: CborValue) {
    this.tag = tag;
    this.value = value;
  }
}

export type CborKey = number | string;
/** `bigint` stands only for integers outside ±(2^53 − 1). */
export type CborValue = number | bigint | string | boolean | null | Bytes | CborFloat | CborTag | CborValue[] | CborMap;
export type CborMap = Map<CborKey, CborValue>;

const MAJOR_UNSIGNED = 0;
const MAJOR_NEGATIVE = 1;
const MAJOR_BYTES = 2;
const MAJOR_ARRAY = 4;
const MAJOR_MAP = 5;
const MAJOR_TAG = 6;

const SIMPLE_FALSE = 0xf4;
const SIMPLE_TRUE = 0xf5;
const SIMPLE_NULL = 0xf6;

const FLOAT_VIEW = new DataView(new ArrayBuffer(8));

const WRITER = new CborWriter();

/** Encodes a value deterministically. Throws FormatError NUMBER_RANGE (NaN, infinities, integers beyond 64 bit) or TEXT_INVALID. */
export function encodeCbor(value: CborValue): Bytes {
  return WRITER.collect((writer) => writeValue(writer, value));
}

function writeValue(writer: CborWriter, value: CborValue): void {
  if (typeof value === 'number' || typeof value === 'bigint') return writeInteger(writer, value);
  if (typeof value === 'string') return writer.text(value);
  if (value === null) return writer.byte(SIMPLE_NULL);
  if (typeof value === 'boolean') return writer.byte(value ? SIMPLE_TRUE : SIMPLE_FALSE);
  if (value instanceof Uint8Array) {
    writer.head(MAJOR_BYTES, value.length);
    return writer.bytes(value);
  }
  if (value instanceof CborFloat) return writeFloat(writer, value.value);
  if (value instanceof CborTag) {
    writer.head(MAJOR_TAG, value.tag);
    return writeValue(writer, value.value);
  }
  if (Array.isArray(value)) {
    writer.head(MAJOR_ARRAY, value.length);
    for (const item of value) writeValue(writer, item);
    return;
  }
  writeMap(writer, value);
}

function writeInteger(writer: CborWriter, value: number | bigint): void {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) throw formatError('NUMBER_RANGE', { value });
  const argument = value >= 0 ? value : typeof value === 'bigint' ? -1n - value : -1 - value;
  if (typeof argument === 'bigint' && argument > 0xffffffffffffffffn) throw formatError('NUMBER_RANGE', { bits: 65 });
  writer.head(value >= 0 ? MAJOR_UNSIGNED : MAJOR_NEGATIVE, argument);
}

/** RFC 8949 §4.2.1: the shortest of half, single and double precision that keeps the value. */
function writeFloat(writer: CborWriter, value: number): void {
  if (!Number.isFinite(value)) throw formatError('NUMBER_RANGE', { want: 'a finite number' });
  const half = halfOf(value);
  if (half !== null) {
    writer.byte(0xf9);
    writer.byte(half >> 8);
    return writer.byte(half & 255);
  }
  const single = Math.fround(value) === value;
  writer.byte(single ? 0xfa : 0xfb);
  if (single) FLOAT_VIEW.setFloat32(0, value);
  else FLOAT_VIEW.setFloat64(0, value);
  for (let i = 0; i < (single ? 4 : 8); i++) writer.byte(FLOAT_VIEW.getUint8(i));
}

/** IEEE 754 binary16 bits of a finite value, or null when it does not fit exactly. */
function halfOf(value: number): number | null {
  FLOAT_VIEW.setFloat32(0, value);
  if (FLOAT_VIEW.getFloat32(0) !== value) return null;
  const bits = FLOAT_VIEW.getUint32(0);
  const sign = (bits >>> 16) & 0x8000;
  const exponent = ((bits >>> 23) & 0xff) - 127;
  const mantissa = bits & 0x7fffff;
  if (value === 0) return sign;
  if (exponent >= -14 && exponent <= 15) {
    return (mantissa & 0x1fff) === 0 ? sign | ((exponent + 15) << 10) | (mantissa >> 13) : null;
  }
  if (exponent < -24 || exponent > 15) return null;
  const shift = 13 + (-14 - exponent); // a subnormal half shifts the implicit one into the mantissa
  const full = mantissa | 0x800000;
  return full % 2 ** shift === 0 ? sign | (full / 2 ** shift) : null;
}

/** Encoded text keys that were met before: formats have few, and meet them again and again. */
const KNOWN_KEYS = new Map<string, Bytes>();
const KNOWN_KEY_COUNT_MAX = 1_024;

function encodeKey(key: CborKey): Bytes {
  if (typeof key === 'number') return encodeCbor(key);
  const known = KNOWN_KEYS.get(key);
  if (known !== undefined) return known;
  const encoded = encodeCbor(key);
  if (KNOWN_KEYS.size < KNOWN_KEY_COUNT_MAX && encoded.length <= 64) KNOWN_KEYS.set(key, encoded);
  return encoded;
}

function writeMap(writer: CborWriter, map: CborMap): void {
  writer.head(MAJOR_MAP, map.size);
  for (const key of isSorted(map) ? map.keys() : sortedKeys(map)) {
    writer.bytes(encodeKey(key));
    writeValue(writer, map.get(key) as CborValue);
  }
}

function isSorted(map: CborMap): boolean {
  let before: Bytes | null = null;
  for (const key of map.keys()) {
    const encoded = encodeKey(key);
    if (before !== null && compareBytes(before, encoded) > 0) return false;
    before = encoded;
  }
  return true;
}

function sortedKeys(map: CborMap): CborKey[] {
  const pairs = Array.from(map.keys(), (key) => ({ key, encoded: encodeKey(key) }));
  return pairs.sort((a, b) => compareBytes(a.encoded, b.encoded)).map(({ key }) => key);
}

/** `foreign` reads any well-formed spelling (RFC 8949 §3): other makers' SenML is not deterministic. Never for what we hash or sign. */
export type ParseCborOptions = { readonly foreign?: boolean };

type Reader = { readonly bytes: Bytes; offset: number; readonly foreign: boolean };

const INDEFINITE = 31;
const BREAK = 0xff;

/**
 * Parses exactly one deterministic item.
 * Throws FormatError: TRUNCATED, TRAILING_BYTES, TOO_DEEP, TOO_LARGE, NOT_CANONICAL, DUPLICATE_KEY, UNSORTED,
 * NUMBER_RANGE, TEXT_INVALID, UNSUPPORTED_TYPE. With `foreign`, never NOT_CANONICAL nor UNSORTED except for reserved initial bytes.
 */
export function parseCbor(bytes: Bytes, options: ParseCborOptions = {}): CborValue {
  const reader: Reader = { bytes, offset: 0, foreign: options.foreign ?? false };
  const value = readValue(reader, 0);
  if (reader.offset !== bytes.length) throw formatError('TRAILING_BYTES', { at: reader.offset });
  return value;
}

/** Parses the first item of a sequence (RFC 8742) and tells where it ends; throws as `parseCbor` does. */
export function parseCborPrefix(bytes: Bytes): { readonly value: CborValue; readonly size: number } {
  const reader: Reader = { bytes, offset: 0, foreign: false };
  const value = readValue(reader, 0);
  return { value, size: reader.offset };
}

function takeByte(reader: Reader): number {
  const byte = reader.bytes[reader.offset];
  if (byte === undefined) throw formatError('TRUNCATED', { at: reader.offset });
  reader.offset++;
  return byte;
}

function take(reader: Reader, count: number): Bytes {
  const start = reader.offset;
  if (count > reader.bytes.length - start) throw formatError('TRUNCATED', { at: start });
  reader.offset = start + count;
  return reader.bytes.subarray(start, start + count);
}

/** The argument of an initial byte, in its only allowed width. */
function readArgument(reader: Reader, info: number): number | bigint {
  if (info < 24) return info;
  if (info > 27) throw formatError('NOT_CANONICAL', { at: reader.offset, info });
  const width = 2 ** (info - 24);
  const start = reader.offset;
  if (width > reader.bytes.length - start) throw formatError('TRUNCATED', { at: start });
  reader.offset = start + width;
  let value = 0;
  for (let i = 0; i < width; i++) value = value * 256 + (reader.bytes[start + i] as number);
  const smallest = width === 1 ? 24 : 2 ** (4 * width);
  if (value < smallest && !reader.foreign) throw formatError('NOT_CANONICAL', { at: reader.offset - width });
  if (width < 8 || value <= Number.MAX_SAFE_INTEGER) return value;
  let exact = 0n;
  for (let i = 0; i < width; i++) exact = exact * 256n + BigInt(reader.bytes[start + i] as number);
  return exact;
}

function readCount(reader: Reader, info: number, countMax: number): number {
  const count = readArgument(reader, info);
  if (typeof count === 'bigint' || count > reader.bytes.length - reader.offset)
    throw formatError('TRUNCATED', { at: reader.offset });
  if (count > countMax) throw formatError('TOO_LARGE', { count, countMax });
  return count;
}

function readValue(reader: Reader, depth: number): CborValue {
  if (depth > LIMITS.cborDepthMax) throw formatError('TOO_DEEP', { depthMax: LIMITS.cborDepthMax });
  const first = takeByte(reader);
  const info = first & 31;
  switch (first >> 5) {
    case MAJOR_UNSIGNED:
      return readArgument(reader, info);
    case MAJOR_NEGATIVE: {
      const argument = readArgument(reader, info);
      if (typeof argument === 'number' && argument < Number.MAX_SAFE_INTEGER) return -1 - argument;
      return -1n - BigInt(argument);
    }
    case MAJOR_BYTES:
      return readBytes(reader, info);
    case MAJOR_TEXT:
      return readText(reader, info);
    case MAJOR_ARRAY: {
      const count = readItemCount(reader, info);
      const items: CborValue[] = [];
      for (let i = 0; !isEnd(reader, i, count); i++) items.push(readValue(reader, depth + 1));
      return items;
    }
    case MAJOR_MAP:
      return readMap(reader, info, depth);
    case MAJOR_TAG: {
      const tag = readArgument(reader, info);
      if (typeof tag === 'bigint') throw formatError('NUMBER_RANGE', { at: reader.offset });
      return new CborTag(tag, readValue(reader, depth + 1));
    }
    default:
      return readSimple(reader, first);
  }
}

function readBytes(reader: Reader, info: number): Bytes {
  if (reader.foreign && info === INDEFINITE) return readChunks(reader, MAJOR_BYTES);
  const start = skipString(reader, info);
  return reader.bytes.slice(start, reader.offset);
}

function readText(reader: Reader, info: number): string {
  if (reader.foreign && info === INDEFINITE) return parseUtf8(readChunks(reader, MAJOR_TEXT));
  const start = skipString(reader, info);
  return parseKnownText(reader.bytes, start, reader.offset);
}

/** Where the content of a string of definite length begins; it ends at the new offset. */
function skipString(reader: Reader, info: number): number {
  const count = readCount(reader, info, Number.MAX_SAFE_INTEGER);
  const start = reader.offset;
  reader.offset = start + count;
  return start;
}

/** The content of a foreign string of indefinite length (RFC 8949 §3.2.3). */
function readChunks(reader: Reader, major: number): Bytes {
  const chunks: Bytes[] = [];
  for (let first = takeByte(reader); first !== BREAK; first = takeByte(reader)) {
    if (first >> 5 !== major || (first & 31) === INDEFINITE)
      throw formatError('WRONG_TYPE', { at: reader.offset - 1, want: 'a chunk of the string' });
    const start = skipString(reader, first & 31);
    const chunk = reader.bytes.subarray(start, reader.offset);
    chunks.push(major === MAJOR_TEXT ? encodeUtf8(parseUtf8(chunk)) : chunk); // each text chunk is valid by itself
  }
  return concatBytes(...chunks);
}

/** How many items an array or pairs a map has; null when a break will end it. */
function readItemCount(reader: Reader, info: number): number | null {
  return reader.foreign && info === INDEFINITE ? null : readCount(reader, info, LIMITS.cborItemCountMax);
}

/** True when `done` items are all; takes the break that ends an indefinite length. */
function isEnd(reader: Reader, done: number, count: number | null): boolean {
  if (count !== null) return done >= count;
  if (done > LIMITS.cborItemCountMax) throw formatError('TOO_LARGE', { count: done, countMax: LIMITS.cborItemCountMax });
  if (reader.bytes[reader.offset] !== BREAK) return false;
  reader.offset++;
  return true;
}

function readMap(reader: Reader, info: number, depth: number): CborMap {
  const count = readItemCount(reader, info);
  const map: CborMap = new Map();
  let [previousStart, previousEnd] = [0, 0];
  for (let i = 0; !isEnd(reader, i, count); i++) {
    const start = reader.offset;
    const key = readValue(reader, depth + 1);
    if (typeof key !== 'number' && typeof key !== 'string')
      throw formatError('WRONG_TYPE', { at: start, want: 'an integer or text key' });
    const order = i === 0 || reader.foreign ? 1 : compareKeys(reader.bytes, start, reader.offset, previousStart, previousEnd);
    if (order === 0 || map.has(key)) throw formatError('DUPLICATE_KEY', { at: start });
    if (order < 0) throw formatError('UNSORTED', { at: start });
    [previousStart, previousEnd] = [start, reader.offset];
    map.set(key, readValue(reader, depth + 1));
  }
  return map;
}

/** `compareBytes` of two stretches of the same bytes. */
function compareKeys(bytes: Bytes, startA: number, endA: number, startB: number, endB: number): number {
  const shared = Math.min(endA - startA, endB - startB);
  for (let i = 0; i < shared; i++) {
    const difference = (bytes[startA + i] as number) - (bytes[startB + i] as number);
    if (difference !== 0) return difference;
  }
  return endA - startA - (endB - startB);
}

function readSimple(reader: Reader, first: number): CborValue {
  if (first === SIMPLE_FALSE) return false;
  if (first === SIMPLE_TRUE) return true;
  if (first === SIMPLE_NULL) return null;
  if (first < 0xf9 || first > 0xfb) throw formatError('UNSUPPORTED_TYPE', { at: reader.offset - 1, first });
  const width = 2 ** (first - 0xf8);
  const start = reader.offset - 1;
  const bits = take(reader, width);
  for (let i = 0; i < width; i++) FLOAT_VIEW.setUint8(i, bits[i] as number);
  const value =
    width === 8 ? FLOAT_VIEW.getFloat64(0) : width === 4 ? FLOAT_VIEW.getFloat32(0) : wholeOfHalf(FLOAT_VIEW.getUint16(0));
  if (!Number.isFinite(value)) throw formatError('NUMBER_RANGE', { at: start });
  const float = new CborFloat(value);
  if (!reader.foreign && compareBytes(encodeCbor(float), reader.bytes.subarray(start, reader.offset)) !== 0)
    throw formatError('NOT_CANONICAL', { at: start });
  return float;
}

/** The number of IEEE 754 binary16 bits. */
function wholeOfHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const mantissa = bits & 0x3ff;
  if (exponent === 31) return Number.NaN;
  return sign * (exponent === 0 ? mantissa * 2 ** -24 : (1024 + mantissa) * 2 ** (exponent - 25));
}
