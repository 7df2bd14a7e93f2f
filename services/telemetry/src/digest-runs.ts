/**
 * Which entry has a digest. Digests are random, and a B-tree of random keys is slow to grow; so they gather in memory and go to LMDB in
 * runs of 65,536 entries, 256 rows at once, at its right edge:
 *
 *   digestRuns   run × 256 + b → (first 8 bytes of the digest ‖ index: u48)*      the entries of that run whose digest begins with b
 *
 * Run r has the entries from r × 65,536 on. Those of the run that fills follow from the groups.
 */

import { type Bytes, readUint32 } from '@oppidum/formats/bytes';
import { HASH_SIZE } from '@oppidum/proofs/merkle-hash';
import type { Database, RootDatabase } from 'lmdb';

/** Entries of one run. */
const RUN_SIZE = 65_536;
const BUCKET_COUNT = 256;
const PREFIX_SIZE = 8;
const ITEM_SIZE = PREFIX_SIZE + 6;

/** The digests of a vault's entries. */
export class DigestRuns {
  readonly #rows: Database<Bytes, number>;
  #runCount: number;
  /** Digests from `storedEnd` on; those of a full run until it is stored. */
  #recent = new Uint8Array(2 * RUN_SIZE * HASH_SIZE);
  #recentCount = 0;

  constructor(environment: RootDatabase) {
    this.#rows = environment.openDB('digestRuns', { encoding: 'binary' });
    this.#runCount = 0;
    for (const key of this.#rows.getKeys({ reverse: true, limit: 1 })) this.#runCount = Math.floor(key / BUCKET_COUNT) + 1;
  }

  /** Entries below this index are in stored runs; those from it on must be added again after opening. */
  get storedEnd(): number {
    return this.#runCount * RUN_SIZE;
  }

  /** True when a run is full: it should be written with the next group. */
  get isDue(): boolean {
    return this.#recentCount >= RUN_SIZE;
  }

  /** The digest of the next durable entry. */
  add(digest: Bytes): void {
    const start = this.#recentCount * HASH_SIZE;
    if (start === this.#recent.length) {
      const grown = new Uint8Array(2 * this.#recent.length);
      grown.set(this.#recent);
      this.#recent = grown;
    }
    this.#recent.set(digest, start);
    this.#recentCount++;
  }

  /** The rows of the full run. */
  rows(): { readonly key: number; readonly value: Bytes }[] {
    const sizes = new Uint32Array(BUCKET_COUNT);
    for (let i = 0; i < RUN_SIZE; i++) addTo(sizes, this.#recent[i * HASH_SIZE] as number, ITEM_SIZE);
    const rows = Array.from(sizes, (size, first) => ({
      key: this.#runCount * BUCKET_COUNT + first,
      value: new Uint8Array(size),
    }));
    const ends = new Uint32Array(BUCKET_COUNT);
    for (let i = 0; i < RUN_SIZE; i++) {
      const first = this.#recent[i * HASH_SIZE] as number;
      const { value } = rows[first] as { readonly value: Bytes };
      const at = addTo(ends, first, ITEM_SIZE) - ITEM_SIZE;
      for (let j = 0; j < PREFIX_SIZE; j++) value[at + j] = this.#recent[i * HASH_SIZE + j] as number;
      let rest = this.storedEnd + i;
      for (let j = ITEM_SIZE - 1; j >= PREFIX_SIZE; j--) {
        value[at + j] = rest % 256;
        rest = Math.floor(rest / 256);
      }
    }
    return rows;
  }

  /** Puts what `rows` gave; within a batch of LMDB. */
  put(rows: readonly { readonly key: number; readonly value: Bytes }[]): void {
    for (const { key, value } of rows) void this.#rows.put(key, value);
  }

  /** That run is durable now. */
  forget(): void {
    this.#runCount++;
    this.#recent.copyWithin(0, RUN_SIZE * HASH_SIZE, this.#recentCount * HASH_SIZE);
    this.#recentCount -= RUN_SIZE;
  }

  /** Indexes at which this digest may stand, newest first, exactly one or none of them truly: the caller compares digests. */
  *candidates(digest: Bytes): Generator<number> {
    for (let i = this.#recentCount - 1; i >= 0; i--) if (startsAt(this.#recent, i * HASH_SIZE, digest)) yield this.storedEnd + i;
    for (let run = this.#runCount - 1; run >= 0; run--) {
      const row = this.#rows.get(run * BUCKET_COUNT + (digest[0] as number));
      for (let at = 0; row !== undefined && at < row.length; at += ITEM_SIZE) {
        if (!startsAt(row, at, digest)) continue;
        const index = at + PREFIX_SIZE;
        yield ((row[index] as number) * 256 + (row[index + 1] as number)) * 2 ** 32 + readUint32(row, index + 2);
      }
    }
  }
}

function startsAt(bytes: Bytes, at: number, digest: Bytes): boolean {
  for (let i = 0; i < PREFIX_SIZE; i++) if (bytes[at + i] !== digest[i]) return false;
  return true;
}

function addTo(sums: Uint32Array, i: number, more: number): number {
  const sum = (sums[i] as number) + more;
  sums[i] = sum;
  return sum;
}
