/**
 * Which group decided about a sequence number. Rows by device come in random order, and a B-tree of random keys is slow to grow; so they
 * gather in memory and go to LMDB late, sorted, many at once:
 *
 *   places   device ‖ key number: u32 ‖ sequence: u64 → group: u48 ‖ position: u16      for groups before `placed`
 *
 * What is not written yet follows from the groups, from `placed` on: nothing is lost that is not in them.
 */

import { type Bytes, concatBytes, encodeUint32, encodeUint64, readUint32, readUint64, toOctets } from '@oppidum/formats/bytes';
import { ID_SIZE } from '@oppidum/formats/ids';
import type { Database, RootDatabase } from 'lmdb';
import type { Decision, SequencePlace } from './stored-group.ts';

/** Where something was decided. */
export type DecisionPlace = { readonly group: number; readonly position: number };

type DeviceKey = Omit<SequencePlace, 'sequence'>;
/** What of one device key is not written yet: sequence → group × 65,536 + position. */
type Recent = DeviceKey & { readonly places: Map<number, number> };

/** So many are worth sorting; more would make the commit that takes them along noticeably longer. */
const BATCH_COUNT = 8_192;
const HIGHEST_COUNT_MAX = 65_536;
const POSITION_COUNT = 65_536;
const KEY_SIZE = ID_SIZE + 12;

/** Names a device key in a Map. */
export function deviceKeyName({ device, keyNumber }: DeviceKey): string {
  return `${toOctets(device)}${keyNumber}`;
}

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
  #recent = new Map<string, Recent>();
  #recentCount = 0;
  /** Highest sequence numbers of the device keys that sent last, so that what is new is not looked up. */
  readonly #highest = new Map<string, number>();

  constructor(environment: RootDatabase) {
    this.#rows = environment.openDB('places', { encoding: 'binary', keyEncoding: 'binary' });
  }

  /** True when what is in memory should be written with the next group. */
  get isDue(): boolean {
    return this.#recentCount >= BATCH_COUNT;
  }

  /** Remembers what a durable group decided. */
  add(decisions: Iterable<Decision>): void {
    for (const { device, keyNumber, sequence, group, position } of decisions) {
      const name = deviceKeyName({ device, keyNumber });
      let recent = this.#recent.get(name);
      if (recent === undefined) {
        recent = { device, keyNumber, places: new Map() };
        this.#recent.set(name, recent);
      }
      recent.places.set(sequence, group * POSITION_COUNT + position);
      const highest = this.#highest.get(name);
      if (highest !== undefined && highest < sequence) this.#highest.set(name, sequence);
      this.#recentCount++;
    }
  }

  /** Rows of all that is in memory, sorted by their keys. */
  rows(): { readonly key: Buffer; readonly value: Buffer }[] {
    const keys = Buffer.allocUnsafeSlow(this.#recentCount * KEY_SIZE);
    const values = Buffer.allocUnsafeSlow(this.#recentCount * 8);
    const rows: { readonly key: Buffer; readonly value: Buffer }[] = [];
    for (const [, { device, keyNumber, places }] of [...this.#recent].sort(([a], [b]) => (a < b ? -1 : 1))) {
      for (const [sequence, place] of [...places].sort(([a], [b]) => a - b)) {
        const [key, value] = [rows.length * KEY_SIZE, rows.length * 8];
        keys.set(device, key);
        keys.writeUInt32BE(keyNumber, key + ID_SIZE);
        keys.writeUInt32BE(Math.floor(sequence / 2 ** 32), key + ID_SIZE + 4);
        keys.writeUInt32BE(sequence % 2 ** 32, key + ID_SIZE + 8);
        const group = Math.floor(place / POSITION_COUNT);
        values.writeUIntBE(group, value, 6);
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
    this.#recent = new Map();
    this.#recentCount = 0;
  }

  /** Where it was decided about a sequence number, or null. */
  find(place: SequencePlace): DecisionPlace | null {
    if (place.sequence > this.highestSequence(place)) return null;
    const recent = this.#recent.get(deviceKeyName(place))?.places.get(place.sequence);
    if (recent !== undefined) return { group: Math.floor(recent / POSITION_COUNT), position: recent % POSITION_COUNT };
    const row = this.#rows.get(sequenceKey(place));
    return row === undefined ? null : parsePlace(row);
  }

  /** Highest sequence number decided for a device key; 0 when none. */
  highestSequence(key: DeviceKey): number {
    const name = deviceKeyName(key);
    const known = this.#highest.get(name);
    if (known !== undefined) return known;
    const start = sequenceKey({ ...key, sequence: Number.MAX_SAFE_INTEGER });
    const end = sequenceKey({ ...key, sequence: 0 });
    let highest = 0;
    for (const found of this.#rows.getKeys({ start, end, reverse: true, limit: 1 })) highest = parseSequenceKey(found).sequence;
    for (const sequence of this.#recent.get(name)?.places.keys() ?? []) highest = Math.max(highest, sequence);
    if (this.#highest.size >= HIGHEST_COUNT_MAX) this.#highest.clear();
    this.#highest.set(name, highest);
    return highest;
  }

  /** Where it was decided about each sequence number of a device, of any of its keys. */
  *ofDevice(device: Bytes): Generator<DecisionPlace> {
    for (const { value } of this.#rows.getRange(rangeOfDevice(device))) yield parsePlace(value);
    const name = toOctets(device);
    for (const [key, { places }] of this.#recent) {
      if (!key.startsWith(name)) continue;
      for (const place of places.values()) yield { group: Math.floor(place / POSITION_COUNT), position: place % POSITION_COUNT };
    }
  }
}

function parsePlace(row: Bytes): DecisionPlace {
  const bytes = new Uint8Array(row);
  return { group: readUint64(Uint8Array.of(0, 0, ...bytes.slice(0, 6)), 0), position: readUint32(bytes, 4) % POSITION_COUNT };
}
