/**
 * How keys and values of the state map are laid out: area ‖ kind ‖ fixed-length segments.
 * No key is a prefix of another, nobody can choose a deep path, and order is meaningful (specs/state-map.md).
 */

import { type Bytes, encodeUint64, readUint64 } from './bytes.ts';
import { encodeBy, parseBy } from './common-schemas.ts';
import { formatError } from './errors.ts';
import { ID_SIZE } from './ids.ts';
import type { Schema } from './schema.ts';

/** A segment is an id (32 bytes) or a number where order matters (8 bytes, big-endian). */
export type SegmentType = 'id' | 'number';
export type Segment = Bytes | number;

type SegmentOf<T> = T extends 'id' ? Bytes : number;
/** The argument list of a kind's key. */
export type SegmentsOf<S extends readonly SegmentType[]> = { readonly [I in keyof S]: SegmentOf<S[I]> };

/** One kind of record: its place in the map and the shape of its value. */
export type StateKind<V, S extends readonly SegmentType[] = readonly SegmentType[]> = {
  readonly name: string;
  readonly area: number;
  readonly kind: number;
  readonly segments: S;
  readonly value: Schema<V>;
  readonly keySize: number;
};

/** Any kind, for registries and decoders. */
export type AnyKind = StateKind<unknown, readonly SegmentType[]>;

/** A range of keys, both ends included. */
export type KeyRange = { readonly lo: Bytes; readonly hi: Bytes };

const SEGMENT_SIZE = { id: ID_SIZE, number: 8 } as const;

/** Declares a kind; `area` and `kind` are one byte each and never reused. */
export function defineKind<V, const S extends readonly SegmentType[]>(
  definition: Omit<StateKind<V, S>, 'keySize'>,
): StateKind<V, S> {
  let keySize = 2;
  for (const segment of definition.segments) keySize += SEGMENT_SIZE[segment];
  return { ...definition, keySize };
}

/** One record's place: what `city.read(at(deviceKind, device))` takes. */
export type StateRef<V> = { readonly kind: StateKind<V>; readonly key: Bytes };

/** The place of one record. Throws LENGTH_WRONG when an id is not 32 bytes. */
export function at<V, S extends readonly SegmentType[]>(kind: StateKind<V, S>, ...segments: SegmentsOf<S>): StateRef<V> {
  return { kind: kind as unknown as StateKind<V>, key: stateKey(kind, ...segments) };
}

/** The key of one record. Throws LENGTH_WRONG when an id is not 32 bytes. */
export function stateKey<V, S extends readonly SegmentType[]>(kind: StateKind<V, S>, ...segments: SegmentsOf<S>): Bytes {
  return fillKey(kind as unknown as AnyKind, segments as readonly Segment[], 0);
}

/**
 * All keys of a kind that begin with these segments (all segments: exactly one key), as a closed range.
 * Throws LENGTH_WRONG, WRONG_TYPE.
 */
export function prefixRange(kind: AnyKind, segments: readonly Segment[]): KeyRange {
  return { lo: fillKey(kind, segments, 0), hi: fillKey(kind, segments, 0xff) };
}

/** From `segments ‖ from` to `segments ‖ to`, both included, where the segment after `segments` is the kind's last and a number. */
export function numberRange(kind: AnyKind, segments: readonly Segment[], from: number, to: number): KeyRange {
  if (segments.length !== kind.segments.length - 1 || kind.segments[segments.length] !== 'number') {
    throw formatError('WRONG_TYPE', { kind: kind.name, want: 'a range over the last, numeric segment' });
  }
  if (to < from) throw formatError('NUMBER_RANGE', { from, to });
  return { lo: fillKey(kind, [...segments, from], 0), hi: fillKey(kind, [...segments, to], 0) };
}

/** A key of full size; what follows the given segments is `rest`. */
function fillKey(kind: AnyKind, segments: readonly Segment[], rest: number): Bytes {
  if (segments.length > kind.segments.length) throw formatError('LENGTH_WRONG', { kind: kind.name, segments: segments.length });
  const key = new Uint8Array(kind.keySize);
  key[0] = kind.area;
  key[1] = kind.kind;
  let size = 2;
  for (let i = 0; i < segments.length; i++) {
    const segment = segments[i] as Segment;
    const wantsId = kind.segments[i] === 'id';
    if (wantsId !== segment instanceof Uint8Array) throw formatError('WRONG_TYPE', { kind: kind.name, segment: i });
    const bytes = typeof segment === 'number' ? encodeUint64(segment) : segment;
    if (wantsId && bytes.length !== ID_SIZE) throw formatError('LENGTH_WRONG', { kind: kind.name, segment: i, want: ID_SIZE });
    key.set(bytes, size);
    size += bytes.length;
  }
  if (rest !== 0) key.fill(rest, size);
  return key;
}

/** The segments of a key of this kind. Throws LENGTH_WRONG, WRONG_TYPE. */
export function parseKey<V, S extends readonly SegmentType[]>(kind: StateKind<V, S>, key: Bytes): SegmentsOf<S> {
  if (key.length !== kind.keySize) throw formatError('LENGTH_WRONG', { kind: kind.name, want: kind.keySize });
  if (key[0] !== kind.area || key[1] !== kind.kind) throw formatError('WRONG_TYPE', { kind: kind.name });
  let offset = 2;
  const segments = kind.segments.map((type) => {
    const start = offset;
    offset += SEGMENT_SIZE[type];
    return type === 'id' ? key.slice(start, offset) : readUint64(key, start);
  });
  return segments as unknown as SegmentsOf<S>;
}

/** Deterministic CBOR of a record. */
export function encodeState<V>(kind: StateKind<V>, value: V): Bytes {
  return encodeBy(kind.value, value);
}

/** Strict parse of a record. Throws FormatError. */
export function parseState<V>(kind: StateKind<V>, data: Bytes): V {
  return parseBy(kind.value, data);
}
