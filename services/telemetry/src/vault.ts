/**
 * The shard's durable memory, one LMDB environment. Everything one group of readings causes commits in one transaction, so a crash
 * leaves the shard before the group or after it, whole.
 *
 *   entries    index → received:u64 ‖ digest ‖ form:u8 ‖ data      by index: ordered writes are ten times faster than by hash
 *   digests    digest → index
 *   decisions  device ‖ key number:u32 ‖ sequence:u64 → what was said about that sequence number
 *   groups     group → size:u16 ‖ signed head ‖ leaf hashes         every receipt of the group follows from it
 *   head       'shard' → its id, 'tree' → edge of the log (`CompactTree.encode`)
 *   clones     as decisions → the second envelope under one sequence number
 *   anchors    size → anchor that took effect
 *   erasures, erasedEntries: see `erasures.ts`
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
import { encodeCbor, parseCbor } from '@oppidum/formats/cbor';
import type { Crypto } from '@oppidum/formats/crypto';
import { formatError } from '@oppidum/formats/errors';
import { fsyncFolder, makeFolder } from '@oppidum/node/durable-file';
import { CompactTree } from '@oppidum/proofs/merkle-tree';
import { type Database, open, type RootDatabase } from 'lmdb';
import type { ReceiptGroup } from './receipt-group.ts';

/** How an envelope is stored: as sent, sealed under its subject's key (`subject-keys.ts`), or no longer. */
export type EntryForm = 'plain' | 'sealed' | 'erased';

/** One entry of the shard's log as stored. */
export type VaultEntry = {
  readonly index: number;
  readonly digest: Bytes;
  /** When it was made durable. */
  readonly receivedMs: number;
  readonly form: EntryForm;
  readonly data: Bytes;
};

/** Names one sequence number of one device key. */
export type SequencePlace = { readonly device: Bytes; readonly keyNumber: number; readonly sequence: number };

