/**
 * What must hold in a simulated city, whatever happens to it. The reference is a city in memory that executes every decided block once, by
 * the rules alone: no store, no engine, no disk. The first law that is broken ends the simulation.
 */

import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { checkRecording, type RecordedCall } from '@oppidum/abci/grammar';
import type { Responses } from '@oppidum/abci/methods';
import { type Bytes, parseHex, toHex } from '@oppidum/formats/bytes';
import { parseCheckpointNote } from '@oppidum/formats/checkpoint';
import { genesisPolicy } from '@oppidum/formats/genesis';
import { evaluatePolicy, type Policy, parsePolicy, refusalOf } from '@oppidum/formats/policy';
import { policyEffectiveKind } from '@oppidum/formats/state-governance';
import { at } from '@oppidum/formats/state-layout';
import { admitTransaction } from '@oppidum/ledger/admission';
import { type BlockOutcome, executeBlock, executeGenesis } from '@oppidum/ledger/block';
import type { Misbehaviour } from '@oppidum/ledger/misbehaviour';
import { versionAt } from '@oppidum/ledger/upgrade';
import { resultsOf } from '@oppidum/node/city-results';
import type { CommittedBlock, CommittedTransaction, NodeClient } from '@oppidum/node/client';
import { updateOf } from '@oppidum/node/comet-validators';
import { MemoryState } from '../support/ledger.ts';
import type { ChainBlock } from './blocks.ts';
import { isOversized } from './blocks.ts';
import {
  assertNothingPersonal,
  assertOneHolder,
  assertOneLog,
  assertOneOwner,
  assertStandings,
  assertTrust,
  EndedStaysEnded,
} from './invariants.ts';
import type { Life } from './life.ts';
import { time } from './virtual-time.ts';

/** A law that does not hold. */
class LawBroken extends Error {
  constructor(what: string) {
    super(what);
    this.name = 'LawBroken';
  }
}

type Known = {
  readonly timeMs: number;
  readonly appHash: string;
  readonly results: Responses['finalizeBlock']['txResults'];
  readonly updates: Responses['finalizeBlock']['validatorUpdates'];
};
type Place = Pick<CommittedTransaction, 'height' | 'position' | 'code'>;

/** The laws of one simulation. */
export class Laws {
  readonly #life: Life;
  /** By size: the policy whose set vouches for that head. */
  readonly #policies = new Map<number, Policy>();
  readonly #ended = new EndedStaysEnded();
  /** By height, of the reference. */
  readonly #blocks: Known[] = [];
  readonly #rootOf = new Map<number, string>();
  readonly #executed = new Map<string, Place>();
  /** By validator: the largest head that it signed. */
  readonly #signed = new Map<number, number>();
  readonly #trace = createHash('sha256');
  readonly acknowledged = new Map<string, Place>();
  #checkedHeight = -1;
  #emptyRun = 0;
  /** Decided blocks without a transaction. */
  emptyCount = 0;
  emptyRunMax = 0;
  /** By node: the height with which it began, where that was not the first. */
  readonly #restored = new Map<number, number>();
  checkpointCount = 0;
  restoredCount = 0;
  rejectedProposalCount = 0;
  falseVoteCount = 0;
  /** Heights for which some application was asked about more than one proposal. */
  readonly contested = new Set<number>();
  readonly #judged = new Set<string>();
  verdict: LawBroken | null = null;

  /** The reference begins with the blocks that the life began with. */
  constructor(life: Life) {
    this.#life = life;
    const { rules, genesis, blocks } = life.city;
    const policy = genesisPolicy(rules.crypto, genesis);
    const state = new MemoryState(rules.crypto);
    const first = executeGenesis(rules, state, genesis);
    state.commit(first);
    this.#keep({ height: 0, timeMs: genesis.createdMs, policy }, first, state);
    for (const block of blocks) {
      const outcome = executeBlock(rules, state, block);
      state.commit(outcome);
      this.#keep({ ...block, policy }, outcome, state);
    }
  }

