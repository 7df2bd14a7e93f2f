/**
 * The shard's durable memory, one LMDB environment. Everything one group of readings causes commits in one transaction, so a crash
 * leaves the shard before the group or after it, whole. What is written with each group has keys in order, ten times faster than random
 * ones; what is found by random keys follows from it and is written late (`late-places.ts`, `digest-runs.ts`).
 *
 *   groups        group → what was decided and signed (`stored-group.ts`)
 *   firstIndexes  index of the first entry of a group → group
 *   envelopes     index → form:u8 ‖ data                               apart, so that nothing else is lost with them
 *   clones        device ‖ key number:u32 ‖ sequence:u64 → the second envelope under one sequence number
 *   anchors       size → anchor that took effect
 *   head          'shard' → its id, 'tree' → edge of the log (`CompactTree.encode`), 'placed' → u64, groups before it are in `places`,
 *                 'retired' → u64, envelopes before this index are gone
 *   places, digestRuns, erasures, erasedEntries: see `late-places.ts`, `digest-runs.ts`, `erasures.ts`
 */

import { type Bytes, encodeUint64, equalBytes, readUint64 } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { formatError } from '@oppidum/formats/errors';
import { fsyncFolder } from '@oppidum/node/durable-file';
import { closeToOthers, makeSecretFolder } from '@oppidum/node/key-files';
import { CompactTree } from '@oppidum/proofs/merkle-tree';
import { type Database, open, type RootDatabase } from 'lmdb';
import { DigestRuns } from './digest-runs.ts';
import { type DeviceKey, LatePlaces, parseSequenceKey, rangeOfDevice, sequenceKey } from './late-places.ts';
import type { ReceiptGroup } from './receipt-group.ts';
import { type Decision, encodeGroup, type SequencePlace, StoredGroup } from './stored-group.ts';
import { encodeAnchor, encodeClone, parseAnchor, parseClone } from './vault-records.ts';

/** How an envelope is stored: as sent, sealed under its subject's key (`subject-keys.ts`), or no longer: erased, or past its retention. */
export type EntryForm = 'plain' | 'sealed' | 'erased' | 'retired';

/** One entry of the shard's log as stored. */
export type VaultEntry = {
  readonly index: number;
  readonly digest: Bytes;
  /** When it was made durable. */
  readonly receivedMs: number;
  readonly form: EntryForm;
  readonly data: Bytes;
};

/** The second of two readings under one sequence number; the first is the entry at `firstIndex`. */
export type CloneRecord = SequencePlace & {
  readonly firstIndex: number;
  readonly digest: Bytes;
  readonly form: EntryForm;
  readonly data: Bytes;
};

/** An anchor that took effect: the shard at this size, by one action of this transaction. */
export type AnchorRecord = {
  readonly size: number;
  readonly transaction: Bytes;
  readonly action: number;
  readonly height: number;
  readonly timeMs: number;
};

/** All that one group writes. Entries have the indexes from the vault's size on, decisions the order of their positions. */
export type VaultGroup = {
  readonly receivedMs: number;
  readonly entries: readonly Pick<VaultEntry, 'form' | 'data'>[];
  readonly decisions: readonly Decision[];
  readonly clones: readonly CloneRecord[];
  readonly receipts: ReceiptGroup;
  /** The log with these entries. */
  readonly tree: CompactTree;
};

/** Keys and values in LMDB, prepared before the transaction: what throws inside one would be half written. */
type Put = { readonly into: Database<Bytes, never>; readonly key: unknown; readonly value: Bytes };

const FORMS: readonly EntryForm[] = ['plain', 'sealed', 'erased'];
const NOTHING = new Uint8Array(0);
/** Groups that were read last stay in memory, up to 150 kB each: who asks for one entry or receipt asks for its neighbours. */
const GROUP_COUNT_MAX = 16;

/** The durable side of a shard. One process per folder. */
export class Vault {
  readonly #root: RootDatabase;
  readonly #groups: Database<Bytes, number>;
  readonly #firstIndexes: Database<number, number>;
  readonly #envelopes: Database<Bytes, number>;
  readonly #head: Database<Bytes, string>;
  readonly #clones: Database<Bytes, Bytes>;
  readonly #anchors: Database<Bytes, number>;
  readonly #places: LatePlaces;
  readonly #digests: DigestRuns;
  readonly #known = new Map<number, StoredGroup>();
  #nextGroup: number;
  #size: number;
  #retired: number;

