/**
 * The city as CometBFT drives it: the methods of ABCI 2.0 over `application.ts`. Each says who calls it, when, and what it must.
 * CometBFT's first block has height 1; what the genesis document says is the block of height 0 that InitChain makes.
 */

import type { AbciApplication } from '@oppidum/abci/connection';
import type { Requests, Responses } from '@oppidum/abci/methods';
import type { Bytes } from '@oppidum/formats/bytes';
import { formatError } from '@oppidum/formats/errors';
import type { Genesis } from '@oppidum/formats/genesis';
import type { Block } from '@oppidum/ledger/block';
import {
  ResponseApplySnapshotChunk_Result,
  ResponseOfferSnapshot_Result,
  ResponseProcessProposal_ProposalStatus,
  ResponseVerifyVoteExtension_VerifyStatus,
  type Snapshot,
} from 'cosmjs-types/tendermint/abci/types';
import type { Application, CommitAnswer } from './application.ts';
import { answerOfCheck, resultsOf } from './city-results.ts';
import { chainIdOf } from './comet-genesis.ts';
import { misbehaviourOf, requireSameValidators, updateOf } from './comet-validators.ts';
import type { EngineParts } from './engine.ts';
import type { EnvelopeChecks } from './envelope-checks.ts';
import { countEnvelopes } from './parcel.ts';
import type { OfferedSnapshot } from './snapshot-keeper.ts';
import type { ChunkAnswer, OfferAnswer } from './sync-restore.ts';

export type CityAbciOptions = Pick<EngineParts, 'clock' | 'votes' | 'snapshots'> & {
  readonly application: Application;
  readonly checks: Pick<EnvelopeChecks, 'checkTransaction' | 'recall'>;
  readonly genesis: Pick<Genesis, 'validators'>;
  readonly genesisHash: Bytes;
  /** Whether a CometBFT of this node id may be a peer; without it each that speaks for this chain. */
  readonly mayBePeer?: ((id: string) => boolean) | undefined;
  /** Told of each Info: an engine asks it first. */
  readonly onInfo?: () => void;
  /** Told of each block when it is durable; Commit is answered after what it returns. */
  readonly onCommit: (answer: CommitAnswer) => void | Promise<void>;
  /** Told when a snapshot was restored: there is a city now. */
  readonly onRestored: () => void;
};

/** CometBFT's block time is that of the votes for the block before: after so long without blocks it says nothing about now. */
const STALE_MS = 5_000;
/**
 * Envelopes of one block. What waits longer than a block comes in the next: a proposal that takes as long as others wait fails its round. So
 * does one that is refused here, since a parcel names an envelope with a single byte: a proposer could have millions checked by everybody.
 */
const ENVELOPE_COUNT_MAX = 1_000;
const NOTHING: Bytes = new Uint8Array(0);
/** Paths of CometBFT's own questions: `…id/<node id>` and `…addr/<address>`. */
const PEER_FILTER = '/p2p/filter/';

type CarriedBlock = { readonly block: Block; readonly counts: readonly number[] };

/** One city behind an ABCI server. */
export class CityAbci implements AbciApplication {
  readonly #options: CityAbciOptions;
  readonly #application: Application;
  /** When this process made a block durable, by a clock that nobody sets; null before the first. */
  #committedMs: number | null = null;

  constructor(options: CityAbciOptions) {
    this.#options = options;
    this.#application = options.application;
  }

