/**
 * Everything a node must not lose, in one LMDB environment: blocks, state, ids of transactions and the head of the log. A block and
 * all it caused commit in one durable transaction, so a crash at any point leaves the node after block h or after block h + 1, whole.
 *
 *   blocks        height → `stored-block.ts`        one value a block: many small keys would cost five times as much
 *   firstIndexes  log index of a block's first leaf → its height
 *   head          'head' → [height, timeMs, edge of the log], 'chain' → genesis hash
 *   stateLog, stateHeights (`state-store.ts`), transactionRuns, transactionRunEnds (`transaction-index.ts`)
 */

import { type BlockLeaf, parseLeaf } from '@oppidum/formats/block-log';
import { type Bytes, equalBytes, toHex } from '@oppidum/formats/bytes';
import { encodeCbor, parseCbor } from '@oppidum/formats/cbor';
import type { Crypto } from '@oppidum/formats/crypto';
import { formatError } from '@oppidum/formats/errors';
import { LIMITS } from '@oppidum/formats/limits';
import { leafHash } from '@oppidum/proofs/merkle-hash';
import { CompactTree } from '@oppidum/proofs/merkle-tree';
import { type Database, open, type RootDatabase } from 'lmdb';
import type { CommittedTransaction } from './client.ts';
import { fsyncFolderSync } from './durable-file.ts';
import { StateStore, type StateStoreOptions } from './state-store.ts';
import {
  type DecidedBlock,
  encodeStoredBlock,
  parseStoredBlock,
  parseStoredIds,
  type StoredBlock,
  storedBlockOf,
} from './stored-block.ts';
import { TransactionIndex } from './transaction-index.ts';
import { WeightedCache } from './weighted-cache.ts';

/** Bytes that parsed blocks may take in memory: two blocks of a busy ledger, a quarter of an hour of a quiet one. */
const BLOCK_CACHE_SIZE = 8 * 2 ** 20;
/** Block leaves at hand: whoever signs, cosigns or proves asks for them again and again, and a whole block is much to parse for one. */
const BLOCK_LEAF_COUNT_MAX = 512;
/** What an array takes in memory beyond its bytes (half of it V8 does not count), and the rest of an outcome, events above all: measured. */
const ARRAY_OVERHEAD = 400;
const OUTCOME_OVERHEAD = 2_000;

/** The last committed block; the app hash is the RFC 6962 root of the log of `logSize` leaves. */
export type StoreHead = { readonly height: number; readonly timeMs: number; readonly logSize: number; readonly appHash: Bytes };

/** The leaf that closes a block, and where it stands in the log. */
type IndexedBlockLeaf = { readonly index: number; readonly leaf: BlockLeaf };

export type NodeStoreOptions = Omit<StateStoreOptions, 'environment' | 'crypto'> & {
  readonly folder: string;
  readonly crypto: Crypto;
  /** The city whose node this is; without it, whichever is stored. */
  readonly genesisHash?: Bytes;
  readonly readOnly?: boolean;
};

/** The durable side of a node. One process per folder. */
export class NodeStore {
  readonly #crypto: Crypto;
  readonly #environment: RootDatabase;
  readonly #blocks: Database<Bytes, number>;
  readonly #firstIndexes: Database<number, number>;
  readonly #head: Database<Bytes, string>;
  readonly #index: TransactionIndex;
  readonly #parsed = new WeightedCache<number, StoredBlock>(BLOCK_CACHE_SIZE, sizeInMemory);
  readonly state: StateStore;
  /** The newest, ascending, without a gap between them. */
  readonly #blockLeaves: IndexedBlockLeaf[] = [];
  #tree: CompactTree;
  #last: StoreHead | null;

  /** Opens or makes the store. Throws DATA_FOLDER_FOREIGN when it is another city's; a plain Error when it is damaged. */
  static open(options: NodeStoreOptions): NodeStore {
    return new NodeStore(options);
  }

  private constructor({ folder, crypto, genesisHash, readOnly, ...state }: NodeStoreOptions) {
    this.#crypto = crypto;
    // Without `overlappingSync` a transaction returns only after its fsync.
    const environment = open({ path: folder, overlappingSync: false, maxDbs: 16, readOnly: readOnly ?? false });
    this.#environment = environment;
    this.#blocks = environment.openDB({ name: 'blocks', encoding: 'binary' });
    this.#firstIndexes = environment.openDB({ name: 'firstIndexes', encoding: 'ordered-binary' });
    this.#head = environment.openDB({ name: 'head', encoding: 'binary' });
    this.state = StateStore.open({ environment, crypto, ...state });
    this.#index = new TransactionIndex(environment);
    this.#tree = new CompactTree(crypto);
    this.#last = this.#loadHead();
    if (genesisHash !== undefined) this.#claim(folder, genesisHash);
    this.#loadIndex();
  }

  /** The last committed block, or null before genesis. */
  get head(): StoreHead | null {
    return this.#last;
  }

