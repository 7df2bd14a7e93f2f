/** Taking snapshots of a store, and restoring them into an empty one against an app hash that somebody trusts. */

import { type BlockLeaf, parseLeaf, type TransactionLeaf } from '@oppidum/formats/block-log';
import { type Bytes, compareBytes, equalBytes } from '@oppidum/formats/bytes';
import { parseSign } from '@oppidum/formats/cose';
import type { Crypto } from '@oppidum/formats/crypto';
import { FormatError, formatError } from '@oppidum/formats/errors';
import { LIMITS } from '@oppidum/formats/limits';
import { encodeEvents, parseEvents } from '@oppidum/formats/result';
import { cityKind } from '@oppidum/formats/state-governance';
import { at, parseState } from '@oppidum/formats/state-layout';
import { keySizeOf } from '@oppidum/formats/state-registry';
import { transactionId } from '@oppidum/formats/transaction';
import type { Outcome } from '@oppidum/ledger/block';
import type { StoredRecord } from '@oppidum/ledger/city';
import { leafHash } from '@oppidum/proofs/merkle-hash';
import { CompactTree } from '@oppidum/proofs/merkle-tree';
import type { NodeStore } from './node-store.ts';
import { encodeChunks, parseChunk, type SnapshotManifest, type WindowBlock } from './snapshot-format.ts';
import type { DecidedBlock, StoredBlock } from './stored-block.ts';
import { findUnsigned } from './window-signatures.ts';

/** Every key of the state lies between these. */
const LOWEST = new Uint8Array(0);
const HIGHEST = new Uint8Array(LIMITS.stateKeySizeMax + 1).fill(0xff);

/** The chunks of the state under a head of the log of this size, and the log's edge before the window. Throws STATE_PRUNED. */
export function takeSnapshot(store: NodeStore, size: number): { readonly windowEdge: Bytes; readonly chunks: Generator<Bytes> } {
  const newest = store.newestBlockLeaf(size);
  if (newest === null || newest.index !== size - 1) throw new Error(`no block ends at ${size} leaves`);
  const { height, timeMs } = newest.leaf;
  const window = store.windowBlocks(height, timeMs);
  const [first] = window;
  if (first === undefined) throw new Error('a log with a block leaf has a block');
  const records = store.state.scanAt(height, LOWEST, HIGHEST);
  return { windowEdge: first.edge, chunks: encodeChunks(records, window.map(windowBlockOf)) };
}

function windowBlockOf({ outcomes, leaves }: StoredBlock): WindowBlock {
  const executed = outcomes.flatMap((outcome) => ('executed' in outcome ? [outcome.executed] : []));
  const transactions = executed.map(({ envelope, position, events }) => ({
    envelope,
    leaf: leaves[position] as Bytes,
    events: encodeEvents(events),
  }));
  return { transactions, blockLeaf: leaves.at(-1) as Bytes };
}

export type SnapshotRestoreOptions = {
  /** An empty store. */
  readonly store: NodeStore;
  readonly crypto: Crypto;
  readonly manifest: Pick<SnapshotManifest, 'windowEdge' | 'chunks'>;
  /** The root of the block log at the snapshot's checkpoint, from somebody who is trusted. */
  readonly appHash: Bytes;
};

/** One restore. Nothing is stored before everything is proven; then, when told to, all of it at once. */
export class SnapshotRestore {
  readonly #options: SnapshotRestoreOptions;
  readonly #records: StoredRecord[] = [];
  readonly #blocks: WindowBlock[] = [];
  #next = 0;
  /** The store holds the state in `state.preview`. */
  #isPreviewed = false;
  #isDiscarded = false;
  /** Null until all of it is proven. */
  #proven: readonly DecidedBlock[] | null = null;

  constructor(options: SnapshotRestoreOptions) {
    if (options.store.head !== null) throw new Error('a snapshot is restored into an empty store');
    this.#options = options;
  }

