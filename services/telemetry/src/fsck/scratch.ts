/**
 * A second state of the city, made again block by block, outside the data folder: values in a database that is thrown away, the Merkle
 * tree in memory. So a city of any size is checked in about the memory that running it takes.
 */

import { rmSync } from 'node:fs';
import { type Bytes, concatBytes, encodeUint64, readUint64, toHex } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { LIMITS } from '@oppidum/formats/limits';
import type { StateChange, StateReader, StoredRecord } from '@oppidum/ledger/city';
import { StateTree } from '@oppidum/proofs/state-tree';
import { type Database, open, type RootDatabase } from 'lmdb';

/** A value and the height of the block that wrote it; `value` null: removed there. */
export type DatedValue = { readonly height: number; readonly value: Bytes | null };

const binary = { encoding: 'binary', keyEncoding: 'binary' } as const;

/** The state after some block, and what was remembered on the way. One per run; `close` removes it. */
export class Scratch implements StateReader {
  readonly #folder: string;
  readonly #crypto: Crypto;
  readonly #root: RootDatabase;
  readonly #state: Database<Bytes, Bytes>;
  readonly #claims: Database<Bytes, Bytes>;
  readonly #times: Database<number, number>;
  readonly #ids: Database<Bytes, Bytes>[];
  readonly #tree: StateTree;
  #idsBegan = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  #keyCount = 0;

  /** `folder` is an empty folder of our own. */
  constructor(folder: string, crypto: Crypto) {
    this.#folder = folder;
    this.#crypto = crypto;
    // Nothing here needs to survive: no fsync.
    this.#root = open({ path: folder, noSync: true, overlappingSync: false, maxDbs: 8, noSubdir: false });
    this.#state = this.#root.openDB('state', binary);
    this.#claims = this.#root.openDB('claims', binary);
    this.#times = this.#root.openDB('times', { encoding: 'ordered-binary' });
    this.#ids = ['ids0', 'ids1'].map((name) => this.#root.openDB(name, binary));
    this.#tree = new StateTree(crypto);
  }

  get root(): Bytes {
    return this.#tree.rootHash(this.#tree.newest).slice();
  }

  get keyCount(): number {
    return this.#keyCount;
  }

  readonly read = (key: Bytes): Bytes | null => this.dated(key)?.value ?? null;

  /** Present value of a key with the height that wrote it, or null. */
  dated(key: Bytes): DatedValue | null {
    const row = this.#state.get(Buffer.from(key));
    return row === undefined ? null : { height: readUint64(row, 0), value: new Uint8Array(row.subarray(8)) };
  }

  readonly scan = (lo: Bytes, hi: Bytes): StoredRecord[] => {
    // The end of a range in LMDB is not part of it; no key is a prefix of another.
    const range = { start: Buffer.from(lo), end: Buffer.from(concatBytes(hi, Uint8Array.of(0))) };
    return [...this.#state.getRange(range)].map(({ key, value }) => ({
      key: new Uint8Array(key),
      value: new Uint8Array(value.subarray(8)),
    }));
  };

  /** Every record with its height, by key. */
  *all(): Generator<DatedValue & { readonly key: Bytes }> {
    for (const { key, value } of this.#state.getRange())
      yield { key: new Uint8Array(key), height: readUint64(value, 0), value: new Uint8Array(value.subarray(8)) };
  }

  /** The root after these changes; they are part of the tree, not of what is read, until `accept` or `takeBack`. */
  preview(changes: readonly StateChange[]): Bytes {
    const version = this.#tree.apply(
      changes.map(({ key, value }) => ({ key, valueDigest: value === null ? null : this.#crypto.sha256(value) })),
    );
    return this.#tree.rootHash(version).slice();
  }

  /** Forgets the previewed changes. */
  takeBack(): void {
    this.#tree.rollBack();
  }

  /** Makes the previewed changes the state. */
  accept(height: number, changes: readonly StateChange[]): void {
    this.#tree.releaseBefore(this.#tree.newest);
    this.#keyCount = this.#tree.keyCount(this.#tree.newest);
    this.#write(() => {
      for (const { key, value } of changes) {
        if (value === null) this.#state.removeSync(Buffer.from(key));
        else this.#state.putSync(Buffer.from(key), Buffer.from(concatBytes(encodeUint64(height), value)));
      }
    });
  }

  /** Takes over records as they are claimed, with their heights; their root was previewed. */
  acceptClaims(): void {
    this.#tree.releaseBefore(this.#tree.newest);
    this.#keyCount = this.#tree.keyCount(this.#tree.newest);
    for (const { key, height, value } of this.claims()) {
      if (value !== null) this.#state.putSync(Buffer.from(key), Buffer.from(concatBytes(encodeUint64(height), value)));
    }
  }

  /** Remembers what stored records claim about their keys: of each key the newest. */
  claim(records: readonly (DatedValue & { readonly key: Bytes })[]): void {
    const newest = new Map<string, DatedValue & { readonly key: Bytes }>();
    for (const record of records) {
      const name = toHex(record.key);
      const known = newest.get(name) ?? this.claimed(record.key);
      if (known === null || known.height <= record.height) newest.set(name, record);
    }
    this.#write(() => {
      for (const { key, height, value } of newest.values()) {
        const row = concatBytes(encodeUint64(height), Uint8Array.of(value === null ? 0 : 1), value ?? new Uint8Array(0));
        this.#claims.putSync(Buffer.from(key), Buffer.from(row));
      }
    });
  }

  /** The newest claim about a key, or null. */
  claimed(key: Bytes): DatedValue | null {
    const row = this.#claims.get(Buffer.from(key));
    return row === undefined ? null : parseClaim(row);
  }

  /** All newest claims, by key. */
  *claims(): Generator<DatedValue & { readonly key: Bytes }> {
    for (const { key, value } of this.#claims.getRange()) yield { key: new Uint8Array(key), ...parseClaim(value) };
  }

  /** Remembers when a block was, and its executed transactions for as long as they could come again. */
  addBlock(height: number, timeMs: number, ids: readonly Bytes[]): void {
    if (timeMs - (this.#idsBegan[0] as number) > LIMITS.transactionLifetimeMs) {
      this.#ids.reverse();
      this.#idsBegan = [timeMs, this.#idsBegan[0] as number];
      this.#ids[0]?.clearSync();
    }
    this.#write(() => {
      for (const id of ids) this.#ids[0]?.putSync(Buffer.from(id), Buffer.from(encodeUint64(timeMs)));
      this.#times.putSync(timeMs, height);
    });
  }

  /** True for ids executed within LIMITS.transactionLifetimeMs, and some older ones: those are EXPIRED anyhow. */
  readonly hasId = (id: Bytes): boolean => this.#ids.some((ids) => ids.doesExist(Buffer.from(id)));

  /** The height of the last block at or before a time, or null. */
  heightAt(timeMs: number): number | null {
    for (const { value } of this.#times.getRange({ start: timeMs, reverse: true, limit: 1 })) return value;
    return null;
  }

  /** One commit. Nothing is read inside: LMDB's cursors do not outlive the transaction that they were opened in. */
  #write(work: () => void): void {
    this.#root.transactionSync(work);
  }

  async close(): Promise<void> {
    await this.#root.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function parseClaim(row: Bytes): DatedValue {
  return { height: readUint64(row, 0), value: row[8] === 0 ? null : new Uint8Array(row.subarray(9)) };
}
