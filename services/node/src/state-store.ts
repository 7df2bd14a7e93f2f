/**
 * The durable state map: values in a log (`StateLog`), the Merkle tree over them in memory, one leaf of the tree naming one record
 * of the log. A block goes: `preview` (new root, memory only) → `write` inside the caller's LMDB transaction, so that block and
 * state commit with one fsync → `accept`, or `rollBack` when the transaction failed. A crash leaves the root before or after.
 *
 * History. Each block is a version of the tree; versions of the last `historyHeights` blocks are kept, those of the last `historyMs` as far
 * as memory for them reaches, and those from a height on that somebody holds, and with them the records they name. After a restart they
 * are built again from the log, which holds every record with its height.
 *
 * Cleaning. When less than half of the log's records are named by a kept version, each commit also rewrites pages from the left end:
 * what the oldest kept version names is written again at the right end, the rest is dropped. Only pages older than the history are
 * touched. A removal is dropped only at its second meeting: until then an older record of its key may stand to its right.
 */

import { type Bytes, concatBytes, encodeUint64, readUint64, toOctets } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { formatError } from '@oppidum/formats/errors';
import type { KeyRange } from '@oppidum/formats/state-layout';
import type { StateChange, StatePlace, StoredRecord } from '@oppidum/ledger/city';
import { BYTE_KEYS, isInRange } from '@oppidum/proofs/state-bits';
import { EMPTY } from '@oppidum/proofs/state-nodes';
import { encodeStateProof } from '@oppidum/proofs/state-proof';
import type { NodeRef } from '@oppidum/proofs/state-prove';
import type { StateTree } from '@oppidum/proofs/state-tree';
import type { Database, RootDatabase } from 'lmdb';
import { RecentValues } from './recent-values.ts';
import { type KeptHeight, type KeptRow, loadState } from './state-load.ts';
import { PageWriter, StateLog } from './state-log.ts';

export type StateStoreOptions = {
  readonly environment: RootDatabase;
  readonly crypto: Crypto;
  /** Proofs for at least so many heights back, whatever they cost. */
  readonly historyHeights?: number;
  /** Proofs for at least this long back, as far as `historyNodeCountMax` reaches. */
  readonly historyMs?: number;
  /** Tree nodes (about 46 bytes each) that history beyond `historyHeights` may cost. */
  readonly historyNodeCountMax?: number;
  /** The same where somebody holds a height. */
  readonly heldNodeCountMax?: number;
  /** Cleaning begins when the log has this many records more than twice what is named. */
  readonly cleanSlackCount?: number;
};

/** A block between `preview` and `accept`; `write` fills in what cleaning did beside it. */
type Preview = {
  readonly kept: KeptHeight;
  readonly writer: PageWriter;
  readonly changes: readonly StateChange[];
  readonly moves: { readonly leaf: NodeRef; readonly tag: number }[];
  cleanedTo: number;
  cleanedCount: number;
};

/** Bytes of one generation of values at hand: more than CheckTx reads for all that waits for a block. */
const RECENT_SIZE_MAX = 6 * 2 ** 20;

/** The one place where state is stored; everything else sees values, roots and proofs. */
export class StateStore {
  readonly #crypto: Crypto;
  readonly #log: StateLog;
  readonly #rows: Database<Bytes, number>;
  readonly #tree: StateTree;
  readonly #options: Required<StateStoreOptions>;
  /** Ascending; the last is the committed state. Empty before the first block. */
  readonly #kept: KeptHeight[];
  /** Heights whose rows the next commit removes. */
  #droppedRows: number[] = [];
  #firstPage: number;
  #nextPage: number;
  #recordCount: number;
  #preview: Preview | null = null;
  readonly #recent = new RecentValues(RECENT_SIZE_MAX);
  readonly #holds = new Set<{ readonly height: number }>();

  /** Opens the state and rebuilds the tree from the log. Throws a plain Error when the log does not have the root it was committed with. */
  static open(options: StateStoreOptions): StateStore {
    return new StateStore({
      historyHeights: 16,
      historyMs: 3_600_000,
      historyNodeCountMax: 262_144,
      heldNodeCountMax: 4_000_000,
      cleanSlackCount: 4096,
      ...options,
    });
  }