  /** Height of the reference. */
  get height(): number {
    return this.#blocks.length - 1;
  }

  /** Of everything that was seen so far: two runs are the same where these are. */
  get digest(): string {
    return this.#trace.copy().digest('hex').slice(0, 16);
  }

  get appHash(): string {
    return this.#at(this.height).appHash;
  }

  /** Leaves of the log after the last decided block. */
  get logSize(): number {
    return this.#life.city.state.logSize;
  }

  get executedCount(): number {
    return this.#executed.size;
  }

  /** Seen by somebody else, and part of the digest. */
  noted(what: string): void {
    this.#note(what);
  }

  broken(what: string): void {
    this.verdict ??= new LawBroken(what);
  }

  /** What the results of a block say of who votes. */
  updatesAt(height: number): Known['updates'] {
    return this.#at(height).updates;
  }

  /** True when the block of a height changed the app hash. */
  isAppHashNew(height: number): boolean {
    return height > 0 && this.#at(height).appHash !== this.#at(height - 1).appHash;
  }

  /** The application of a validator answered Info, or InitChain. */
  started(number: number, height: number, appHash: Bytes): void {
    this.#note(`started ${number} ${height}`);
    if (height > this.height) return this.broken(`validator ${number} stands at ${height}, and ${this.height} is decided`);
    this.#equal(`app hash of validator ${number} when it starts at ${height}`, toHex(appHash), this.#at(height).appHash);
  }

  /** A node with an empty disk has the state of others, as it says. */
  restored(number: number, height: number, appHash: Bytes): void {
    this.#restored.set(number, height);
    this.restoredCount++;
    this.started(number, height, appHash);
  }

