/**
 * The city as an action sees it: records, time, and who is asking. Writes go to a layer that is kept or dropped whole.
 */

import type { Bytes } from '@oppidum/formats/bytes';
import { compareBytes, toHex } from '@oppidum/formats/bytes';
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

/** What the ledger reads state from: the state after the last block. `scan` yields [lo, hi] in key order. */
export type StateReader = {
  readonly read: (key: Bytes) => Bytes | null;
  readonly scan: (lo: Bytes, hi: Bytes) => Iterable<StoredRecord>;
};

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

type Layer = Map<string, StateChange>;

/** A pile of uncommitted writes over a reader: block layer below, transaction layer above. */
export class StateOverlay {
  readonly #base: StateReader;
  readonly #block: Layer = new Map();
  #transaction: Layer = new Map();

  constructor(base: StateReader) {
    this.#base = base;
  }

  /** Latest value of a key, uncommitted writes included. */
  read(key: Bytes): Bytes | null {
    const name = layerName(key);
    const change = this.#transaction.get(name) ?? this.#block.get(name);
    return change === undefined ? this.#base.read(key) : change.value;
  }

  put(key: Bytes, value: Bytes | null): void {
    this.#transaction.set(layerName(key), { key, value });
  }

  /** Records in [lo, hi] with uncommitted writes merged in, in key order. */
  scan(lo: Bytes, hi: Bytes): StoredRecord[] {
    const merged = new Map<string, StoredRecord>();
    for (const record of this.#base.scan(lo, hi)) merged.set(layerName(record.key), record);
    for (const layer of [this.#block, this.#transaction]) {
      for (const [name, { key, value }] of layer) {
        if (compareBytes(key, lo) < 0 || compareBytes(key, hi) > 0) continue;
        if (value === null) merged.delete(name);
        else merged.set(name, { key, value });
      }
    }
    return [...merged.values()].sort((a, b) => compareBytes(a.key, b.key));
  }

  /** Keeps the writes of the transaction. */
  keep(): void {
    for (const [name, change] of this.#transaction) this.#block.set(name, change);
    this.#transaction = new Map();
  }

  /** Forgets the writes of the transaction. */
  drop(): void {
    this.#transaction = new Map();
  }

  /** All kept changes of the block that differ from the base, in key order. */
  changes(): StateChange[] {
    const changes = [...this.#block.values()].filter(({ key, value }) => differs(this.#base.read(key), value));
    return changes.sort((a, b) => compareBytes(a.key, b.key));
  }
}

function differs(before: Bytes | null, after: Bytes | null): boolean {
  if (before === null || after === null) return before !== after;
  return compareBytes(before, after) !== 0;
}

/** Keys as map names: one character per byte, cheaper than hex. */
function layerName(key: Bytes): string {
  return String.fromCharCode(...key);
}

/** What surrounds one transaction. */
export type CityContext = Pick<
  City,
  'crypto' | 'genesis' | 'height' | 'timeMs' | 'transactionId' | 'authority' | 'checkAction' | 'execute'
>;

/** A city view over an overlay; events land in `events`. */
export function cityView(overlay: StateOverlay, context: CityContext, events: LedgerEvent[]): City {
  const read = <V>(ref: StateRef<V>): V | null => {
    const value = overlay.read(ref.key);
    return value === null ? null : parseState(ref.kind, value);
  };
  return {
    ...context,
    read,
    get(ref) {
      const value = read(ref);
      if (value === null) throw new Error(`no ${ref.kind.name} at ${toHex(ref.key)}`);
      return value;
    },
    write: (ref, value) => overlay.put(ref.key, encodeState(ref.kind, value)),
    remove: (ref) => overlay.put(ref.key, null),
    scan<V>(kind: { readonly name: string; readonly value: Schema<V> }, ...segments: readonly Segment[]) {
      const { lo, hi } = prefixRange(kind as unknown as AnyKind, segments);
      const records = overlay.scan(lo, hi);
      return records.map(({ key, value }) => ({
        segments: parseKey(kind as unknown as AnyKind, key) as readonly Segment[],
        value: parseState(kind as unknown as AnyKind, value) as V,
      }));
    },
    emit(kind, body) {
      events.push({ kind, body: new Map(Object.entries(body)) });
    },
  };
}
