/**
 * Which group decided about a sequence number. Rows by device come in random order, and a B-tree of random keys is slow to grow; so they
 * gather in memory and go to LMDB late, sorted, many at once:
 *
 *   places   device ‖ key number: u32 ‖ sequence: u64 → group: u48 ‖ position: u16      for groups before `placed`
 *
 * What is not written yet follows from the groups, from `placed` on: nothing is lost that is not in them.
 */

import {
  type Bytes,
  concatBytes,
  encodeUint32,
  encodeUint64,
  equalBytes,
  readUint32,
  readUint64,
  toOctets,
} from '@oppidum/formats/bytes';
import { ID_SIZE } from '@oppidum/formats/ids';
import type { Database, RootDatabase } from 'lmdb';
import type { Decision, SequencePlace } from './stored-group.ts';

/** Where something was decided. */
export type DecisionPlace = { readonly group: number; readonly position: number };

/** A device key; `name` as of `Decision`, made where it is missing. */
export type DeviceKey = Omit<SequencePlace, 'sequence'> & { readonly name?: string };
/** What is known of one device key, and what of it is not written yet: sequence numbers, and group × 65,536 + position of each. */
type KeyState = Omit<SequencePlace, 'sequence'> & {
  /** Highest sequence number decided. */
  highest: number;
  sequences: number[];
  places: number[];
};

/** So many are worth sorting; more would make the commit that takes them along noticeably longer. */
const BATCH_COUNT = 8_192;
/** Device keys that sent last stay known, so that what is new is not looked up. */
const KNOWN_COUNT_MAX = 65_536;
const POSITION_COUNT = 65_536;
const KEY_SIZE = ID_SIZE + 12;

/** The key of a row by sequence number, of `places` and of `clones`. */
export function sequenceKey({ device, keyNumber, sequence }: SequencePlace): Buffer {
  return Buffer.from(concatBytes(device, encodeUint32(keyNumber), encodeUint64(sequence)));
}

/** Opens what `sequenceKey` wrote. */
export function parseSequenceKey(key: Bytes): SequencePlace {
  const bytes = new Uint8Array(key);
  return { device: bytes.slice(0, 32), keyNumber: readUint32(bytes, 32), sequence: readUint64(bytes, 36) };
}

/** All keys of a device in LMDB, where the end is not included. */
export function rangeOfDevice(device: Bytes): { readonly start: Buffer; readonly end: Buffer } {
  return { start: Buffer.from(device), end: Buffer.from(concatBytes(device, new Uint8Array(13).fill(0xff))) };
}

/** The places of all decisions of a vault. */
export class LatePlaces {
  readonly #rows: Database<Bytes, Bytes>;
  readonly #known = new Map<string, KeyState>();
  #recentCount = 0;

  constructor(environment: RootDatabase) {
    this.#rows = environment.openDB('places', { encoding: 'binary', keyEncoding: 'binary' });
  }

  /** True when what is in memory should be written with the next group. */
  get isDue(): boolean {
    return this.#recentCount >= BATCH_COUNT;
  }

  /** Remembers what a durable group decided. */
  add(decisions: Iterable<Decision>): void {
    for (const decision of decisions) {
      const { sequence, group, position } = decision;
      const state = this.#state(decision);
      state.sequences.push(sequence);
      state.places.push(group * POSITION_COUNT + position);
      if (sequence > state.highest) state.highest = sequence;
      this.#recentCount++;
    }
  }