  /** The app hash of a height, as CometBFT's light client would prove it. */
  appHashAt(height: number): Bytes {
    return parseHex(this.#at(height).appHash);
  }

  /** All validators agreed on a block: the reference executes it. */
  decided(block: ChainBlock): void {
    this.#emptyRun = block.transactions.length === 0 ? this.#emptyRun + 1 : 0;
    if (this.#emptyRun > 0) this.emptyCount++;
    this.emptyRunMax = Math.max(this.emptyRunMax, this.#emptyRun);
    if (isOversized(block)) this.broken(`block ${block.height} has a transaction that no correct proposer sends`);
    this.#execute(block.transactions, Math.max(this.#life.city.timeMs + 1, block.timeMs), block.misbehaviour);
  }

  /** A city with one validator made a block: the reference follows. */
  followed(block: CommittedBlock): void {
    if (block.height <= this.height)
      return this.#equal(`block ${block.height} again`, toHex(block.appHash), this.#at(block.height).appHash);
    if (block.height !== this.height + 1) return this.broken(`block ${block.height} follows block ${this.height}`);
    this.#execute(
      block.transactions.map(({ envelope }) => envelope),
      block.timeMs,
    );
    this.#equal(`app hash of block ${block.height}`, toHex(block.appHash), this.appHash);
  }

  processed(number: number, block: ChainBlock, isAccepted: boolean): void {
    this.#note(`processed ${number} ${block.height} ${isAccepted}`);
    if (!isAccepted) this.rejectedProposalCount++;
    const place = `${number} ${block.height}`;
    if (this.#judged.has(place)) this.contested.add(block.height);
    this.#judged.add(place);
    if (isAccepted === isOversized(block)) this.broken(`validator ${number} judged a proposal of height ${block.height} wrongly`);
  }

  /** An application executed a decided block. */
  finalized(number: number, height: number, response: Responses['finalizeBlock']): void {
    const { txResults: results, validatorUpdates: updates, appHash } = response;
    this.#note(`finalized ${number} ${height} ${toHex(appHash)}`);
    const known = this.#at(height);
    this.#equal(`app hash of block ${height} at validator ${number}`, toHex(appHash), known.appHash);
    if (!isDeepStrictEqual(results, known.results)) this.broken(`results of block ${height} at validator ${number} differ`);
    if (!isDeepStrictEqual(updates, known.updates)) this.broken(`who votes after block ${height} differs at validator ${number}`);
  }

  /** How often who votes has changed. */
  get validatorChangeCount(): number {
    return this.#blocks.filter(({ updates }, height) => height > 0 && updates.length > 0).length;
  }

  /** A validator made a vote extension. A key that signed a head signs no smaller one and no other, in whichever life. */
  extended(number: number, extension: Bytes): void {
    this.#note(`extended ${number} ${toHex(extension)}`);
    if (extension.length === 0) return;
    const size = this.#checkHead(`a vote of validator ${number}`, extension);
    if (size < (this.#signed.get(number) ?? 0))
      this.broken(`validator ${number} signed size ${size} after ${this.#signed.get(number)}`);
    this.#signed.set(number, size);
  }

  verified(vote: { readonly by: number; readonly from: number; readonly isFalse: boolean; readonly isAccepted: boolean }): void {
    this.#note(`verified ${vote.by} ${vote.from} ${vote.isAccepted}`);
    if (vote.isFalse) this.falseVoteCount++;
    if (vote.isFalse === vote.isAccepted) this.broken(`validator ${vote.by} judged a vote of ${vote.from} wrongly`);
  }

  /** A checkpoint became public: a quorum vouches for it, and it is a head of the one history. */
  published(number: number, note: Bytes): void {
    this.#note(`published ${number} ${toHex(note)}`);
    this.checkpointCount++;
    this.#checkHead(`a checkpoint of node ${number}`, note);
    const refusal = refusalOf(evaluatePolicy(this.#life.city.rules.crypto, this.#policyOf(note), note));
    if (refusal !== null) this.broken(`node ${number} published a checkpoint that is refused: ${refusal.code}`);
  }

  /** A client was told that its transaction was executed. */
  answered(number: number, { id, height, position, code }: Place & { readonly id: Bytes }): void {
    this.#note(`answered ${toHex(id)} ${height} ${position} ${code}`);
    this.acknowledged.set(toHex(id), { height, position, code });
    this.#checkPlace(`the answer of node ${number}`, toHex(id), { height, position, code });
  }

  /** The id of a transaction that the next block would admit, or null. */
  admits(envelope: Bytes): Bytes | null {
    const { city } = this.#life;
    const { rules, state, timeMs } = city;
    const isKnown = (id: Bytes): boolean => state.hasTransaction(id);
    const version = (): number => versionAt(city, city.height + 1);
    const answer = admitTransaction({ ...rules, timeMs: timeMs + 1, state, version, isKnown }, envelope);
    return 'code' in answer ? null : answer.id;
  }

  /** A client believes that it was executed, wherever that may be. */
  believed(id: Bytes): void {
    this.acknowledged.set(toHex(id), { height: -1, position: -1, code: 'OK' });
  }

  failed(number: number, error: Error): void {
    // What the last code of a dead process runs into is nobody's failure.
    if (time.owner?.isAlive === false) return;
    const { code = error.name } = error as NodeJS.ErrnoException;
    this.broken(`node ${number} failed: ${code}: ${error.message}${placeOf(error)}`);
  }

  /** The calls that one process was given. */
  recorded(number: number, calls: readonly RecordedCall[]): void {
    const fault = checkRecording(calls);
    if (fault !== null) this.broken(`calls of node ${number}: ${fault.why} at ${fault.position}`);
  }

  /** After each tick that brought a block. */
  check(): void {
    if (this.#checkedHeight === this.height) return;
    this.#checkedHeight = this.height;
    try {
      const { city, shards } = this.#life;
      assertOneOwner(city);
      assertStandings(city);
      assertOneHolder(city);
      assertTrust(city);
      assertNothingPersonal(city);
      this.#ended.check(city);
      for (const shard of shards) assertOneLog(city, shard);
    } catch (error) {
      this.broken((error as Error).message);
    }
  }

  /** A node that lost power and was started again still has everything, and everything is right. */
  checkNode(number: number, client: NodeClient): void {
    this.#equal(`height of node ${number}`, String(client.head().height), String(this.height));
    let timeMs = Number.NEGATIVE_INFINITY;
    const first = this.#restored.get(number) ?? 0;
    for (let height = first; height <= this.height; height++) {
      const block = client.block(height);
      if (block === null) return this.broken(`node ${number} has no block ${height}`);
      this.#equal(`app hash of block ${height} at node ${number}`, toHex(block.appHash), this.#at(height).appHash);
      if (block.timeMs <= timeMs || block.timeMs !== this.#at(height).timeMs)
        this.broken(`time of block ${height} at node ${number}`);
      timeMs = block.timeMs;
    }
    for (const [id, place] of this.acknowledged) {
      // What was before the state that it began with it need not have.
      if (place.height >= 0 && place.height < first) continue;
      const found = client.transaction(parseHex(id));
      if (found === null) return this.broken(`node ${number} lost the acknowledged transaction ${id}`);
      if (place.height >= 0) this.#checkPlace(`node ${number}`, id, found);
    }
  }

  /** Of a head of the one history. */
  #policyOf(note: Bytes): Policy {
    return this.#policies.get(parseCheckpointNote(note).checkpoint.size) as Policy;
  }

  #execute(transactions: readonly Bytes[], timeMs: number, misbehaviour: readonly Misbehaviour[] = []): void {
    const { city } = this.#life;
    const before = city.timeMs;
    const inForce = city.read(at(policyEffectiveKind));
    const policy =
      inForce === null ? genesisPolicy(city.rules.crypto, city.genesis) : parsePolicy(city.rules.crypto, inForce.policy);
    const outcome = city.block(transactions, timeMs, misbehaviour);
    if (timeMs <= before) this.broken(`block ${city.height} is not later than the one before`);
    this.#keep({ height: city.height, timeMs, policy }, outcome, city.state);
  }

  #keep(
    { height, timeMs, policy }: { readonly height: number; readonly timeMs: number; readonly policy: Policy },
    outcome: BlockOutcome,
    state: MemoryState,
  ): void {
    const appHash = toHex(state.appHash);
    this.#note(`block ${height} ${timeMs} ${appHash}`);
    this.#blocks.push({
      timeMs,
      appHash,
      // Here each envelope is a transaction of its own.
      results: resultsOf(
        outcome.outcomes,
        outcome.outcomes.map(() => 1),
      ),
      updates: outcome.validatorUpdates.map(updateOf),
    });
    this.#rootOf.set(state.logSize, appHash);
    // An empty block has the head of the one before it.
    if (!this.#policies.has(state.logSize)) this.#policies.set(state.logSize, policy);
    for (const each of outcome.outcomes) {
      if (!('executed' in each)) continue;
      const id = toHex(each.executed.id);
      if (this.#executed.has(id)) this.broken(`transaction ${id} was executed twice`);
      this.#executed.set(id, { height, position: each.executed.position, code: each.executed.code });
    }
  }

  #at(height: number): Known {
    return this.#blocks[height] as Known;
  }

  /** The size of a head that is one of the one history. */
  #checkHead(whose: string, note: Bytes): number {
    const { size, root } = parseCheckpointNote(note).checkpoint;
    if (this.#rootOf.get(size) !== toHex(root)) this.broken(`${whose} is about size ${size} of another history`);
    return size;
  }

  #checkPlace(whose: string, id: string, place: Place): void {
    const known = this.#executed.get(id);
    const isSame = known?.height === place.height && known.position === place.position && known.code === place.code;
    if (!isSame) this.broken(`${whose}: transaction ${id} is not where the ledger has it`);
  }

  #equal(what: string, got: string, want: string): void {
    if (got !== want) this.broken(`${what}: ${got} where ${want} was due`);
  }

  #note(line: string): void {
    this.#trace.update(`${line}\n`);
  }
}

/** Where in this repository it was thrown. */
function placeOf({ stack = '' }: Error): string {
  const [, file, line] = /\/((?:core|services|sdk|test)\/[\w/.-]+):(\d+)/.exec(stack) ?? [];
  return file === undefined ? '' : ` (${file}:${line})`;
}
