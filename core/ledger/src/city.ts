/**
 * The city as an action sees it: records, time, and who is asking. Writes go to a layer that is kept or dropped whole.
 */

import type { Bytes } from '@oppidum/formats/bytes';
import { compareBytes, toHex, toOctets } from '@oppidum/formats/bytes';
import type { CborValue } from '@oppidum/formats/cbor';
import type { Crypto } from '@oppidum/formats/crypto';
import type { Rejection } from '@oppidum/formats/errors';
import type { LedgerEvent } from '@oppidum/formats/result';
import type { Schema } from '@oppidum/formats/schema';
import {
  type AnyKind,
  encodeState,
  parseKey,
  parseState,
  prefixRange,
  type Segment,
  type StateRef,
} from '@oppidum/formats/state-layout';
import type { Action } from '@oppidum/formats/transaction';

/** A record as stored. */
export type StoredRecord = { readonly key: Bytes; readonly value: Bytes };

/** One changed key; `null` removes it. */
export type StateChange = { readonly key: Bytes; readonly value: Bytes | null };

/**
 * What the ledger reads state from: the state after the last block. `scan` yields [lo, hi] in key order. `name` is `toOctets` of the key,
 * from whoever has it already.
 */
export type StateReader = {
  readonly read: (key: Bytes, name?: string) => Bytes | null;
  readonly scan: (lo: Bytes, hi: Bytes) => Iterable<StoredRecord>;
  /** `read` of many, for who can look for them side by side. */
  readonly readAll?: (places: readonly StatePlace[]) => readonly (Bytes | null)[];
};

/** A key and `toOctets` of it. */
export type StatePlace = { readonly key: Bytes; readonly name: string };

/** Values of many keys, in their order. */
function readAll(state: StateReader, places: readonly StatePlace[]): readonly (Bytes | null)[] {
  return state.readAll?.(places) ?? places.map(({ key, name }) => state.read(key, name));
}

/** A signer whose signature was verified: the account, which of its keys, and that key's class. */
export type VerifiedSigner = { readonly account: Bytes; readonly keyNumber: number; readonly class: 'everyday' | 'full' };

/** On whose authority an action runs: the signers of the transaction, or a body that approved a proposal. */
export type Authority = { readonly signers: readonly VerifiedSigner[] } | { readonly body: Bytes };

/** What an action may read and do. */
export type City = {
  readonly crypto: Crypto;
  /** Genesis hash: the audience of everything meant for this city. */
  readonly genesis: Bytes;
  readonly height: number;
  /** Block time, milliseconds. */
  readonly timeMs: number;
  /** Id of the transaction that is running; zero bytes at genesis and at the beginning of a block. */
  readonly transactionId: Bytes;
  readonly authority: Authority;
  /** The record, or null. */
  read<V>(ref: StateRef<V>): V | null;
  /** The record that an earlier check proved to exist; its absence is a broken invariant. */
  get<V>(ref: StateRef<V>): V;
  write<V>(ref: StateRef<V>, value: V): void;
  remove<V>(ref: StateRef<V>): void;
  /** All records of a kind under these leading segments, in key order. */
  scan<V>(
    kind: { readonly name: string; readonly value: Schema<V> },
    ...segments: readonly Segment[]
  ): { segments: readonly Segment[]; value: V }[];
  emit(kind: string, body: Readonly<Record<string, CborValue>>): void;
  /** Refuses an action that nobody could ever run: ACTION_UNKNOWN or a FormatError of its body. */
  checkAction(action: Action): Rejection | null;
  /** Runs actions on a body's authority inside the present transaction; the first refusal undoes everything. */
  execute(actions: readonly Action[], body: Bytes): Rejection | null;
};

/** Area, kind and first id of a key: what most scans fix. */
const PREFIX_SIZE = 34;

/** Uncommitted writes by key; once somebody scans, also the keys by their prefix. */
class Layer {
  readonly changes = new Map<string, StateChange>();
  #names: Map<string, string[]> | null = null;