  /** Rows of all that is in memory, sorted by their keys. */
  rows(): { readonly key: Buffer; readonly value: Buffer }[] {
    const keys = Buffer.allocUnsafeSlow(this.#recentCount * KEY_SIZE);
    const values = Buffer.allocUnsafeSlow(this.#recentCount * 8);
    const rows: { readonly key: Buffer; readonly value: Buffer }[] = [];
    const recent = [...this.#known].filter(([, { places }]) => places.length > 0);
    for (const [, { device, keyNumber, sequences, places }] of recent.sort(([a], [b]) => (a < b ? -1 : 1))) {
      const order = sequences.map((_, i) => i).sort((a, b) => (sequences[a] as number) - (sequences[b] as number));
      for (const i of order) {
        const [key, value] = [rows.length * KEY_SIZE, rows.length * 8];
        const [sequence, place] = [sequences[i] as number, places[i] as number];
        keys.set(device, key);
        keys.writeUInt32BE(keyNumber, key + ID_SIZE);
        keys.writeUInt32BE(Math.floor(sequence / 2 ** 32), key + ID_SIZE + 4);
        keys.writeUInt32BE(sequence % 2 ** 32, key + ID_SIZE + 8);
        values.writeUIntBE(Math.floor(place / POSITION_COUNT), value, 6);
        values.writeUInt16BE(place % POSITION_COUNT, value + 6);
        rows.push({ key: keys.subarray(key, key + KEY_SIZE), value: values.subarray(value, value + 8) });
      }
    }
    return rows;
  }

  /** Puts what `rows` gave; within a batch of LMDB. */
  put(rows: readonly { readonly key: Buffer; readonly value: Buffer }[]): void {
    for (const { key, value } of rows) void this.#rows.put(key, value);
  }

  /** Those rows are durable now. */
  forget(): void {
    for (const state of this.#known.values()) {
      if (state.places.length === 0) continue;
      state.sequences = [];
      state.places = [];
    }
    this.#recentCount = 0;
    if (this.#known.size > KNOWN_COUNT_MAX) this.#known.clear();
  }

  /** Where it was decided about a sequence number, or null. */
  find(place: SequencePlace & DeviceKey): DecisionPlace | null {
    const { highest, sequences, places } = this.#state(place);
    if (place.sequence > highest) return null;
    const recent = places[sequences.indexOf(place.sequence)];
    if (recent !== undefined) return placeOf(recent);
    const row = this.#rows.get(sequenceKey(place));
    return row === undefined ? null : parsePlace(row);
  }

  /** Highest sequence number decided for a device key; 0 when none. */
  highestSequence(key: DeviceKey): number {
    return this.#state(key).highest;
  }

  /** Where it was decided about each sequence number of a device, of any of its keys. */
  *ofDevice(device: Bytes): Generator<DecisionPlace> {
    for (const { value } of this.#rows.getRange(rangeOfDevice(device))) yield parsePlace(value);
    for (const state of this.#known.values()) if (equalBytes(state.device, device)) yield* state.places.map(placeOf);
  }

  /** Where it was decided about the sequence numbers of a device key from one on, ascending, at most `limit`. */
  ofKey({ device, keyNumber }: DeviceKey, from: number, limit: number): DecisionPlace[] {
    const { sequences, places } = this.#state({ device, keyNumber });
    const found = sequences.map((sequence, i) => ({ sequence, place: placeOf(places[i] as number) }));
    const start = sequenceKey({ device, keyNumber, sequence: from });
    const end = sequenceKey({ device, keyNumber, sequence: Number.MAX_SAFE_INTEGER });
    for (const { key, value } of this.#rows.getRange({ start, end, limit }))
      found.push({ sequence: parseSequenceKey(key).sequence, place: parsePlace(value) });
    const wanted = found.filter(({ sequence }) => sequence >= from).sort((a, b) => a.sequence - b.sequence);
    return wanted.slice(0, limit).map(({ place }) => place);
  }

  #state(key: DeviceKey): KeyState {
    const { device, keyNumber, name = nameOf(key) } = key;
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const start = sequenceKey({ device, keyNumber, sequence: Number.MAX_SAFE_INTEGER });
    const end = sequenceKey({ device, keyNumber, sequence: 0 });
    let highest = 0;
    for (const found of this.#rows.getKeys({ start, end, reverse: true, limit: 1 })) highest = parseSequenceKey(found).sequence;
    const state: KeyState = { device, keyNumber, highest, sequences: [], places: [] };
    this.#known.set(name, state);
    return state;
  }
}

function nameOf({ device, keyNumber }: DeviceKey): string {
  return toOctets(concatBytes(device, encodeUint32(keyNumber)));
}

function placeOf(place: number): DecisionPlace {
  return { group: Math.floor(place / POSITION_COUNT), position: place % POSITION_COUNT };
}

function parsePlace(row: Bytes): DecisionPlace {
  const bytes = new Uint8Array(row);
  return { group: readUint64(Uint8Array.of(0, 0, ...bytes.slice(0, 6)), 0), position: readUint32(bytes, 4) % POSITION_COUNT };
}
