/**
 * Which log index a transaction id has. Ids are random, and a B-tree of random keys is slow to grow; so ids gather in memory and go to
 * LMDB in runs, 256 rows at once, at its right edge:
 *
 *   row run × 256 + b = (first 8 bytes of the id ‖ index: u48)*      the ids of that run whose first byte is b
 *
 * In memory stay the run that fills (rebuilt from the blocks on opening) and every id executed in the last
 * `LIMITS.transactionLifetimeMs`, in full: what admission asks for replays. Forgetting late is harmless: an older transaction is EXPIRED.
 */

import { type Bytes, equalBytes, readUint32 } from '@oppidum/formats/bytes';
import { ID_SIZE } from '@oppidum/formats/ids';
import { LIMITS } from '@oppidum/formats/limits';
import type { Database, RootDatabase } from 'lmdb';

/** Ids of one run. */
const RUN_SIZE = 65_536;
const BUCKET_COUNT = 256;
const PREFIX_SIZE = 8;
const INDEX_SIZE = 6;
const ENTRY_SIZE = PREFIX_SIZE + INDEX_SIZE;
/** Half full at most, so that a probe ends soon. */
const TABLE_SIZE = 2 * RUN_SIZE;

/** Up to RUN_SIZE ids with their indexes: an open-addressing table over flat arrays, 40 bytes an id. */
class Generation {
  readonly #ids = new Uint8Array(RUN_SIZE * ID_SIZE);
  readonly #indexes = new Float64Array(RUN_SIZE);
  /** Position + 1 in the arrays; 0 where free. */
  readonly #table = new Uint32Array(TABLE_SIZE);
  count = 0;
  newestMs = 0;
  isStored: boolean;

  constructor(isStored: boolean) {
    this.isStored = isStored;
  }

  get isFull(): boolean {
    return this.count === RUN_SIZE;
  }

  get lastIndex(): number {
    return this.#indexes[this.count - 1] ?? -1;
  }