  /** The genesis hash of the city that is stored, or null in a new store. */
  get genesisHash(): Bytes | null {
    return this.#get('chain');
  }

  /** The edge of the committed log (`CompactTree.encode`). */
  get edge(): Bytes {
    return this.#tree.encode();
  }

  /** The log as it will be with these leaves; hashes of the subtrees that they complete go to `hashes`, in order. */
  logWith(leaves: readonly Bytes[], hashes: Bytes[] = []): CompactTree {
    const tree = this.#tree.copy();
    for (const leaf of leaves) tree.append(leafHash(this.#crypto, leaf), (_level, _index, hash) => hashes.push(hash));
    return tree;
  }

  /** Commits a block; one with a block leaf has its changes in `state.preview`. Returns it when everything about it is durable. */
  commit(block: DecidedBlock): StoredBlock {
    // DURABLE: block
    this.#environment.transactionSync(() => {
      if (block.hasBlockLeaf) this.state.write();
      this.#writeBlock(block);
    });
    // COMMIT POINT
    if (block.hasBlockLeaf) this.state.accept();
    return this.#accept(block);
  }

  /** True for ids executed within the last LIMITS.transactionLifetimeMs. */
  hasTransaction(id: Bytes): boolean {
    return this.#index.hasRecent(id);
  }

  /** An executed transaction of any age, or null. */
  transaction(id: Bytes): CommittedTransaction | null {
    for (const index of this.#index.candidates(id)) {
      const block = this.#blockOfLeaf(index);
      const outcome = block?.outcomes.find((candidate) => 'executed' in candidate && candidate.executed.index === index);
      if (outcome !== undefined && 'executed' in outcome && equalBytes(outcome.executed.id, id)) return outcome.executed;
    }
    return null;
  }

  /** A stored block, or null: none yet of this height, or older than the snapshot this store began with. */
  block(height: number): StoredBlock | null {
    const known = this.#parsed.get(height);
    if (known !== undefined) return known;
    const data = this.#blocks.get(height);
    if (data === undefined) return null;
    const block = parseStoredBlock(height, plain(data));
    this.#parsed.set(height, block);
    return block;
  }

  /** Stored blocks from a height on, at most `limit`, ascending. */
  blocks(fromHeight: number, limit: number): StoredBlock[] {
    const heights = [...this.#blocks.getKeys({ start: fromHeight, limit })];
    return heights.map((height) => this.block(height) as StoredBlock);
  }

  /** The lowest height that is stored, or null. */
  get firstHeight(): number | null {
    const [first] = [...this.#blocks.getKeys({ limit: 1 })];
    return first ?? null;
  }

  /** The log index from which on leaves are stored: 0, unless the store began with a snapshot. */
  get firstIndex(): number {
    const first = this.firstHeight;
    return first === null ? 0 : (this.block(first) as StoredBlock).firstIndex;
  }

  /** Every leaf from a log index on, block by block. */
  *leavesFrom(index: number): Generator<Bytes[]> {
    const first = this.#heightOfLeaf(index);
    if (first === null) return;
    for (const height of this.#blocks.getKeys({ start: first })) {
      const { firstIndex, leaves } = this.block(height) as StoredBlock;
      const skip = Math.max(0, index - firstIndex);
      if (leaves.length > skip) yield leaves.slice(skip);
    }
  }

  /** The newest block leaf among the first `size` leaves, or null. */
  newestBlockLeaf(size: number): IndexedBlockLeaf | null {
    const known = this.#blockLeaves.findLast(({ index }) => index < size);
    if (known !== undefined) return known;
    for (const { value: height } of this.#firstIndexes.getRange({ start: size - 1, reverse: true, limit: 2 })) {
      const { firstIndex, leaves } = this.block(height) as StoredBlock;
      const index = firstIndex + leaves.length - 1;
      if (index >= size) continue;
      const leaf = parseLeaf(leaves.at(-1) as Bytes);
      if ('block' in leaf) return { index, leaf: leaf.block };
    }
    return null;
  }

  /**
   * The blocks with leaves up to a height whose transaction ids still count at this time, and before them one that no longer counts,
   * where there is one; ascending.
   */
  windowBlocks(height: number, timeMs: number): StoredBlock[] {
    const blocks: StoredBlock[] = [];
    for (const { value } of this.#firstIndexes.getRange({ reverse: true })) {
      if (value > height) continue;
      const block = this.block(value) as StoredBlock;
      blocks.push(block);
      if (block.timeMs <= timeMs - LIMITS.transactionLifetimeMs) break;
    }
    return blocks.reverse();
  }

  /** Makes these blocks, the last of which has its state in `state.preview`, the beginning of an empty store, at once. */
  restore(blocks: readonly DecidedBlock[]): void {
    const newest = blocks.at(-1);
    if (this.#last !== null || newest === undefined) throw new Error('only an empty store is restored, and not to nothing');
    this.#environment.transactionSync(() => {
      this.state.write();
      for (const block of blocks) this.#writeBlock(block);
    });
    // COMMIT POINT
    this.state.accept();
    for (const block of blocks) this.#accept(block);
  }

  async close(): Promise<void> {
    await this.#environment.close();
  }

  #writeBlock(block: DecidedBlock): void {
    const { height, timeMs, firstIndex, leaves, log } = block;
    this.#blocks.putSync(height, encodeStoredBlock(block));
    if (leaves.length > 0) this.#firstIndexes.putSync(firstIndex, height);
    this.#head.putSync('head', encodeCbor([height, timeMs, log.encode()]));
    this.#index.write();
  }

