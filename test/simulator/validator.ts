/**
 * What stands beside one node where CometBFT would: a mempool, and the calls of the consensus connection one after the other. It is gone
 * with its process; what CometBFT keeps (blocks that were decided, what it voted for) the agreement keeps for it.
 */

import { createHash } from 'node:crypto';
import type { AbciApplication } from '@oppidum/abci/connection';
import type { Bytes } from '@oppidum/formats/bytes';
import type { Broadcast } from '@oppidum/node/comet-rpc';
import {
  ResponseProcessProposal_ProposalStatus as ProposalStatus,
  ResponseVerifyVoteExtension_VerifyStatus as VoteStatus,
} from 'cosmjs-types/tendermint/abci/types';
import type { Agreement, Round } from './agreement.ts';
import { type ChainBlock, corrupt, initRequest, makeBlock, proposalRequest, requestOf } from './blocks.ts';
import { ProcessDead } from './machine.ts';
import { clockMs } from './replaced/clock.ts';
import { restoreState } from './state-sync.ts';
import { time } from './virtual-time.ts';

const BLOCK_SIZE_MAX = 4 * 2 ** 20;
const LAST_COMMIT = { round: 0, votes: [] };
const CATCH_UP_MS = 100;
const CATCH_UP_BLOCKS = 20;
const AGAIN_MS = 15;
const GOSSIP_MS = 1_000;
/** Of the votes of a dishonest validator. */
const TWICE_ONE_IN = 60;

const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** One life of one validator's engine. */
export class Validator {
  readonly number: number;
  readonly #agreement: Agreement;
  readonly #application: AbciApplication;
  readonly #waiting = new Map<string, Bytes>();
  readonly #seen = new Set<string>();
  /** Votes heard for blocks of this height, by round and block. */
  #prevotes = new Map<string, Set<number>>();
  #precommits = new Map<string, Map<number, number>>();
  #queue: Promise<void> = Promise.resolve();
  /** Of the block that its application has durable; −1 before it was asked. */
  height = -1;

