/** Committed records of some kinds in memory, in another process than the store: as many as a telemetry shard asks for. */

import { type Bytes, compareBytes, toOctets } from '@oppidum/formats/bytes';
import type { KeyRange } from '@oppidum/formats/state-layout';
import { kindOfKey } from '@oppidum/formats/state-registry';
import type { StateChange, StoredRecord } from '@oppidum/ledger/city';

/** Area, kind and first id of a key: what most scans fix. */
const PREFIX_SIZE = 34;
const KIND_SIZE = 2;

/** Of one kind: records by key, and the keys by their prefix. */
type Shelf = Map<string, Map<string, StoredRecord>>;

/** Records by key. Asking for a kind that is not mirrored is a fault of ours. */
export class StateMirror {
  readonly #kinds: ReadonlySet<string>;
  readonly #shelves = new Map<string, Shelf>();

  /** `kinds`: names of the kinds that are mirrored. */
  constructor(kinds: readonly string[]) {
    this.#kinds = new Set(kinds);
  }

  read(key: Bytes): Bytes | null {
    this.#assertMirrored(key);
    const name = toOctets(key);
    return this.#shelves.get(name.slice(0, KIND_SIZE))?.get(name.slice(0, PREFIX_SIZE))?.get(name)?.value ?? null;
  }

  /** Records in [lo, hi] of one kind, ascending. */
  scan({ lo, hi }: KeyRange): readonly StoredRecord[] {
    this.#assertMirrored(lo);
    const [low, high] = [toOctets(lo), toOctets(hi)];
    const shelf: Shelf = this.#shelves.get(low.slice(0, KIND_SIZE)) ?? new Map();
    const prefix = low.slice(0, PREFIX_SIZE);
    const isOnePrefix = prefix.length === PREFIX_SIZE && high.startsWith(prefix);
    const groups = isOnePrefix ? [shelf.get(prefix)] : [...shelf.values()];
    const found = groups.flatMap((group) => [...(group?.entries() ?? [])].filter(([name]) => name >= low && name <= high));
    return found.map(([, record]) => record).sort((a, b) => compareBytes(a.key, b.key));
  }

  apply({ key, value }: StateChange): void {
    this.#assertMirrored(key);
    const name = toOctets(key);
    const [kind, prefix] = [name.slice(0, KIND_SIZE), name.slice(0, PREFIX_SIZE)];
    const shelf: Shelf = this.#shelves.get(kind) ?? new Map();
    const group = shelf.get(prefix) ?? new Map<string, StoredRecord>();
    if (value === null) group.delete(name);
    else group.set(name, { key, value });
    if (group.size > 0) shelf.set(prefix, group);
    else shelf.delete(prefix);
    this.#shelves.set(kind, shelf);
  }

  #assertMirrored(key: Bytes): void {
    const kind = kindOfKey(key)?.name ?? 'none';
    if (!this.#kinds.has(kind)) throw new Error(`records of kind ${kind} are not mirrored`);
  }
}
