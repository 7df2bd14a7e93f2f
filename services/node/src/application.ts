/**
 * How an engine drives the city: the methods of ABCI 2.0 as plain calls, whichever engine makes them. `finalizeBlock` computes in
 * memory; `commit` makes it durable with one fsync; a crash between them leaves the state before, and the same block gives the same
 * app hash again. Calls out of order, and blocks that do not follow the last one, are a broken engine and throw.
 */

import { type EngineCall, type EnginePhase, phaseAfter, type RecordedCall } from '@oppidum/abci/grammar';
import type { BlockLeaf } from '@oppidum/formats/block-log';
import type { Bytes } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { formatError, type Rejection, reject } from '@oppidum/formats/errors';
import type { Genesis } from '@oppidum/formats/genesis';
import { LIMITS } from '@oppidum/formats/limits';
import { parseState, type StateRef } from '@oppidum/formats/state-layout';
import { FIRST_VERSION } from '@oppidum/formats/state-upgrades';
import {
  type AdmissionRefusal,
  admitTransaction,
  type PreparedTransaction,
  prepareTransaction,
  rememberVerified,
  signerPlaces,
} from '@oppidum/ledger/admission';
import {
  type Block,
  type BlockOutcome,
  executeBlock,
  executeGenesis,
  type LedgerRules,
  type LedgerState,
} from '@oppidum/ledger/block';
import type { StateReader } from '@oppidum/ledger/city';
import { checkFirstVersion, checkVersion, rulesVersion, versionAt } from '@oppidum/ledger/upgrade';
import type { CommittedBlock } from './client.ts';
import { committedBlock } from './committed-block.ts';
import type { NodeStore } from './node-store.ts';
import type { SnapshotManifest } from './snapshot-format.ts';
import { SnapshotRestore } from './snapshots.ts';
import type { DecidedBlock } from './stored-block.ts';
import type { HashedEntries } from './tile-log.ts';

export type ApplicationOptions = {
  readonly store: NodeStore;
  readonly rules: LedgerRules;
  readonly genesis: Genesis;
  /** Told of every call that has a place in the order of calls. */
  readonly onCall?: (call: RecordedCall) => void;
  /** The last block that this node takes part in. */
  readonly haltHeight?: number;
};

/** What is durable: the block after which everything stands. Height −1: not even genesis. */
export type ApplicationInfo = { readonly height: number; readonly timeMs: number; readonly appHash: Bytes };

/** A block that became durable, with the leaves it added to the log, its envelopes, and those of them that were not admitted. */
export type CommitAnswer = {
  readonly block: CommittedBlock;
  readonly leaves: readonly Bytes[];
  readonly hashed: HashedEntries;
  readonly envelopes: readonly Bytes[];
  readonly refused: readonly { readonly envelope: Bytes; readonly refusal: AdmissionRefusal }[];
};

/** `logHashes`: of the subtrees that its leaves complete, in order. */
type Decided = DecidedBlock & { readonly logHashes: readonly Bytes[] };

/** The state machine of a city under some engine. */
export class Application {
  readonly #store: NodeStore;
  readonly #rules: LedgerRules;
  readonly #genesis: Genesis;
  readonly #onCall: (call: RecordedCall) => void;
  readonly #haltHeight: number;
  readonly #reader: StateReader;
  /** By identity: whoever passes the same array has not written to it. */
  readonly #prepared = new WeakMap<Bytes, PreparedTransaction>();
  readonly #recall = (envelope: Bytes): PreparedTransaction | undefined => this.#prepared.get(envelope);
  readonly #isKnown = (id: Bytes): boolean => this.#store.hasTransaction(id);
  readonly #nextVersion = (): number => versionAt({ read: this.read }, this.height + 1);
  #phase: EnginePhase = 'started';
  #decided: Decided | null = null;
  #restore: SnapshotRestore | null = null;