  private constructor(options: Required<StateStoreOptions>) {
    this.#options = options;
    this.#crypto = options.crypto;
    this.#log = new StateLog(options.environment);
    this.#rows = options.environment.openDB({ name: 'stateHeights', encoding: 'binary' });
    const rows = [...this.#rows.getRange()].map(({ key, value }) => parseRow(key, value));
    const loaded = loadState(options.crypto, this.#log, rows);
    this.#tree = loaded.tree;
    this.#kept = loaded.kept;
    this.#recordCount = loaded.recordCount;
    const { first, next } = this.#log.bounds();
    this.#firstPage = first;
    this.#nextPage = next;
  }

  /** Height of the last block that changed the state; −1 before the first. */
  get height(): number {
    return this.#kept.at(-1)?.height ?? -1;
  }

  /** The committed root. */
  get root(): Bytes {
    return this.#tree.rootHash(this.#version);
  }

  /** Keys of the committed state. */
  get keyCount(): number {
    return this.#tree.keyCount(this.#version);
  }

  /** Records in the log, named or not. */
  get recordCount(): number {
    return this.#recordCount;
  }

  /** Bytes of memory that the tree takes, its history included. */
  get treeSize(): number {
    return this.#tree.size;
  }

  /** The lowest height that still proves. */
  get oldestHeight(): number {
    return this.#kept[0]?.height ?? 0;
  }

  /** Committed value of a key, or null; shared with other readers, so nobody writes to it. `name` as `StateReader` has it. */
  read(key: Bytes, name = toOctets(key)): Bytes | null {
    const known = this.#recent.get(name);
    if (known !== undefined) return known;
    const value = this.#readVersion(this.#version, key);
    // That there is none the tree in memory says at once; and each new key is asked for when it is written.
    if (value !== null) this.#recent.add(name, value);
    return value;
  }

  /** `read` for many: what is not at hand is looked for side by side. */
  readAll(places: readonly StatePlace[]): readonly (Bytes | null)[] {
    const values = places.map(({ name }) => this.#recent.get(name));
    const unknown = places.filter((_, i) => values[i] === undefined);
    const leaves = this.#tree.findAll(this.#version, unknown);
    let next = 0;
    return places.map(({ name }, i) => {
      const known = values[i];
      if (known !== undefined) return known;
      const leaf = leaves[next++] as NodeRef;
      if (leaf === EMPTY) return null;
      const value = this.#log.readValue(this.#tree.tag(leaf));
      this.#recent.add(name, value);
      return value;
    });
  }

  /** Committed records in [lo, hi], in key order. */
  scan(lo: Bytes, hi: Bytes): Generator<StoredRecord> {
    return this.#scanVersion(this.#version, { lo, hi });
  }

  /** Keeps proofs from this height on, as far as `heldNodeCountMax` reaches, until the answer is called. */
  hold(height: number): () => void {
    const held = { height };
    this.#holds.add(held);
    return () => this.#holds.delete(held);
  }

  /** Value of a key after the block of this height. Throws STATE_PRUNED. */
  readAt(height: number, key: Bytes): Bytes | null {
    return this.#readVersion(this.#at(height), key);
  }

  /** Records in [lo, hi] after the block of this height. Throws STATE_PRUNED. */
  scanAt(height: number, lo: Bytes, hi: Bytes): Generator<StoredRecord> {
    return this.#scanVersion(this.#at(height), { lo, hi });
  }

  /** Root after the block of this height. Throws STATE_PRUNED. */
  rootAt(height: number): Bytes {
    return this.#tree.rootHash(this.#at(height));
  }

  /** Hash of everything under a prefix after the block of this height: an area's sub-root. Throws STATE_PRUNED. */
  prefixHashAt(height: number, prefix: Bytes): Bytes {
    return this.#tree.prefixHash(this.#at(height), prefix);
  }

  /** The encoded proof that shows all records in the ranges, and their values in key order. Throws STATE_PRUNED, TOO_LARGE. */
  proveAt(height: number, ranges: readonly KeyRange[]): { readonly proof: Bytes; readonly values: Bytes[] } {
    const version = this.#at(height);
    const proof = this.#tree.prove(version, ranges);
    const values: Bytes[] = [];
    for (const node of proof.nodes) {
      if (node.kind !== 'leaf' || !ranges.some((range) => isInRange(node.key, range, BYTE_KEYS))) continue;
      values.push(this.#readVersion(version, node.key) as Bytes);
    }
    return { proof: encodeStateProof(proof), values };
  }

  /**
   * The root after these changes, computed in memory; `read` and `scan` still answer from the committed state.
   * Each key at most once; heights ascend. Ends with `accept` or `rollBack`.
   */
  preview(height: number, timeMs: number, changes: readonly StateChange[]): Bytes {
    if (this.#preview !== null) throw new Error('a block is already being applied');
    if (height <= this.height) throw new Error(`height ${height} does not follow ${this.height}`);
    const writer = new PageWriter(this.#nextPage);
    const treeChanges = changes.map(({ key, value }) => {
      const tag = writer.add({ height, key, value, isCarried: false });
      return { key, valueDigest: value === null ? null : this.#crypto.sha256(value), tag };
    });
    const version = this.#tree.apply(treeChanges);
    const root = this.#tree.rootHash(version);
    this.#preview = {
      kept: { height, timeMs, firstPage: this.#nextPage, root, version },
      writer,
      changes,
      moves: [],
      cleanedTo: this.#firstPage,
      cleanedCount: 0,
    };
    return root;
  }

  /** Writes the previewed block; call inside the LMDB transaction that also writes the block itself. */
  write(): void {
    const preview = this.#previewed();
    const { kept, writer } = preview;
    for (const row of this.#droppedRows) this.#rows.removeSync(row);
    this.#rows.putSync(kept.height, encodeRow(kept));
    writer.finish();
    this.#clean(preview, Math.max(8, 4 * writer.pages.length));
    writer.finish();
    this.#log.write(writer);
  }

  /** The transaction is durable: the previewed block is the committed state now. */
  accept(): void {
    const { kept, writer, moves, cleanedTo, cleanedCount, changes } = this.#previewed();
    for (const { leaf, tag } of moves) this.#tree.setTag(leaf, tag);
    this.#nextPage += writer.pages.length;
    this.#firstPage = cleanedTo;
    this.#recordCount += writer.recordCount - cleanedCount;
    this.#kept.push(kept);
    for (const { key, value } of changes) this.#recent.replace(toOctets(key), value);
    this.#preview = null;
    this.#prune();
  }

  /** The transaction failed: nothing happened. */
  rollBack(): void {
    this.#previewed();
    this.#tree.rollBack();
    this.#preview = null;
  }

  get #version(): number {
    return this.#kept.at(-1)?.version ?? this.#tree.oldest;
  }

  #previewed(): Preview {
    if (this.#preview === null) throw new Error('no block is being applied');
    return this.#preview;
  }

  /** The version in force after the block of this height. */
  #at(height: number): number {
    let [low, high] = [0, this.#kept.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#kept[middle] as KeptHeight).height <= height) low = middle + 1;
      else high = middle;
    }
    const found = this.#kept[low - 1];
    if (found === undefined) throw formatError('STATE_PRUNED', { height, oldestHeight: this.oldestHeight });
    return found.version;
  }

  #readVersion(version: number, key: Bytes): Bytes | null {
    const leaf = this.#tree.find(version, key);
    return leaf === null ? null : this.#log.readValue(this.#tree.tag(leaf));
  }

  *#scanVersion(version: number, range: KeyRange): Generator<StoredRecord> {
    for (const leaf of this.#tree.leaves(version, range)) {
      yield { key: this.#tree.key(leaf), value: this.#log.readValue(this.#tree.tag(leaf)) };
    }
  }

  #clean(preview: Preview, pageCountMax: number): void {
    const { writer, moves } = preview;
    const base = this.#kept[0];
    if (base === undefined) return;
    // Pages from here on belong to heights after the oldest kept one.
    const end = Math.min(this.#kept[1]?.firstPage ?? this.#nextPage, this.#firstPage + pageCountMax);
    const recordCountMax = 2 * this.#tree.leafCount + this.#options.cleanSlackCount;
    while (preview.cleanedTo < end && this.#recordCount + writer.recordCount - preview.cleanedCount > recordCountMax) {
      for (const { tag, record } of this.#log.readPage(preview.cleanedTo)) {
        preview.cleanedCount++;
        const leaf = this.#tree.find(base.version, record.key);
        if (record.value === null) {
          if (leaf === null && !record.isCarried) writer.add({ ...record, isCarried: true });
        } else if (leaf !== null && this.#tree.tag(leaf) === tag) moves.push({ leaf, tag: writer.add(record) });
      }
      this.#log.removePage(preview.cleanedTo++);
    }
  }

  /** Lets go of versions that are older than both limits, or than the heights alone when history costs too much, and that nobody holds. */
  #prune(): void {
    const { historyHeights, historyMs, historyNodeCountMax, heldNodeCountMax } = this.#options;
    const newest = this.#kept.at(-1) as KeptHeight;
    const heldFrom = Math.min(...[...this.#holds].map(({ height }) => height));
    let count = 0;
    for (; count + 1 < this.#kept.length; count++) {
      const next = this.#kept[count + 1] as KeptHeight;
      if (next.height > newest.height - historyHeights + 1) break;
      if (next.height > heldFrom && this.#tree.staleCount <= heldNodeCountMax) break;
      if (next.timeMs > newest.timeMs - historyMs && this.#tree.staleCount <= historyNodeCountMax) break;
      this.#tree.releaseBefore(next.version);
    }
    this.#droppedRows = this.#kept.splice(0, count).map(({ height }) => height);
  }
}

function encodeRow({ timeMs, firstPage, root }: KeptHeight): Bytes {
  return concatBytes(encodeUint64(timeMs), encodeUint64(firstPage), root);
}

function parseRow(height: number, row: Bytes): KeptRow {
  return { height, timeMs: readUint64(row, 0), firstPage: readUint64(row, 8), root: new Uint8Array(row.subarray(16)) };
}