/** What was decided, once and for all, about one sequence number of one device key; its receipt follows from the group. */
export type Decision = SequencePlace & {
  /** Of the payload (`SubjectKeys.digest` where it is about people): another signature over the same payload is the same reading. */
  readonly contentDigest: Bytes;
  readonly digest: Bytes;
  readonly group: number;
  readonly position: number;
  /** Index in the log, or the code of the refusal. */
  readonly outcome: number | string;
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

/** All that one group writes. */
export type VaultGroup = {
  readonly entries: readonly VaultEntry[];
  readonly decisions: readonly Decision[];
  readonly clones: readonly CloneRecord[];
  readonly number: number;
  readonly receipts: ReceiptGroup;
  /** The log with these entries. */
  readonly tree: CompactTree;
};

/** Keys and values in LMDB, prepared before the transaction: what throws inside one would be half written. */
type Put = { readonly into: Database<Bytes, never>; readonly key: unknown; readonly value: Bytes };

const FORMS: readonly EntryForm[] = ['plain', 'sealed', 'erased'];
const DIGEST_SIZE = 32;
const ENTRY_HEADER_SIZE = 8 + DIGEST_SIZE + 1;
const HIGHEST_COUNT_MAX = 65_536;

/** The durable side of a shard. One process per folder. */
export class Vault {
  readonly #root: RootDatabase;
  readonly #entries: Database<Bytes, number>;
  readonly #digests: Database<number, Bytes>;
  readonly #decisions: Database<Bytes, Bytes>;
  readonly #groups: Database<Bytes, number>;
  readonly #head: Database<Bytes, string>;
  readonly #clones: Database<Bytes, Bytes>;
  readonly #anchors: Database<Bytes, number>;
  /** Highest sequence numbers of the device keys that sent last, so that what is new is not looked up. */
  readonly #highest = new Map<string, number>();

  /** Opens or makes the vault of this shard. Throws DATA_FOLDER_FOREIGN when it is another shard's. */
  static async open(folder: string, shard: Bytes): Promise<Vault> {
    for (const changed of await makeFolder(folder)) await fsyncFolder(changed);
    const vault = new Vault(folder);
    const stored = vault.#headValue('shard');
    if (stored === null) {
      await vault.#commit([{ into: vault.#head as never, key: 'shard', value: shard }]);
      await fsyncFolder(folder);
    } else if (!equalBytes(stored, shard)) throw formatError('DATA_FOLDER_FOREIGN', { folder, want: 'the vault of this shard' });
    return vault;
  }

  private constructor(folder: string) {
    // Without `overlappingSync` a commit resolves only after its fsync.
    this.#root = open({ path: folder, overlappingSync: false, maxDbs: 16, noSubdir: false });
    const binary = { encoding: 'binary' } as const;
    this.#entries = this.#root.openDB('entries', binary);
    this.#digests = this.#root.openDB('digests', { encoding: 'ordered-binary', keyEncoding: 'binary' });
    this.#decisions = this.#root.openDB('decisions', { ...binary, keyEncoding: 'binary' });
    this.#groups = this.#root.openDB('groups', binary);
    this.#head = this.#root.openDB('head', binary);
    this.#clones = this.#root.openDB('clones', { ...binary, keyEncoding: 'binary' });
    this.#anchors = this.#root.openDB('anchors', binary);
  }

  /** The environment, for the databases of `erasures.ts`, which commit together with entries. */
  get environment(): RootDatabase {
    return this.#root;
  }

  /** Number of entries: the next index. */
  get size(): number {
    return nextKey(this.#entries);
  }

  /** The number of the next group. */
  get nextGroup(): number {
    return nextKey(this.#groups);
  }

  /** The edge of the log of all entries. */
  tree(crypto: Crypto): CompactTree {
    const edge = this.#headValue('tree');
    return edge === null ? new CompactTree(crypto) : CompactTree.parse(crypto, edge);
  }

  /** Makes a group durable: resolves after fsync. */
  async commit(group: VaultGroup): Promise<void> {
    const puts: Put[] = [];
    const put = (into: unknown, key: unknown, value: Bytes) => puts.push({ into: into as Put['into'], key, value });
    for (const entry of group.entries) {
      put(this.#entries, entry.index, encodeEntry(entry));
      puts.push({ into: this.#digests as never, key: Buffer.from(entry.digest), value: entry.index as never });
    }
    for (const decision of group.decisions) put(this.#decisions, sequenceKey(decision), encodeDecision(decision));
    for (const clone of group.clones) put(this.#clones, sequenceKey(clone), encodeClone(clone));
    put(this.#groups, group.number, encodeGroup(group.receipts));
    put(this.#head, 'tree', group.tree.encode());
    await this.#commit(puts);
    // COMMIT POINT
    for (const decision of group.decisions) {
      const name = highestName(decision);
      if ((this.#highest.get(name) ?? decision.sequence) < decision.sequence) this.#highest.set(name, decision.sequence);
    }
  }

  /** Entries from an index on, ascending. */
  *entriesFrom(index: number, limit = Number.MAX_SAFE_INTEGER): Generator<VaultEntry> {
    for (const { key, value } of this.#entries.getRange({ start: index, limit })) yield parseEntry(key, value);
  }

  entry(index: number): VaultEntry | null {
    const row = this.#entries.get(index);
    return row === undefined ? null : parseEntry(index, row);
  }

  /** Index of an entry by its digest, or null. */
  indexOf(digest: Bytes): number | null {
    return this.#digests.get(Buffer.from(digest)) ?? null;
  }

  decision(place: SequencePlace): Decision | null {
    if (place.sequence > this.highestSequence(place)) return null;
    const row = this.#decisions.get(sequenceKey(place));
    return row === undefined ? null : parseDecision(place, new Uint8Array(row));
  }

  /** Highest sequence number decided for a device key; 0 when none. */
  highestSequence(place: Omit<SequencePlace, 'sequence'>): number {
    const name = highestName(place);
    const known = this.#highest.get(name);
    if (known !== undefined) return known;
    const { device, keyNumber } = place;
    const start = sequenceKey({ device, keyNumber, sequence: Number.MAX_SAFE_INTEGER });
    const end = sequenceKey({ device, keyNumber, sequence: 0 });
    let highest = 0;
    for (const key of this.#decisions.getKeys({ start, end, reverse: true, limit: 1 })) highest = parseSequenceKey(key).sequence;
    if (this.#highest.size >= HIGHEST_COUNT_MAX) this.#highest.clear();
    this.#highest.set(name, highest);
    return highest;
  }

  /** Every kept entry of a device: index and the key of its decision. */
  *indexesOf(device: Bytes): Generator<number> {
    for (const { key, value } of this.#decisions.getRange(rangeOfDevice(device))) {
      const { outcome } = parseDecision(parseSequenceKey(key), new Uint8Array(value));
      if (typeof outcome === 'number') yield outcome;
    }
  }

  /** What all receipts of a group follow from. */
  group(number: number): ReceiptGroup {
    const row = this.#groups.get(number);
    if (row === undefined) throw new Error(`the vault has no group ${number}`);
    return parseGroup(new Uint8Array(row));
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
    const erased = { form: 'erased', data: new Uint8Array(0) } as const;
    const rows = indexes.map((index) => ({ index, row: encodeEntry({ ...(this.entry(index) as VaultEntry), ...erased }) }));
    const clones = [...this.#clones.getKeys(rangeOfDevice(device))];
    await this.#root.batch(() => {
      for (const { index, row } of rows) void this.#entries.put(index, row);
      for (const key of clones) void this.#clones.remove(key);
      more();
    });
  }

  async close(): Promise<void> {
    await this.#root.close();
  }

  #headValue(key: string): Bytes | null {
    const row = this.#head.get(key);
    return row === undefined ? null : new Uint8Array(row);
  }

  /**
   * One durable transaction. `batch` writes in LMDB's own thread, so nothing here waits for the disk; `transaction` of lmdb 3.5.6 never
   * resolves without `overlappingSync`.
   */
  async #commit(puts: readonly Put[]): Promise<void> {
    await this.#root.batch(() => {
      for (const { into, key, value } of puts) void into.put(key as never, value);
    });
  }
}

function nextKey(database: Database<Bytes, number>): number {
  for (const key of database.getKeys({ reverse: true, limit: 1 })) return key + 1;
  return 0;
}

function highestName({ device, keyNumber }: Omit<SequencePlace, 'sequence'>): string {
  return `${toOctets(device)}${keyNumber}`;
}

function sequenceKey({ device, keyNumber, sequence }: SequencePlace): Buffer {
  return Buffer.from(concatBytes(device, encodeUint32(keyNumber), encodeUint64(sequence)));
}

function parseSequenceKey(key: Bytes): SequencePlace {
  const bytes = new Uint8Array(key);
  return { device: bytes.slice(0, 32), keyNumber: readUint32(bytes, 32), sequence: readUint64(bytes, 36) };
}

/** All keys of a device in LMDB, where the end is not included. */
function rangeOfDevice(device: Bytes): { readonly start: Buffer; readonly end: Buffer } {
  return { start: Buffer.from(device), end: Buffer.from(concatBytes(device, new Uint8Array(13).fill(0xff))) };
}

function encodeEntry({ receivedMs, digest, form, data }: VaultEntry): Bytes {
  return concatBytes(encodeUint64(receivedMs), digest, Uint8Array.of(FORMS.indexOf(form)), data);
}

function parseEntry(index: number, row: Bytes): VaultEntry {
  const bytes = new Uint8Array(row);
  const form = FORMS[bytes[ENTRY_HEADER_SIZE - 1] ?? FORMS.length];
  if (form === undefined) throw new Error(`entry ${index} of the vault is damaged`);
  return {
    index,
    receivedMs: readUint64(bytes, 0),
    digest: bytes.slice(8, 8 + DIGEST_SIZE),
    form,
    data: bytes.subarray(ENTRY_HEADER_SIZE),
  };
}

function encodeDecision({ contentDigest, digest, group, position, outcome }: Decision): Bytes {
  return encodeCbor([contentDigest, digest, group, position, outcome]);
}

function parseDecision({ device, keyNumber, sequence }: SequencePlace, row: Bytes): Decision {
  const [contentDigest, digest, group, position, outcome] = parseCbor(row) as [Bytes, Bytes, number, number, number | string];
  return { device, keyNumber, sequence, contentDigest, digest, group, position, outcome };
}

function encodeClone({ firstIndex, digest, form, data }: CloneRecord): Bytes {
  return encodeCbor([firstIndex, digest, form, data]);
}

function parseClone({ device, keyNumber, sequence }: SequencePlace, row: Bytes): CloneRecord {
  const [firstIndex, digest, form, data] = parseCbor(row) as [number, Bytes, EntryForm, Bytes];
  return { device, keyNumber, sequence, firstIndex, digest, form, data };
}

function encodeGroup({ signedHead, leafHashes }: ReceiptGroup): Bytes {
  return encodeCbor([signedHead, concatBytes(...leafHashes)]);
}

function parseGroup(row: Bytes): ReceiptGroup {
  const [signedHead, hashes] = parseCbor(row) as [Bytes, Bytes];
  const count = hashes.length / DIGEST_SIZE;
  const leafHashes = Array.from({ length: count }, (_, i) => hashes.slice(i * DIGEST_SIZE, (i + 1) * DIGEST_SIZE));
  return { signedHead, leafHashes };
}

function encodeAnchor({ transaction, action, height, timeMs }: AnchorRecord): Bytes {
  return encodeCbor([transaction, action, height, timeMs]);
}

function parseAnchor(size: number, row: Bytes): AnchorRecord {
  const [transaction, action, height, timeMs] = parseCbor(new Uint8Array(row)) as [Bytes, number, number, number];
  return { size, transaction, action, height, timeMs };
}