  constructor({ store, rules, genesis, onCall, haltHeight }: ApplicationOptions) {
    this.#store = store;
    this.#rules = { ...rules, recall: this.#recall };
    this.#genesis = genesis;
    this.#onCall = onCall ?? (() => undefined);
    this.#haltHeight = haltHeight ?? Number.POSITIVE_INFINITY;
    const { state } = store;
    this.#reader = {
      read: (key, name) => state.read(key, name),
      scan: (lo, hi) => state.scan(lo, hi),
      readAll: (places) => state.readAll(places),
    };
  }

  /** Info: what `commit` made durable. Throws UPGRADE_NEEDED, HALT_HEIGHT where there is nothing more for this node to do. */
  info(): ApplicationInfo {
    this.#requireNext();
    // Engines count from 1: to them an application with nothing but genesis stands at 0.
    this.#enter('info', Math.max(0, this.height));
    return { height: this.height, timeMs: this.#store.head?.timeMs ?? 0, appHash: this.appHash };
  }

  /** Height of the last durable block, −1 before genesis. Asking has no place in the order of calls. */
  get height(): number {
    return this.#store.head?.height ?? -1;
  }

  /** The version of the rules that are in force; before genesis the one that the city begins with. */
  get version(): number {
    return this.height < 0 ? (this.#genesis.rulesVersion ?? FIRST_VERSION) : rulesVersion({ read: this.read });
  }

  /** Why this node takes no part in the next block: UPGRADE_NEEDED, HALT_HEIGHT; null while it does. */
  checkNext(): Rejection | null {
    const next = this.height + 1;
    if (next > this.#haltHeight) return reject('HALT_HEIGHT', { height: next, haltHeight: this.#haltHeight });
    const { migrations } = this.#rules.registry;
    return next === 0 ? checkFirstVersion(migrations, this.version) : checkVersion(migrations, { read: this.read }, next);
  }

  /** After the last durable block. */
  get appHash(): Bytes {
    return this.#store.head?.appHash ?? this.#store.logWith([]).root().slice();
  }

  /** Time of the next block where the engine's clock says `clockMs`: time never stands still and never goes back. */
  timeAfter(clockMs: number): number {
    return Math.max((this.#store.head?.timeMs ?? 0) + 1, Math.floor(clockMs));
  }

  /**
   * InitChain: the genesis document as block 0, durable at once. Asked again (an engine that crashed before its first block does) it
   * answers the same. Throws FormatError when the document founds no city.
   */
  initChain(): CommitAnswer | null {
    this.#enter('initChain', 1);
    if (this.#store.head !== null) return null;
    const outcome = executeGenesis(this.#rules, this.#ledgerState(0, this.#genesis.createdMs), this.#genesis);
    return this.#keep(this.#decide({ height: 0, timeMs: this.#genesis.createdMs, transactions: [] }, outcome));
  }

  /** CheckTx of all these follows: their signers' records are brought to hand together. */
  expect(envelopes: readonly Bytes[]): void {
    this.#store.state.readAll(signerPlaces(envelopes.map((envelope) => this.#prepare(envelope))));
  }

  /**
   * CheckTx: would this envelope be admitted to a block of this time on the committed state? `crypto` instead of the usual one lets
   * callers verify signatures elsewhere. What is parsed here is not parsed again when a block carries the same array of bytes.
   */
  checkTx(envelope: Bytes, timeMs: number, crypto: Crypto = this.#rules.crypto): { readonly id: Bytes } | AdmissionRefusal {
    const prepared = this.#prepare(envelope);
    if ('code' in prepared) return prepared;
    const context = { ...this.#rules, crypto, timeMs, state: this.#reader, version: this.#nextVersion, isKnown: this.#isKnown };
    return admitTransaction(context, envelope);
  }

  /** Every signature of this array of bytes was verified, each by the key that CheckTx asked for, in their order. */
  rememberVerified(envelope: Bytes, publicKeys: readonly Bytes[]): void {
    const prepared = this.#recall(envelope);
    if (prepared !== undefined) rememberVerified(prepared, publicKeys);
  }

  /** PrepareProposal: as many of the transactions, from the first on, as fit into `sizeMax` bytes. */
  prepareProposal(transactions: readonly Bytes[], sizeMax: number): readonly Bytes[] {
    this.#requireNext();
    this.#enter('prepareProposal', this.height + 1);
    let size = 0;
    const end = transactions.findIndex(({ length }) => {
      size += length;
      return size > sizeMax;
    });
    return end < 0 ? transactions : transactions.slice(0, end);
  }

  /** ProcessProposal: refuses only what no correct proposer sends; what is inadmissible costs its sender nothing and leaves no trace. */
  processProposal(block: Block): 'accept' | 'reject' {
    this.#requireNext();
    this.#enter('processProposal', block.height);
    const isSized = block.transactions.every(({ length }) => length <= LIMITS.transactionSizeMax);
    return isSized && this.#follows(block) ? 'accept' : 'reject';
  }

  /** ExtendVote: this validator is about to vote for the block of a height. */
  extendVote(height: number): void {
    this.#enter('extendVote', height);
  }

  /** VerifyVoteExtension: another validator voted for the block of a height. */
  verifyVoteExtension(height: number): void {
    this.#enter('verifyVoteExtension', height);
  }

  /** FinalizeBlock: executes a decided block in memory and answers the new app hash and who votes from now on; persists nothing. */
  finalizeBlock(block: Block): Pick<BlockOutcome, 'outcomes' | 'validatorUpdates' | 'newVersion'> & { readonly appHash: Bytes } {
    this.#requireNext();
    this.#enter('finalizeBlock', block.height);
    if (!this.#follows(block)) throw new Error(`block ${block.height} does not follow block ${this.#store.head?.height ?? -1}`);
    const outcome = executeBlock(this.#rules, this.#ledgerState(block.height, block.timeMs), block);
    this.#decided = this.#decide(block, outcome);
    const { outcomes, validatorUpdates, newVersion } = outcome;
    return { outcomes, validatorUpdates, newVersion, appHash: this.#decided.log.root().slice() };
  }

  /** Commit: returns when the finalized block is durable. */
  commit(): CommitAnswer {
    const decided = this.#decided as Decided;
    this.#enter('commit', this.height + 1);
    // FAULT POINT: finalized, not committed
    this.#decided = null;
    return this.#keep(decided);
  }

  /**
   * The engine has ended: what it finalized and did not commit, or restored and did not finish, is void, also in the tree of the state,
   * and the next one begins with Info.
   */
  engineGone(): void {
    if (this.#decided?.hasBlockLeaf === true) this.#store.state.rollBack();
    this.#restore?.discard();
    this.#restore = null;
    this.#phase = 'started';
    this.#decided = null;
  }

  /** OfferSnapshot: begins a restore into this empty node; `appHash` comes from whom one trusts, the manifest from anybody. */
  offerSnapshot(manifest: Pick<SnapshotManifest, 'windowEdge' | 'chunks'>, appHash: Bytes): void {
    this.#enter('offerSnapshot', null);
    this.#restore?.discard();
    this.#restore = new SnapshotRestore({ store: this.#store, crypto: this.#rules.crypto, manifest, appHash });
  }

  /** ApplySnapshotChunk: after the last one the block whose state is proven under the app hash. Throws SNAPSHOT_INVALID. */
  async applySnapshotChunk(index: number, chunk: Bytes): Promise<BlockLeaf | null> {
    this.#enter('applySnapshotChunk', null);
    return (this.#restore as SnapshotRestore).apply(index, chunk);
  }

  /** OfferSnapshot and ApplySnapshotChunk about what is stored already, or is no part of the state. */
  passSnapshot(call: 'offerSnapshot' | 'applySnapshotChunk'): void {
    this.#enter(call, null);
  }

  /** After the last chunk: returns when what is proven is durable. */
  keepSnapshot(): void {
    (this.#restore as SnapshotRestore).keep();
    this.#restore = null;
  }

  /** Query: a record of the committed state, or null. */
  readonly read = <V>(ref: StateRef<V>): V | null => {
    const value = this.#store.state.read(ref.key);
    return value === null ? null : parseState(ref.kind, value);
  };

  /** Query: the value of a key of the committed state, or null. */
  readValue(key: Bytes): Bytes | null {
    return this.#store.state.read(key);
  }

  /** True when the next block has work of its own even without transactions. */
  hasPendingWork(): boolean {
    return this.#rules.registry.hasPendingWork({ read: this.read, height: this.height + 1 });
  }

  #prepare(envelope: Bytes): PreparedTransaction | AdmissionRefusal {
    const prepared = this.#recall(envelope) ?? prepareTransaction(this.#rules, envelope);
    if (!('code' in prepared)) this.#prepared.set(envelope, prepared);
    return prepared;
  }

  #requireNext(): void {
    const refused = this.checkNext();
    if (refused !== null) throw formatError(refused.code, refused.details);
  }

  #enter(call: EngineCall, height: number | null): void {
    const next = phaseAfter(this.#phase, call);
    if (next === null) throw new Error(`the engine called ${call} while ${this.#phase}`);
    this.#phase = next;
    this.#onCall({ call, height });
  }

  #follows({ height, timeMs }: Block): boolean {
    const { head } = this.#store;
    return head !== null && height === head.height + 1 && timeMs > head.timeMs;
  }

  #ledgerState(height: number, timeMs: number): LedgerState {
    const store = this.#store;
    return {
      ...this.#reader,
      logSize: store.head?.logSize ?? 0,
      rootAfter: (changes) => store.state.preview(height, timeMs, changes),
      hasTransaction: (id) => store.hasTransaction(id),
    };
  }

  #decide(block: Block, { outcomes, changes, leaves, blockLeaf }: BlockOutcome): Decided {
    const { height, timeMs, transactions, misbehaviour = [] } = block;
    const store = this.#store;
    const logHashes: Bytes[] = [];
    return {
      height,
      timeMs,
      firstIndex: store.head?.logSize ?? 0,
      edge: store.edge,
      log: store.logWith(leaves, logHashes),
      logHashes,
      envelopes: transactions,
      outcomes,
      changes,
      leaves,
      hasBlockLeaf: blockLeaf !== null,
      misbehaviour,
    };
  }

  #keep(decided: Decided): CommitAnswer {
    const stored = this.#store.commit(decided);
    const { log: tree, logHashes: hashes, leaves, envelopes, outcomes } = decided;
    // The arrays may live on in caches of blocks; ten times their size hangs on each.
    for (const envelope of envelopes) this.#prepared.delete(envelope);
    const refused = outcomes.flatMap((outcome, i) =>
      'refused' in outcome ? [{ envelope: envelopes[i] as Bytes, refusal: outcome.refused }] : [],
    );
    return { block: committedBlock(stored, tree), leaves, hashed: { tree, hashes }, envelopes, refused };
  }
}