  /** Opens or makes the vault of this shard. Throws DATA_FOLDER_FOREIGN when it is another shard's. */
  static async open(folder: string, shard: Bytes): Promise<Vault> {
    await makeSecretFolder(folder);
    closeToOthers(folder);
    const vault = new Vault(folder);
    const stored = vault.#headValue('shard');
    if (stored === null) {
      await vault.#commit([{ into: vault.#head as never, key: 'shard', value: shard }]);
    } else if (!equalBytes(stored, shard)) throw formatError('DATA_FOLDER_FOREIGN', { folder, want: 'the vault of this shard' });
    // The name of LMDB's file, each time: whoever was killed before this has left one that may vanish.
    await fsyncFolder(folder);
    return vault;
  }

  private constructor(folder: string) {
    // Without `overlappingSync` a commit resolves only after its fsync.
    this.#root = open({ path: folder, overlappingSync: false, maxDbs: 16, noSubdir: false });
    const binary = { encoding: 'binary' } as const;
    this.#groups = this.#root.openDB('groups', binary);
    this.#firstIndexes = this.#root.openDB('firstIndexes', { encoding: 'ordered-binary' });
    this.#envelopes = this.#root.openDB('envelopes', binary);
    this.#head = this.#root.openDB('head', binary);
    this.#clones = this.#root.openDB('clones', { ...binary, keyEncoding: 'binary' });
    this.#anchors = this.#root.openDB('anchors', binary);
    this.#places = new LatePlaces(this.#root);
    this.#digests = new DigestRuns(this.#root);
    this.#nextGroup = nextKey(this.#groups);
    const last = this.#nextGroup === 0 ? null : this.#group(this.#nextGroup - 1);
    this.#size = last === null ? 0 : last.firstIndex + last.entryCount;
    this.#retired = this.#headNumber('retired');
    this.#remember();
  }

  /** What groups decided that is not in the tables written late, is in memory. */
  #remember(): void {
    const placed = this.#headNumber('placed');
    for (let number = placed; number < this.#nextGroup; number++) this.#places.add(this.#group(number).decisions());
    const stored = this.#digests.storedEnd;
    for (const group of this.#groupsFrom(stored))
      for (let i = Math.max(stored, group.firstIndex); i < group.firstIndex + group.entryCount; i++)
        this.#digests.add(group.digestOf(i));
  }

  #headNumber(key: 'placed' | 'retired'): number {
    const stored = this.#headValue(key);
    return stored === null ? 0 : readUint64(stored, 0);
  }

  /** The environment, for the databases of `erasures.ts`, which commit together with entries. */
  get environment(): RootDatabase {
    return this.#root;
  }

  /** Number of entries: the next index. */
  get size(): number {
    return this.#size;
  }

  /** Envelopes before this index are past their retention and gone. */
  get retired(): number {
    return this.#retired;
  }

  /** The number of the next group. */
  get nextGroup(): number {
    return this.#nextGroup;
  }

  /** The edge of the log of all entries. */
  tree(crypto: Crypto): CompactTree {
    const edge = this.#headValue('tree');
    return edge === null ? new CompactTree(crypto) : CompactTree.parse(crypto, edge);
  }