  /**
   * Takes chunk number `index`, in order; after the last the block after which this is the state, proven. Throws SNAPSHOT_INVALID, also
   * where it was discarded meanwhile.
   */
  async apply(index: number, chunk: Bytes): Promise<BlockLeaf | null> {
    try {
      this.#take(index, chunk);
      return this.#next < this.#options.manifest.chunks.length ? null : await this.#prove();
    } catch (error) {
      throw asInvalid(error as Error);
    }
  }

  /** Makes what is proven the beginning of the store, durably. */
  keep(): void {
    if (this.#proven === null) throw new Error('a snapshot is kept when it is proven');
    const blocks = this.#proven;
    this.#proven = null;
    this.#isPreviewed = false;
    // COMMIT POINT
    this.#options.store.restore(blocks);
  }

  /** Gives it up; nothing happened. */
  discard(): void {
    if (this.#isPreviewed) this.#options.store.state.rollBack();
    this.#isPreviewed = false;
    this.#isDiscarded = true;
    this.#proven = null;
  }

  #take(index: number, chunk: Bytes): void {
    const { crypto, manifest } = this.#options;
    const digest = manifest.chunks[index];
    if (index !== this.#next || digest === undefined) throw invalid('chunks in order', { index });
    if (!equalBytes(crypto.sha256(chunk), digest)) throw invalid('the chunk that the manifest names', { index });
    const parsed = parseChunk(chunk);
    if ('blocks' in parsed) for (const block of parsed.blocks) this.#blocks.push(block);
    else this.#takeRecords(parsed.records);
    this.#next++;
  }

  /** Refused at once where no state has them: small ones cost many times their bytes in memory. */
  #takeRecords(records: readonly StoredRecord[]): void {
    if (this.#blocks.length > 0) throw invalid('records before blocks');
    assertRecords(records, this.#records.at(-1));
    for (const record of records) this.#records.push(record);
  }

  async #prove(): Promise<BlockLeaf> {
    const { blocks, newest } = this.#openWindow();
    const { height, timeMs, stateRoot } = newest;
    const { crypto, store } = this.#options;
    const root = store.state.preview(height, timeMs, this.#records);
    this.#isPreviewed = true;
    try {
      if (!equalBytes(root, stateRoot)) throw invalid('the state of the newest block');
      const unsigned = await findUnsigned(crypto, this.#records, blocks);
      if (this.#isDiscarded) throw invalid('somebody who waits for it');
      if (unsigned !== null) throw invalid('signatures by keys that were in force', unsigned);
    } catch (error) {
      this.discard();
      throw error;
    }
    this.#proven = blocks;
    return newest;
  }

  /** The blocks of the window, proven by the log that they make, and the leaf of the last one. */
  #openWindow(): { readonly blocks: readonly DecidedBlock[]; readonly newest: BlockLeaf } {
    const { store, crypto, manifest, appHash } = this.#options;
    const log = CompactTree.parse(crypto, manifest.windowEdge);
    const blocks = this.#blocks.map((block) => openBlock(crypto, log, block));
    if (!equalBytes(log.root(), appHash)) throw invalid('a log with the trusted app hash');
    const newest = blocks.at(-1);
    if (newest === undefined) throw invalid('a block');
    assertWindow(blocks.map(({ leaf }) => leaf));
    assertCity(this.#records, store.genesisHash);
    return { blocks: blocks.map(({ block }) => block), newest: newest.leaf };
  }
}

type OpenedBlock = { readonly block: DecidedBlock; readonly leaf: BlockLeaf };

/** A block of the window with what its leaves vouch for; appends them to the log. */
function openBlock(crypto: Crypto, log: CompactTree, { transactions, blockLeaf }: WindowBlock): OpenedBlock {
  const edge = log.encode();
  const firstIndex = log.size;
  const leaves = [...transactions.map(({ leaf }) => leaf), blockLeaf];
  for (const leaf of leaves) log.append(leafHash(crypto, leaf));
  const closing = parseLeaf(blockLeaf);
  if (!('block' in closing)) throw invalid('a block leaf after the transactions of a block');
  const { height, timeMs, count } = closing.block;
  if (closing.block.firstIndex !== firstIndex || count !== transactions.length) throw invalid('whole blocks', { height });
  const outcomes = transactions.map(({ envelope, leaf, events }, position): Outcome => {
    const { id, code } = openTransactionLeaf(crypto, { envelope, leaf, events }, height, position);
    // The facts of a refusal stand in no leaf: what cannot be proven is not taken over.
    const rejection = code === 'OK' ? null : { code, details: {} };
    const result = { code, events: parseEvents(events), rejection, encodedEvents: events };
    return { executed: { id, envelope, index: firstIndex + position, position, ...result } };
  });
  const envelopes = transactions.map(({ envelope }) => envelope);
  const tree = CompactTree.parse(crypto, log.encode());
  const block = { height, timeMs, firstIndex, edge, log: tree, envelopes, outcomes, leaves, hasBlockLeaf: true, changes: [] };
  return { block, leaf: closing.block };
}

function openTransactionLeaf(
  crypto: Crypto,
  { envelope, leaf, events }: WindowBlock['transactions'][number],
  height: number,
  position: number,
): TransactionLeaf {
  const parsed = parseLeaf(leaf);
  if (!('transaction' in parsed)) throw invalid('transaction leaves before the block leaf', { height });
  const { transaction } = parsed;
  const { payload } = parseSign(envelope);
  const isItsEnvelope = payload !== null && equalBytes(transactionId(crypto, payload), transaction.id);
  const areItsEvents = equalBytes(crypto.sha256(events), transaction.eventsDigest);
  if (transaction.height !== height || transaction.position !== position || !isItsEnvelope || !areItsEvents)
    throw invalid('what the leaf of a transaction vouches for', { height, position });
  return transaction;
}

/** Refuses a window that might leave out a transaction whose id still counts. */
function assertWindow(leaves: readonly BlockLeaf[]): void {
  const [first, newest] = [leaves[0], leaves.at(-1)] as [BlockLeaf, BlockLeaf];
  if (first.firstIndex === 0 || first.timeMs <= newest.timeMs - LIMITS.transactionLifetimeMs) return;
  throw invalid('every block whose transactions still count');
}

/** Refuses what the state map could not hold after the record `last`, before it is asked to. */
function assertRecords(records: readonly StoredRecord[], last: StoredRecord | undefined): void {
  for (const [i, { key, value }] of records.entries()) {
    if (keySizeOf(key[0] ?? 0, key[1] ?? 0) !== key.length) throw invalid('keys of known kinds', { record: i });
    if (value.length > LIMITS.stateValueSizeMax) throw invalid('values within their limit', { record: i });
    const before = i === 0 ? last : records[i - 1];
    if (before !== undefined && compareBytes(before.key, key) >= 0)
      throw invalid('records in order of their keys', { record: i });
  }
}

/** Refuses the state of another city: the engine may run another chain than ours. */
function assertCity(records: readonly StoredRecord[], genesisHash: Bytes | null): void {
  const { key, kind } = at(cityKind);
  const record = records.find((each) => equalBytes(each.key, key));
  if (record === undefined || genesisHash === null || !equalBytes(parseState(kind, record.value).genesis, genesisHash))
    throw invalid('the state of this city');
}

/** The refusal of a snapshot, with what it should have been. */
export function invalid(want: string, facts: Readonly<Record<string, number | string>> = {}): FormatError {
  return formatError('SNAPSHOT_INVALID', { want, ...facts });
}

/** Whatever in a snapshot cannot be read makes it SNAPSHOT_INVALID. */
export function refuseInvalid<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw asInvalid(error as Error);
  }
}

function asInvalid(error: Error): Error {
  if (!(error instanceof FormatError) || error.code === 'SNAPSHOT_INVALID') return error;
  return formatError('SNAPSHOT_INVALID', { ...error.details, because: error.code });
}