  /** By CometBFT when it starts: it replays what came after this height, so it must be what Commit made durable. */
  info(_request: Requests['info']): Responses['info'] {
    const { height, appHash } = this.#application.info();
    this.#options.onInfo?.();
    const lastBlockAppHash = height < 0 ? NOTHING : appHash;
    return {
      data: 'oppidum',
      version: '',
      appVersion: BigInt(this.#application.version),
      lastBlockHeight: BigInt(Math.max(0, height)),
      lastBlockAppHash,
    };
  }

  /** By CometBFT before the first block, again after a crash before its commit. The engine's chain must be this city's. */
  async initChain({ chainId, initialHeight, validators }: Requests['initChain']): Promise<Responses['initChain']> {
    const want = chainIdOf(this.#options.genesisHash);
    if (chainId !== want) throw formatError('CHAIN_FOREIGN', { want, got: chainId });
    if (initialHeight !== 1n) throw formatError('CHAIN_FOREIGN', { wantInitialHeight: 1, got: String(initialHeight) });
    requireSameValidators(this.#options.genesis, validators);
    const genesis = this.#application.initChain();
    if (genesis !== null) await this.#options.onCommit(genesis);
    // None here: those of the engine's genesis document, which are the city's, stand.
    return { validators: [], appHash: this.#application.appHash };
  }

  /** By the mempool for each new transaction, and for waiting ones after a block: a weak filter, nobody relies on it. */
  async checkTx({ tx: transaction }: Requests['checkTx']): Promise<Responses['checkTx']> {
    return answerOfCheck(await this.#options.checks.checkTransaction(transaction));
  }

  /** By a proposer: transactions for its block, free to choose. None while the time of the block says nothing about now. */
  async prepareProposal({
    txs: transactions,
    maxTxBytes,
    time,
  }: Requests['prepareProposal']): Promise<Responses['prepareProposal']> {
    await this.#turn();
    const fitting = this.#application.prepareProposal(firstOf(transactions), Number(maxTxBytes));
    return { txs: this.#isStale(time) ? [] : [...fitting] };
  }

  /** By everybody for each proposal: deterministic, on the block and the committed state alone, and every correct proposal is accepted. */
  async processProposal(request: Requests['processProposal']): Promise<Responses['processProposal']> {
    await this.#turn();
    const { ACCEPT, REJECT } = ResponseProcessProposal_ProposalStatus;
    // Counted before anything is verified.
    if (firstOf(request.txs).length < request.txs.length) return { status: REJECT };
    const { block } = await this.#blockOf(request);
    const answer = this.#application.processProposal(block);
    return { status: answer === 'accept' ? ACCEPT : REJECT };
  }

  /** By a validator before it precommits the block after the committed one: it cosigns the checkpoint of that. */
  async extendVote({ height }: Requests['extendVote']): Promise<Responses['extendVote']> {
    this.#application.extendVote(Number(height));
    return { voteExtension: await this.#options.votes.extend() };
  }

  /** By a validator for each precommit of another: deterministic, no clock; the empty extension is valid. */
  verifyVoteExtension({ voteExtension, height }: Requests['verifyVoteExtension']): Responses['verifyVoteExtension'] {
    this.#application.verifyVoteExtension(Number(height));
    const { ACCEPT, REJECT } = ResponseVerifyVoteExtension_VerifyStatus;
    return { status: this.#options.votes.accept(voteExtension) ? ACCEPT : REJECT };
  }

  /** By everybody for each decided block: executes it in memory and persists nothing; deterministic to the last bit. */
  async finalizeBlock(request: Requests['finalizeBlock']): Promise<Responses['finalizeBlock']> {
    await this.#turn();
    const { block, counts } = await this.#blockOf(request);
    const misbehaviour = misbehaviourOf(request);
    const { outcomes, validatorUpdates, newVersion, appHash } = this.#application.finalizeBlock({ ...block, misbehaviour });
    const version = newVersion === null ? {} : { consensusParamUpdates: { version: { app: BigInt(newVersion) } } };
    return {
      events: [],
      txResults: resultsOf(outcomes, counts),
      validatorUpdates: validatorUpdates.map(updateOf),
      appHash,
      ...version,
    };
  }

  /** After each FinalizeBlock, while the mempool stands still: durable first, then the answer. */
  async commit(_request: Requests['commit']): Promise<Responses['commit']> {
    const committed = this.#application.commit();
    this.#committedMs = performance.now();
    await this.#options.onCommit(committed);
    return { retainHeight: BigInt(this.#options.snapshots.retainHeight()) };
  }

  /** By whoever asks CometBFT's RPC: a record of the committed state by its key. By CometBFT itself: whether it may keep a peer. */
  query({ path, data }: Requests['query']): Responses['query'] {
    if (path.startsWith(PEER_FILTER)) return this.#filterPeer(path.slice(PEER_FILTER.length));
    const value = path === 'state' ? this.#application.readValue(data) : null;
    const height = BigInt(Math.max(0, this.#application.height));
    const answer = { info: '', index: 0n, key: data, height, codespace: 'oppidum' };
    if (path !== 'state') return { ...answer, code: 1, log: 'PATH_UNKNOWN', value: NOTHING };
    return { ...answer, code: 0, log: value === null ? 'absent' : '', value: value ?? NOTHING };
  }

  /** `filter_peers`: first by address, of which nothing is asked, then by the id that the peer has proven. */
  #filterPeer(asked: string): Responses['query'] {
    const [, id] = /^id\/(.*)$/.exec(asked) ?? [];
    const isRefused = id !== undefined && this.#options.mayBePeer?.(id) === false;
    const answer = { info: '', index: 0n, key: NOTHING, value: NOTHING, height: 0n, codespace: 'oppidum' };
    return isRefused ? { ...answer, code: 1, log: 'PEER_UNKNOWN' } : { ...answer, code: 0, log: '' };
  }

  /** By CometBFT for another node that begins: the snapshots that are kept, bit-identical on every node. */
  listSnapshots(_request: Requests['listSnapshots']): Responses['listSnapshots'] {
    return { snapshots: this.#options.snapshots.kept.list().map(snapshotOf) };
  }

  /** By CometBFT of a node that begins, about a snapshot of others: anybody made it, but the app hash is proven by the chain. */
  offerSnapshot({ snapshot, appHash }: Requests['offerSnapshot']): Responses['offerSnapshot'] {
    const { REJECT } = ResponseOfferSnapshot_Result;
    if (snapshot === undefined) return { result: REJECT };
    return { result: OFFER_RESULTS[this.#options.snapshots.restore.offer(offeredOf(snapshot), appHash)] };
  }

  /** By CometBFT for another node that begins; nothing where there is no such chunk any more. */
  async loadSnapshotChunk({ height, format, chunk }: Requests['loadSnapshotChunk']): Promise<Responses['loadSnapshotChunk']> {
    return { chunk: await this.#options.snapshots.kept.chunk(Number(height), format, chunk) };
  }

  /** By CometBFT of a node that begins, in order: an altered chunk is asked for again, and its sender for nothing more. */
  async applySnapshotChunk(request: Requests['applySnapshotChunk']): Promise<Responses['applySnapshotChunk']> {
    const { result, refetch, ban } = await this.#options.snapshots.restore.apply(request);
    if (this.#application.height >= 0) this.#options.onRestored();
    return { result: CHUNK_RESULTS[result], refetchChunks: [...refetch], rejectSenders: [...ban] };
  }

  /**
   * Where this node takes no part in the next block it holds CometBFT still until the node stops: meanwhile others that have not heard of
   * the last block are given it.
   */
  #turn(): Promise<void> | undefined {
    return this.#application.checkNext() === null ? undefined : new Promise(() => undefined);
  }

  /** The block, and how many envelopes each transaction of the engine carries. */
  async #blockOf({ height, time, txs }: Pick<Requests['finalizeBlock'], 'height' | 'time' | 'txs'>): Promise<CarriedBlock> {
    const timeMs = this.#application.timeAfter(millisecondsOf(time));
    const parcels = await this.#options.checks.recall(txs, timeMs);
    const block = { height: Number(height), timeMs, transactions: parcels.flat() };
    return { block, counts: parcels.map(({ length }) => length) };
  }

  /**
   * True when the proposed time is old because nothing was decided for a while. The block without transactions that follows brings the
   * time of its votes, so this holds at most once in a row; and a clock that is set wrongly changes nothing while blocks are made.
   */
  #isStale(time: Requests['prepareProposal']['time']): boolean {
    if (this.#committedMs !== null) return performance.now() - this.#committedMs > STALE_MS;
    return this.#options.clock() - millisecondsOf(time) > STALE_MS;
  }
}

const OFFER_RESULTS: Readonly<Record<OfferAnswer, ResponseOfferSnapshot_Result>> = {
  accept: ResponseOfferSnapshot_Result.ACCEPT,
  reject: ResponseOfferSnapshot_Result.REJECT,
  'reject format': ResponseOfferSnapshot_Result.REJECT_FORMAT,
  'reject sender': ResponseOfferSnapshot_Result.REJECT_SENDER,
};

const CHUNK_RESULTS: Readonly<Record<ChunkAnswer['result'], ResponseApplySnapshotChunk_Result>> = {
  accept: ResponseApplySnapshotChunk_Result.ACCEPT,
  retry: ResponseApplySnapshotChunk_Result.RETRY,
  'reject snapshot': ResponseApplySnapshotChunk_Result.REJECT_SNAPSHOT,
};

/** As many as make a block, one at least. */
function firstOf(transactions: readonly Bytes[]): readonly Bytes[] {
  let count = 0;
  const end = transactions.findIndex((transaction, i) => {
    count += countEnvelopes(transaction);
    return i > 0 && count > ENVELOPE_COUNT_MAX;
  });
  return end < 0 ? transactions : transactions.slice(0, end);
}

function snapshotOf({ height, format, chunkCount, hash, metadata }: OfferedSnapshot): Snapshot {
  return { height: BigInt(height), format, chunks: chunkCount, hash, metadata };
}

function offeredOf({ height, format, chunks, hash, metadata }: Snapshot): OfferedSnapshot {
  return { height: Number(height), format, chunkCount: chunks, hash, metadata };
}

function millisecondsOf({ seconds, nanos }: Requests['finalizeBlock']['time']): number {
  return Number(seconds) * 1_000 + Math.floor(nanos / 1_000_000);
}