  /** Makes a group durable: resolves after fsync. One at a time. */
  async commit({ receivedMs, entries, decisions, clones, receipts, tree }: VaultGroup): Promise<void> {
    const [number, firstIndex] = [this.#nextGroup, this.#size];
    const puts: Put[] = [];
    const put = (into: unknown, key: unknown, value: unknown) => puts.push({ into, key, value } as Put);
    put(this.#groups, number, encodeGroup(receipts, { receivedMs, firstIndex, decisions }));
    if (entries.length > 0) put(this.#firstIndexes, firstIndex, number);
    for (const [i, row] of encodeEnvelopes(entries).entries()) put(this.#envelopes, firstIndex + i, row);
    for (const clone of clones) put(this.#clones, sequenceKey(clone), encodeClone(clone));
    put(this.#head, 'tree', tree.encode());
    const places = this.#places.isDue ? this.#places.rows() : null;
    if (places !== null) put(this.#head, 'placed', encodeUint64(number));
    const run = this.#digests.isDue ? this.#digests.rows() : null;
    await this.#commit(puts, () => {
      this.#places.put(places ?? []);
      this.#digests.put(run ?? []);
    });
    // COMMIT POINT
    this.#nextGroup = number + 1;
    this.#size = firstIndex + entries.length;
    if (places !== null) this.#places.forget();
    if (run !== null) this.#digests.forget();
    this.#places.add(decisions);
    for (const { outcome, digest } of decisions) if (typeof outcome === 'number') this.#digests.add(digest);
  }

  /** Entries from an index on, ascending. */
  *entriesFrom(index: number, limit = Number.MAX_SAFE_INTEGER): Generator<VaultEntry> {
    let left = limit;
    for (const group of this.#groupsFrom(index)) {
      const start = Math.max(index, group.firstIndex);
      const count = Math.min(left, group.firstIndex + group.entryCount - start);
      for (let i = start; i < Math.min(start + count, this.#retired); i++) yield retiredEntry(group, i);
      const range = { start: Math.max(start, this.#retired), end: start + count };
      if (range.start < range.end) for (const { key, value } of this.#envelopes.getRange(range)) yield entryOf(group, key, value);
      left -= count;
      if (left <= 0) return;
    }
  }

  entry(index: number): VaultEntry | null {
    if (index >= 0 && index < this.#retired) return retiredEntry(this.#groupWith(index), index);
    const row = this.#envelopes.get(index);
    return row === undefined ? null : entryOf(this.#groupWith(index), index, row);
  }

  /** Index of an entry by its digest, or null. */
  indexOf(digest: Bytes): number | null {
    for (const index of this.#digests.candidates(digest))
      if (equalBytes(this.#groupWith(index).digestOf(index), digest)) return index;
    return null;
  }

  decision(place: SequencePlace & DeviceKey): Decision | null {
    const found = this.#places.find(place);
    return found === null ? null : this.#group(found.group).decisionAt(found.position);
  }

  /** Highest sequence number decided for a device key; 0 when none. */
  highestSequence(key: DeviceKey): number {
    return this.#places.highestSequence(key);
  }

  /** What was decided about the sequence numbers of a device key from one on, ascending, at most `limit`. */
  decisionsFrom({ sequence, ...key }: SequencePlace, limit: number): Decision[] {
    return this.#places.ofKey(key, sequence, limit).map(({ group, position }) => this.#group(group).decisionAt(position));
  }

  /** The decision that kept an entry. */
  decisionOf(index: number): Decision {
    return this.#groupWith(index).decisionOf(index);
  }

  /** Every kept entry of a device: its index in the log. */
  *indexesOf(device: Bytes): Generator<number> {
    for (const { group, position } of [...this.#places.ofDevice(device)]) {
      const { outcome } = this.#group(group).decisionAt(position);
      if (typeof outcome === 'number') yield outcome;
    }
  }

  /** What all receipts of a group follow from. */
  group(number: number): ReceiptGroup {
    return this.#group(number).receipts;
  }

  clone(place: SequencePlace): CloneRecord | null {
    const row = this.#clones.get(sequenceKey(place));
    return row === undefined ? null : parseClone(place, new Uint8Array(row));
  }

  /** All clones, by device, key and sequence number. */
  *clones(): Generator<CloneRecord> {
    for (const { key, value } of this.#clones.getRange()) yield parseClone(parseSequenceKey(key), new Uint8Array(value));
  }

  /** Remembers an anchor that took effect; the blocks of the node have it too, should this be lost. */
  async putAnchor(anchor: AnchorRecord): Promise<void> {
    await this.#commit([{ into: this.#anchors as never, key: anchor.size, value: encodeAnchor(anchor) }]);
  }

  /** The earliest anchor whose tree contains `index`, or null while it is not anchored. */
  anchorCovering(index: number): AnchorRecord | null {
    for (const { key, value } of this.#anchors.getRange({ start: index + 1, limit: 1 })) return parseAnchor(key, value);
    return null;
  }

  /** The newest anchor, or null. */
  newestAnchor(): AnchorRecord | null {
    for (const { key, value } of this.#anchors.getRange({ reverse: true, limit: 1 })) return parseAnchor(key, value);
    return null;
  }

  /** Removes the envelopes of these entries and the device's clones, together with what `more` puts; resolves after fsync. */
  async erase(device: Bytes, indexes: readonly number[], more: () => void): Promise<void> {
    const row = Uint8Array.of(FORMS.indexOf('erased'));
    const clones = [...this.#clones.getKeys(rangeOfDevice(device))];
    // DURABLE: group
    await this.#root.batch(() => {
      for (const index of indexes) void this.#envelopes.put(index, row);
      for (const key of clones) void this.#clones.remove(key);
      more();
    });
  }

  /** The first entry, from where envelopes begin and before `end`, that was received at this time or later. */
  firstReceived(timeMs: number, end: number): number {
    for (const group of this.#groupsFrom(this.#retired)) {
      if (group.firstIndex >= end) return end;
      if (group.receivedMs >= timeMs) return Math.max(this.#retired, group.firstIndex);
    }
    return Math.min(end, this.#size);
  }

  /** Drops the envelopes before an index, and the clones of readings among them; digests, decisions and receipts stay. Resolves after fsync. */
  async retire(end: number): Promise<void> {
    const start = this.#retired;
    if (end <= start || end > this.#size) return;
    const clones = [...this.clones()].filter(({ firstIndex }) => firstIndex < end).map(sequenceKey);
    // One transaction: the boundary and the rows go together.
    // DURABLE: group
    await this.#root.batch(() => {
      void this.#head.put('retired', encodeUint64(end));
      for (let index = start; index < end; index++) void this.#envelopes.remove(index);
      for (const key of clones) void this.#clones.remove(key);
    });
    // COMMIT POINT
    this.#retired = end;
  }

  async close(): Promise<void> {
    await this.#root.close();
  }

  #headValue(key: string): Bytes | null {
    const row = this.#head.get(key);
    return row === undefined ? null : new Uint8Array(row);
  }

  #group(number: number): StoredGroup {
    const known = this.#known.get(number);
    if (known !== undefined) return known;
    const row = this.#groups.get(number);
    if (row === undefined) throw new Error(`the vault has no group ${number}`);
    const group = new StoredGroup(number, new Uint8Array(row));
    const oldest = this.#known.keys().next();
    if (this.#known.size >= GROUP_COUNT_MAX && oldest.done === false) this.#known.delete(oldest.value);
    this.#known.set(number, group);
    return group;
  }

  /** The group with the entry at this index, which exists. */
  #groupWith(index: number): StoredGroup {
    for (const { value } of this.#firstIndexes.getRange({ start: index, reverse: true, limit: 1 })) return this.#group(value);
    throw new Error(`no group of the vault has entry ${index}`);
  }

  /** Groups that have entries, from the one with this index on. */
  *#groupsFrom(index: number): Generator<StoredGroup> {
    for (let next = index; next < this.#size; ) {
      const group = this.#groupWith(next);
      yield group;
      next = group.firstIndex + group.entryCount;
    }
  }

  /**
   * One durable transaction. `batch` writes in LMDB's own thread, so nothing here waits for the disk; `transaction` of lmdb 3.5.6 never
   * resolves without `overlappingSync`.
   */
  async #commit(puts: readonly Put[], more: () => void = () => undefined): Promise<void> {
    // DURABLE: group
    await this.#root.batch(() => {
      for (const { into, key, value } of puts) void into.put(key as never, value);
      more();
    });
  }
}

function nextKey(database: Database<Bytes, number>): number {
  for (const key of database.getKeys({ reverse: true, limit: 1 })) return key + 1;
  return 0;
}

/** Rows of `envelopes`, as parts of one buffer: LMDB asks for the address of each buffer. */
function encodeEnvelopes(entries: readonly Pick<VaultEntry, 'form' | 'data'>[]): Bytes[] {
  let size = 0;
  for (const { data } of entries) size += 1 + data.length;
  const joined = new Uint8Array(size);
  let start = 0;
  return entries.map(({ form, data }) => {
    const end = start + 1 + data.length;
    const row = joined.subarray(start, end);
    row[0] = FORMS.indexOf(form);
    row.set(data, 1);
    start = end;
    return row;
  });
}

function retiredEntry(group: StoredGroup, index: number): VaultEntry {
  return { index, digest: group.digestOf(index), receivedMs: group.receivedMs, form: 'retired', data: NOTHING };
}

function entryOf(group: StoredGroup, index: number, row: Bytes): VaultEntry {
  const bytes = new Uint8Array(row);
  const form = FORMS[bytes[0] ?? FORMS.length];
  if (form === undefined) throw new Error(`entry ${index} of the vault is damaged`);
  return { index, digest: group.digestOf(index), receivedMs: group.receivedMs, form, data: bytes.subarray(1) };
}