  put(name: string, change: StateChange): void {
    if (this.#names !== null && !this.changes.has(name)) addName(this.#names, name);
    this.changes.set(name, change);
  }

  clear(): void {
    if (this.changes.size === 0) return;
    this.changes.clear();
    this.#names = null;
  }

  /** Changes of keys in [lo, hi]. */
  within(lo: Bytes, hi: Bytes): readonly StateChange[] {
    if (this.changes.size === 0) return [];
    const prefix = toOctets(lo).slice(0, PREFIX_SIZE);
    const isOnePrefix = prefix.length === PREFIX_SIZE && toOctets(hi).startsWith(prefix);
    const names = isOnePrefix ? (this.#byPrefix().get(prefix) ?? []) : [...this.changes.keys()];
    if (names.length === 0) return [];
    const changes = names.map((name) => this.changes.get(name) as StateChange);
    return changes.filter(({ key }) => compareBytes(key, lo) >= 0 && compareBytes(key, hi) <= 0);
  }

  #byPrefix(): ReadonlyMap<string, readonly string[]> {
    if (this.#names !== null) return this.#names;
    const names = new Map<string, string[]>();
    for (const name of this.changes.keys()) addName(names, name);
    this.#names = names;
    return names;
  }
}

function addName(names: Map<string, string[]>, name: string): void {
  const prefix = name.slice(0, PREFIX_SIZE);
  const known = names.get(prefix);
  if (known === undefined) names.set(prefix, [name]);
  else known.push(name);
}

type ReadRecord = { readonly value: Bytes; readonly kind: unknown; readonly record: unknown };

/** A pile of uncommitted writes over a reader: block layer below, transaction layer above. */
export class StateOverlay {
  readonly #base: StateReader;
  readonly #block = new Layer();
  readonly #transaction = new Layer();
  readonly #records = new Map<string, ReadRecord>();

  constructor(base: StateReader) {
    this.#base = base;
  }

  /** Latest value of a key, uncommitted writes included. */
  read(key: Bytes): Bytes | null {
    const name = toOctets(key);
    const change = this.#transaction.changes.get(name) ?? this.#block.changes.get(name);
    return change === undefined ? this.#base.read(key, name) : change.value;
  }

  /**
   * The record behind the latest value, or null. Nobody writes to it: records read more than once in a block are parsed once, and a
   * value that is still the same array still means the same record.
   */
  readRecord<V>(ref: StateRef<V>): V | null {
    const name = toOctets(ref.key);
    const change = this.#transaction.changes.get(name) ?? this.#block.changes.get(name);
    const value = change === undefined ? this.#base.read(ref.key, name) : change.value;
    if (value === null) return null;
    const known = this.#records.get(name);
    if (known !== undefined && known.value === value && known.kind === ref.kind) return known.record as V;
    const record = parseState(ref.kind, value);
    this.#records.set(name, { value, kind: ref.kind, record });
    return record;
  }

  put(key: Bytes, value: Bytes | null): void {
    this.#transaction.put(toOctets(key), { key, value });
  }

  /** Records in [lo, hi] with uncommitted writes merged in, in key order. */
  scan(lo: Bytes, hi: Bytes): StoredRecord[] {
    const [inBlock, inTransaction] = [this.#block.within(lo, hi), this.#transaction.within(lo, hi)];
    if (inBlock.length + inTransaction.length === 0) return [...this.#base.scan(lo, hi)];
    const merged = new Map<string, StoredRecord>();
    for (const record of this.#base.scan(lo, hi)) merged.set(toOctets(record.key), record);
    for (const { key, value } of [...inBlock, ...inTransaction]) {
      if (value === null) merged.delete(toOctets(key));
      else merged.set(toOctets(key), { key, value });
    }
    return [...merged.values()].sort((a, b) => compareBytes(a.key, b.key));
  }

  /** Keeps the writes of the transaction. */
  keep(): void {
    for (const [name, change] of this.#transaction.changes) this.#block.put(name, change);
    this.#transaction.clear();
  }

  /** Forgets the writes of the transaction. */
  drop(): void {
    this.#transaction.clear();
  }

  /** All kept changes of the block that differ from the base, in key order. */
  changes(): StateChange[] {
    const written = [...this.#block.changes.values()];
    const places = Array.from(this.#block.changes, ([name, { key }]) => ({ key, name }));
    const before = readAll(this.#base, places);
    const changes = written.filter(({ value }, i) => differs(before[i] as Bytes | null, value));
    return changes.sort((a, b) => compareBytes(a.key, b.key));
  }
}

function differs(before: Bytes | null, after: Bytes | null): boolean {
  if (before === null || after === null) return before !== after;
  return compareBytes(before, after) !== 0;
}

/** What surrounds one transaction. */
export type CityContext = Pick<
  City,
  'crypto' | 'genesis' | 'height' | 'timeMs' | 'transactionId' | 'authority' | 'checkAction' | 'execute'
>;

/** A city view over an overlay; events land in `events`. */
export function cityView(overlay: StateOverlay, context: CityContext, events: LedgerEvent[]): City {
  return new CityView(overlay, context, events);
}

/** One per transaction and authority: methods, because closures would be made anew each time. */
class CityView implements City {
  readonly crypto: Crypto;
  readonly genesis: Bytes;
  readonly height: number;
  readonly timeMs: number;
  readonly transactionId: Bytes;
  readonly authority: Authority;
  readonly checkAction: City['checkAction'];
  readonly execute: City['execute'];
  readonly #overlay: StateOverlay;
  readonly #events: LedgerEvent[];

  constructor(overlay: StateOverlay, context: CityContext, events: LedgerEvent[]) {
    this.#overlay = overlay;
    this.#events = events;
    this.crypto = context.crypto;
    this.genesis = context.genesis;
    this.height = context.height;
    this.timeMs = context.timeMs;
    this.transactionId = context.transactionId;
    this.authority = context.authority;
    this.checkAction = context.checkAction;
    this.execute = context.execute;
  }

  read<V>(ref: StateRef<V>): V | null {
    return this.#overlay.readRecord(ref);
  }

  get<V>(ref: StateRef<V>): V {
    const value = this.#overlay.readRecord(ref);
    if (value === null) throw new Error(`no ${ref.kind.name} at ${toHex(ref.key)}`);
    return value;
  }

  write<V>(ref: StateRef<V>, value: V): void {
    this.#overlay.put(ref.key, encodeState(ref.kind, value));
  }

  remove<V>(ref: StateRef<V>): void {
    this.#overlay.put(ref.key, null);
  }

  scan<V>(kind: { readonly name: string; readonly value: Schema<V> }, ...segments: readonly Segment[]) {
    const { lo, hi } = prefixRange(kind as unknown as AnyKind, segments);
    return this.#overlay.scan(lo, hi).map(({ key, value }) => ({
      segments: parseKey(kind as unknown as AnyKind, key) as readonly Segment[],
      value: parseState(kind as unknown as AnyKind, value) as V,
    }));
  }

  emit(kind: string, body: Readonly<Record<string, CborValue>>): void {
    this.#events.push({ kind, body: new Map(Object.entries(body)) });
  }
}