  /** The block is durable. */
  #accept(block: DecidedBlock): StoredBlock {
    const { height, timeMs, log, outcomes } = block;
    this.#index.accept();
    this.#tree = log;
    this.#last = { height, timeMs, logSize: log.size, appHash: log.root().slice() };
    for (const outcome of outcomes) {
      if ('executed' in outcome) this.#index.add(outcome.executed.id, outcome.executed.index, timeMs);
    }
    this.#index.forget(timeMs);
    const stored = storedBlockOf(block);
    if (block.hasBlockLeaf) this.#keepBlockLeaf(log.size - 1, block.leaves.at(-1) as Bytes);
    // Neighbours ask for new blocks first, and for the newest leaf at each checkpoint.
    this.#parsed.set(height, stored);
    return stored;
  }

  #keepBlockLeaf(index: number, bytes: Bytes): void {
    const leaf = parseLeaf(bytes);
    if (!('block' in leaf)) throw new Error('a block ends with a transaction leaf');
    this.#blockLeaves.push({ index, leaf: leaf.block });
    if (this.#blockLeaves.length > BLOCK_LEAF_COUNT_MAX) this.#blockLeaves.shift();
  }

  #get(key: string): Bytes | null {
    const value = this.#head.get(key);
    return value === undefined ? null : plain(value);
  }

  #loadHead(): StoreHead | null {
    const row = this.#get('head');
    if (row === null) return null;
    const [height, timeMs, edge] = parseCbor(row) as [number, number, Bytes];
    this.#tree = CompactTree.parse(this.#crypto, edge);
    return { height, timeMs, logSize: this.#tree.size, appHash: this.#tree.root().slice() };
  }

  #claim(folder: string, genesisHash: Bytes): void {
    const stored = this.genesisHash;
    if (stored === null) this.#environment.transactionSync(() => this.#head.putSync('chain', genesisHash));
    else if (!equalBytes(stored, genesisHash))
      throw formatError('DATA_FOLDER_FOREIGN', { folder, want: toHex(genesisHash), got: toHex(stored) });
    // LMDB syncs its file and not the file's name. Each time: whoever was killed before it could has left a name that may vanish.
    fsyncFolderSync(folder);
  }

  /** Ids that no stored run has, and those of the replay window. */
  #loadIndex(): void {
    if (this.#last === null) return;
    const windowFrom = this.#heightAfter(this.#last.timeMs - LIMITS.transactionLifetimeMs);
    const runsEnd = this.#heightOfLeaf(this.#index.storedEnd) ?? this.#last.height;
    for (const { value } of this.#blocks.getRange({ start: Math.min(windowFrom, runsEnd) })) {
      const { timeMs, firstIndex, ids } = parseStoredIds(plain(value));
      for (const [i, id] of ids.entries()) this.#index.add(id, firstIndex + i, timeMs);
    }
  }

  /** From here on every stored block but the last is later than this time; time ascends with height. A snapshot brought no blocks without leaves. */
  #heightAfter(timeMs: number): number {
    let [low, high] = [this.firstHeight ?? 0, this.#last?.height ?? 0];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      for (const { key, value } of this.#blocks.getRange({ start: middle, limit: 1 })) {
        if (parseStoredIds(plain(value)).timeMs > timeMs) high = middle;
        else low = Math.min(key + 1, high);
      }
    }
    return low;
  }

  #heightOfLeaf(index: number): number | null {
    const [found] = [...this.#firstIndexes.getRange({ start: index, reverse: true, limit: 1 })];
    return found?.value ?? this.firstHeight;
  }

  #blockOfLeaf(index: number): StoredBlock | null {
    const height = this.#heightOfLeaf(index);
    return height === null ? null : this.block(height);
  }
}

/** About the bytes that a parsed block takes: 15 kB where it has one anchor. */
function sizeInMemory({ outcomes, leaves, changes }: StoredBlock): number {
  const sizeOf = (bytes: Bytes | null): number => ARRAY_OVERHEAD + (bytes?.length ?? 0);
  let size = OUTCOME_OVERHEAD * (1 + outcomes.length);
  for (const outcome of outcomes) size += sizeOf('executed' in outcome ? outcome.executed.envelope : outcome.envelope);
  for (const leaf of leaves) size += sizeOf(leaf);
  for (const { key, value } of changes) size += sizeOf(key) + sizeOf(value);
  return size;
}

/** LMDB hands out Buffers, whose `slice` shares memory; formats want plain bytes. */
function plain(data: Bytes): Bytes {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