  add(id: Bytes, index: number, timeMs: number): void {
    let slot = readUint32(id, 0) % TABLE_SIZE;
    while (this.#table[slot] !== 0) slot = (slot + 1) % TABLE_SIZE;
    this.#ids.set(id, this.count * ID_SIZE);
    this.#indexes[this.count] = index;
    this.count++;
    this.#table[slot] = this.count;
    this.newestMs = timeMs;
  }

  /** The index of this id, or −1. */
  find(id: Bytes): number {
    for (let slot = readUint32(id, 0) % TABLE_SIZE; ; slot = (slot + 1) % TABLE_SIZE) {
      const entry = this.#table[slot] as number;
      if (entry === 0) return -1;
      const at = (entry - 1) * ID_SIZE;
      if (equalBytes(this.#ids.subarray(at, at + ID_SIZE), id)) return this.#indexes[entry - 1] as number;
    }
  }

  /** The rows of this run, by first byte of the id. */
  rows(): Bytes[] {
    const counts = new Uint32Array(BUCKET_COUNT);
    for (let i = 0; i < this.count; i++) this.#count(counts, i);
    const rows = [...counts].map((count) => new Uint8Array(count * ENTRY_SIZE));
    const used = new Uint32Array(BUCKET_COUNT);
    for (let i = 0; i < this.count; i++) {
      const bucket = this.#ids[i * ID_SIZE] as number;
      const row = rows[bucket] as Bytes;
      const at = this.#count(used, i) * ENTRY_SIZE;
      row.set(this.#ids.subarray(i * ID_SIZE, i * ID_SIZE + PREFIX_SIZE), at);
      const index = this.#indexes[i] as number;
      const view = new DataView(row.buffer, at + PREFIX_SIZE);
      view.setUint16(0, Math.floor(index / 2 ** 32));
      view.setUint32(2, index % 2 ** 32);
    }
    return rows;
  }

  /** Counts id number `i` in its bucket and returns how many stood there before. */
  #count(counts: Uint32Array, i: number): number {
    const bucket = this.#ids[i * ID_SIZE] as number;
    const before = counts[bucket] as number;
    counts[bucket] = before + 1;
    return before;
  }
}

/** Where each executed transaction stands in the log. */
export class TransactionIndex {
  readonly #rows: Database<Bytes, number>;
  readonly #ends: Database<number, number>;
  /** Oldest first; all but the last are full or were stored before this process began. */
  #generations: Generation[] = [];
  #runCount: number;
  #storedEnd: number;

  constructor(environment: RootDatabase) {
    this.#rows = environment.openDB({ name: 'transactionRuns', encoding: 'binary' });
    this.#ends = environment.openDB({ name: 'transactionRunEnds', encoding: 'ordered-binary' });
    this.#runCount = this.#ends.getKeysCount();
    this.#storedEnd = this.#ends.get(this.#runCount - 1) ?? 0;
  }

  /** Log index after the last id in a stored run: blocks from there on must be added again after opening. */
  get storedEnd(): number {
    return this.#storedEnd;
  }

  /** Adds an id executed at this log index in a block of this time. Indexes ascend. */
  add(id: Bytes, index: number, timeMs: number): void {
    const isStored = index < this.#storedEnd;
    let last = this.#generations.at(-1);
    if (last === undefined || last.isFull || last.isStored !== isStored) {
      last = new Generation(isStored);
      this.#generations.push(last);
    }
    last.add(id, index, timeMs);
  }

  /** Forgets what is stored and past its time. */
  forget(timeMs: number): void {
    const isNeeded = ({ isStored, newestMs }: Generation): boolean =>
      !isStored || newestMs > timeMs - LIMITS.transactionLifetimeMs;
    if (this.#generations.some((generation) => !isNeeded(generation))) this.#generations = this.#generations.filter(isNeeded);
  }

  /** True for ids executed within the last LIMITS.transactionLifetimeMs, and some older ones. */
  hasRecent(id: Bytes): boolean {
    return this.#findRecent(id) >= 0;
  }

  /** Log indexes at which this id may stand, exactly one or none of them truly: the caller compares ids. */
  *candidates(id: Bytes): Generator<number> {
    const recent = this.#findRecent(id);
    if (recent >= 0) yield recent;
    for (let run = this.#runCount - 1; run >= 0; run--) {
      const row = this.#rows.get(run * BUCKET_COUNT + (id[0] as number));
      for (let at = 0; row !== undefined && at < row.length; at += ENTRY_SIZE) {
        if (!startsWithPrefix(row, at, id)) continue;
        const index = at + PREFIX_SIZE;
        yield ((row[index] as number) * 256 + (row[index + 1] as number)) * 2 ** 32 + readUint32(row, index + 2);
      }
    }
  }

  /** Writes full runs; call inside the LMDB transaction of a block. */
  write(): void {
    for (const generation of this.#unwritten()) {
      for (const [bucket, row] of generation.rows().entries()) this.#rows.putSync(this.#runCount * BUCKET_COUNT + bucket, row);
      this.#storedEnd = generation.lastIndex + 1;
      this.#ends.putSync(this.#runCount, this.#storedEnd);
      this.#runCount++;
    }
  }

  /** The LMDB transaction is durable. */
  accept(): void {
    for (const generation of this.#unwritten()) generation.isStored = true;
  }

  #unwritten(): Generation[] {
    return this.#generations.filter(({ isFull, isStored }) => isFull && !isStored);
  }

  #findRecent(id: Bytes): number {
    for (let i = this.#generations.length - 1; i >= 0; i--) {
      const index = (this.#generations[i] as Generation).find(id);
      if (index >= 0) return index;
    }
    return -1;
  }
}

function startsWithPrefix(row: Bytes, at: number, id: Bytes): boolean {
  for (let i = 0; i < PREFIX_SIZE; i++) if (row[at + i] !== id[i]) return false;
  return true;
}