  constructor(number: number, agreement: Agreement, application: AbciApplication) {
    this.number = number;
    this.#agreement = agreement;
    this.#application = application;
    time.after(this.#dice.below(20), () => this.#enqueue(() => this.#shakeHands()));
    this.#every(CATCH_UP_MS, () => this.#catchUp());
    this.#every(GOSSIP_MS, () => this.#gossip([...this.#waiting.values()]));
  }

  get waitingCount(): number {
    return this.#waiting.size;
  }

  /** As `broadcast_tx_async`: CheckTx comes afterwards. */
  async broadcast(envelope: Bytes): Promise<Broadcast> {
    const digest = digestOf(envelope);
    if (this.#seen.has(digest)) return { error: 'tx already exists in cache' };
    this.#seen.add(digest);
    time.after(this.#dice.below(3), () => this.#admit(digest, envelope).catch((error: Error) => this.fail(error)));
    return null;
  }

  async #admit(digest: string, envelope: Bytes): Promise<void> {
    const { code } = await this.#application.checkTx({ tx: envelope.slice(), type: 0 });
    if (code !== 0) {
      this.#seen.delete(digest);
      return;
    }
    this.#waiting.set(digest, envelope);
    this.#gossip([envelope]);
    this.#agreement.consider();
  }

  /** Makes a block, or takes up the one that a quorum has prevoted for. */
  propose(round: Round, valid: ChainBlock | null): void {
    if (this.#isEarly(round)) return this.#later(() => this.propose(round, valid));
    this.#enqueue(async () => {
      if (!this.#isAbout(round)) return;
      const block = valid ?? (await this.#prepare(round));
      const others = this.#agreement.isByzantine(this.number) ? this.#dishonest(block) : [block];
      for (let to = 0; to < this.#agreement.count; to++) {
        const sent = this.#dice.pick(others as [ChainBlock, ...ChainBlock[]]);
        this.#agreement.send(this.number, to, (validator) => validator.receive(round, sent));
      }
    });
  }

  /** Another's proposal, or one's own. */
  receive(round: Round, block: ChainBlock): void {
    if (this.#isEarly(round)) return this.#later(() => this.receive(round, block));
    this.#enqueue(async () => {
      if (!this.#isAbout(round)) return;
      const { status } = await this.#application.processProposal({ ...requestOf(block), proposedLastCommit: LAST_COMMIT });
      const isAccepted = status === ProposalStatus.ACCEPT;
      this.#agreement.laws.processed(this.number, block, isAccepted);
      if (!isAccepted && !this.#agreement.isByzantine(this.number)) return;
      if (!this.#agreement.mayPrevote(this.number, round)) return;
      this.#agreement.sendToAll(this.number, (validator) => validator.hearPrevote(round, block, this.number));
    });
  }

  hearPrevote(round: Round, block: ChainBlock, from: number): void {
    if (this.#isEarly(round)) return this.#later(() => this.hearPrevote(round, block, from));
    if (!this.#isAbout(round)) return;
    if (!this.#agreement.isSeated(from, round.height)) return;
    const key = `${round.number} ${digestOf(block.digest)}`;
    const voters = this.#prevotes.get(key) ?? new Set();
    this.#prevotes.set(key, voters);
    voters.add(from);
    if (!this.#agreement.isQuorum(voters.size, round.height)) return;
    this.#agreement.lock(round, block);
    if (!this.#agreement.mayPrecommit(this.number, round)) return;
    this.#enqueue(() => this.#precommit(round, block));
  }

  hearPrecommit(
    round: Round,
    block: ChainBlock,
    vote: { from: number; extension: Bytes; timeMs: number; isFalse: boolean },
  ): void {
    if (this.#isEarly(round)) return this.#later(() => this.hearPrecommit(round, block, vote));
    this.#enqueue(async () => {
      if (this.height !== round.height - 1 || !this.#agreement.isSeated(vote.from, round.height)) return;
      const { from, extension: voteExtension, timeMs, isFalse } = vote;
      const request = { hash: block.digest, validatorAddress: Uint8Array.of(from), height: BigInt(round.height), voteExtension };
      const { status } = await this.#application.verifyVoteExtension(request);
      this.#agreement.laws.verified({ by: this.number, from, isFalse, isAccepted: status === VoteStatus.ACCEPT });
      if (status === VoteStatus.ACCEPT) this.#count(round, block, from, timeMs);
    });
  }

  /** The block of this height is decided: executes it and makes it durable, unless it has. */
  apply(height: number): void {
    this.#enqueue(async () => {
      if (this.height !== height - 1) return;
      const block = this.#agreement.blockOf(height);
      const request = { ...requestOf(this.#agreement.planted(this.number, block)), decidedLastCommit: LAST_COMMIT };
      const response = await this.#application.finalizeBlock(request);
      this.#agreement.laws.finalized(this.number, height, response);
      await time.wait(this.#dice.below(6));
      await this.#application.commit({});
      this.height = height;
      this.#prevotes = new Map();
      this.#precommits = new Map();
      for (const transaction of block.transactions) {
        const digest = digestOf(transaction);
        this.#seen.add(digest);
        this.#waiting.delete(digest);
      }
      this.#agreement.consider();
    });
  }

  get #dice() {
    return this.#agreement.dice;
  }

  #isAbout(round: Round): boolean {
    return this.height === round.height - 1 && this.#agreement.isCurrent(round);
  }

  /** What its application answers another machine. */
  answer<T>(question: (application: AbciApplication) => T | Promise<T>): Promise<T> {
    return Promise.resolve(question(this.#application));
  }

  /** About a block after the next: CometBFT would hear of it again. */
  #isEarly(round: Round): boolean {
    return this.height < round.height - 1 && this.#agreement.isCurrent(round);
  }

  #later(run: () => void): void {
    time.after(AGAIN_MS, run);
  }

  async #prepare(round: Round): Promise<ChainBlock> {
    const { height, timeMs, misbehaviour } = round;
    const parts = { height, timeMs, misbehaviour, proposer: this.number, transactions: [...this.#waiting.values()] };
    const { txs: transactions } = await this.#application.prepareProposal(proposalRequest(parts, BLOCK_SIZE_MAX));
    return makeBlock({ ...parts, transactions });
  }

  /** One block that is wrong in some way, or two at once. */
  #dishonest(block: ChainBlock): readonly ChainBlock[] {
    const other = corrupt(block, this.#dice);
    return this.#dice.once(2) ? [other] : [block, other];
  }

  async #precommit(round: Round, block: ChainBlock): Promise<void> {
    if (!this.#isAbout(round) || !this.#agreement.takePrecommit(this.number, round)) return;
    const request = { ...requestOf(block), proposedLastCommit: LAST_COMMIT };
    const { voteExtension } = await this.#application.extendVote(request);
    const extension = new Uint8Array(voteExtension);
    this.#agreement.laws.extended(this.number, extension);
    const timeMs = Math.max(Math.floor(clockMs()), block.timeMs + 1);
    const said = this.#agreement.isByzantine(this.number)
      ? this.#agreement.falsify(extension, timeMs)
      : { extension, timeMs, isFalse: false };
    this.#count(round, block, this.number, timeMs);
    // It says something else as well, and somebody hears both.
    if (this.#agreement.isByzantine(this.number) && this.#dice.once(TWICE_ONE_IN))
      this.#agreement.accuse(this.number, round.height);
    const vote = { from: this.number, ...said };
    for (let to = 0; to < this.#agreement.count; to++)
      if (to !== this.number) this.#agreement.send(this.number, to, (validator) => validator.hearPrecommit(round, block, vote));
  }

  #count(round: Round, block: ChainBlock, from: number, timeMs: number): void {
    const key = `${round.number} ${digestOf(block.digest)}`;
    const voters = this.#precommits.get(key) ?? new Map<number, number>();
    this.#precommits.set(key, voters);
    voters.set(from, timeMs);
    if (!this.#agreement.isQuorum(voters.size, round.height)) return;
    this.#agreement.decide(this.number, block, [...voters.values()]);
    this.apply(block.height);
  }

  /** Info, then whatever is missing, as CometBFT does when it starts. */
  async #shakeHands(): Promise<void> {
    const { lastBlockHeight, lastBlockAppHash } = await this.#application.info({
      version: '0.38.26',
      blockVersion: 11n,
      p2pVersion: 8n,
      abciVersion: '2.0.0',
    });
    let height = Number(lastBlockHeight);
    let appHash = lastBlockAppHash;
    if (height > 0 && this.#agreement.isEmptied(this.number)) {
      // Its last life ended when the state of others was durable, and before it was told so.
      this.#agreement.laws.restored(this.number, height, appHash);
      this.#agreement.store(this.number, height);
    }
    if (height === 0 && this.#agreement.isEmptied(this.number)) {
      const restored = await restoreState(this.number, this.#agreement, this.#application);
      if (restored !== null) [height, appHash] = [restored.height, restored.appHash];
      // From now on it asks for no state any more, in its next lives neither: an application that has begun takes no other.
      else this.#agreement.store(this.number, 0);
    }
    if (height === 0)
      appHash = (await this.#application.initChain(initRequest(this.#agreement.chainId, this.#agreement.keys))).appHash;
    this.#agreement.laws.started(this.number, height, appHash);
    this.height = height;
    while (height < this.#agreement.storedHeight(this.number)) this.apply(++height);
  }

  /** Asks some other for the next blocks. */
  #catchUp(): void {
    const { height, number } = this;
    if (height < 0 || height >= this.#agreement.height - 1) return;
    const peer = this.#dice.below(this.#agreement.count);
    this.#agreement.send(number, peer, () => {
      if (this.#agreement.storedHeight(peer) <= height) return;
      const newest = Math.min(this.#agreement.storedHeight(peer), height + CATCH_UP_BLOCKS);
      this.#agreement.send(peer, number, (validator) => {
        for (let next = height + 1; next <= newest; next++) {
          this.#agreement.store(number, next);
          validator.apply(next);
        }
      });
    });
  }

  #gossip(envelopes: readonly Bytes[]): void {
    if (envelopes.length === 0) return;
    for (let to = 0; to < this.#agreement.count; to++)
      if (to !== this.number)
        this.#agreement.send(this.number, to, (validator) => {
          for (const envelope of envelopes) void validator.broadcast(envelope);
        });
  }

  #every(periodMs: number, run: () => void): void {
    time.after(periodMs, () => {
      run();
      this.#every(periodMs, run);
    });
  }

  /** Calls of the consensus connection come one after the other. */
  #enqueue(work: () => Promise<void>): void {
    this.#queue = this.#queue.then(work).catch((error: Error) => this.fail(error));
  }

  /** An exception of the application ends CometBFT. */
  fail(error: Error): void {
    if (!(error instanceof ProcessDead)) this.#agreement.laws.failed(this.number, error);
  }
}
