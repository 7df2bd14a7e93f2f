/**
 * Agreement on blocks as an application sees it: heights, rounds with one proposer each, prevotes, precommits with vote extensions, and
 * decisions. The algorithm itself is CometBFT's and is not tested here: who may decide what is kept in one place, so there is one chain
 * whatever happens. What each validator hears, when, in which order and how often is up to the network.
 *
 *   round     a proposer's block, or two if it is dishonest; over when its time is up
 *   prevote   of a validator whose application accepts the block, once a round
 *   lock      a quorum of prevotes was seen: later rounds of this height propose the same block
 *   precommit of a validator that saw that quorum, with the extension that its application made; once a round
 *   decision  a quorum of precommits was seen whose extensions the application of who saw them accepted
 */

import type { Bytes } from '@oppidum/formats/bytes';
import { encodeCheckpoint, signCheckpoint } from '@oppidum/formats/checkpoint';
import { addSignatures, cosignCheckpoint } from '@oppidum/formats/cosignature';
import { consensusAddress } from '@oppidum/formats/state-validators';
import type { Misbehaviour } from '@oppidum/ledger/misbehaviour';
import { nodeCrypto as crypto } from '../support/crypto.ts';
import { namedId } from '../support/ledger.ts';
import { namedSigner } from '../support/signers.ts';
import type { ChainBlock } from './blocks.ts';
import { isOversized, makeBlock } from './blocks.ts';
import type { Dice } from './dice.ts';
import type { Laws } from './laws.ts';
import type { Network } from './network.ts';
import type { Plant } from './plants.ts';
import { START_MS } from './replaced/clock.ts';
import type { Seats } from './seats.ts';
import type { Validator } from './validator.ts';
import { time } from './virtual-time.ts';

/** A round of a height; `timeMs` is for the header of its block. */
export type Round = Pick<ChainBlock, 'height' | 'timeMs' | 'misbehaviour'> & { readonly number: number };
/** What a validator says with a precommit. `isFalse`: no correct application accepts the extension. */
export type SaidVote = { readonly extension: Bytes; readonly timeMs: number; readonly isFalse: boolean };

const ROUND_MS = 1_000;
const ROUND_MORE_MS = 500;
/** Of dishonest votes so many as of honest ones. */
const HONEST_ONE_IN = 3;

export type AgreementOptions = {
  readonly count: number;
  readonly seats: Seats;
  /** Dishonest ones among them, fewer than a third. */
  readonly byzantine: ReadonlySet<number>;
  readonly chainId: string;
  /** Of the validators of genesis, for their votes. */
  readonly keys: readonly Bytes[];
  readonly origin: string;
  readonly dice: Dice;
  readonly network: Network;
  readonly laws: Laws;
  readonly plant: Plant | null;
};

/** The agreement of one chain. */
export class Agreement {
  readonly #options: AgreementOptions;
  readonly #chain: ChainBlock[] = [];
  /** Validators that are up, by number. */
  readonly #validators = new Map<number, Validator>();
  /** What each CometBFT has durable: the height up to which it has blocks. */
  readonly #stored: number[];
  readonly #emptied = new Set<number>();
  /** `round validator` of this height: what each has voted in, which it never forgets. */
  #prevoted = new Set<string>();
  #precommitted = new Set<string>();
  #locked: ChainBlock | null = null;
  #round: Round | null = null;
  #roundNumber = -1;
  #isConsidering = false;
  #nextTimeMs = START_MS + 1;
  /** Proven and in no block yet. */
  #misbehaviour: readonly Misbehaviour[] = [];
  roundCount = 0;
  accusedCount = 0;

  constructor(options: AgreementOptions) {
    this.#options = options;
    this.#stored = Array.from({ length: options.count }, () => 0);
  }

  get dice(): Dice {
    return this.#options.dice;
  }

  get laws(): Laws {
    return this.#options.laws;
  }

  get count(): number {
    return this.#options.count;
  }

  get chainId(): string {
    return this.#options.chainId;
  }

  get keys(): readonly Bytes[] {
    return this.#options.keys;
  }

  /** Of the block that is not decided yet. */
  get height(): number {
    return this.#chain.length + 1;
  }

  get roundOfHeight(): number {
    return Math.max(0, this.#roundNumber);
  }

  /** Blocks that everybody has before the simulation begins. */
  begin(blocks: readonly { readonly timeMs: number; readonly transactions: readonly Bytes[] }[]): void {
    for (const { timeMs, transactions } of blocks) {
      this.#chain.push(makeBlock({ height: this.height, timeMs, transactions, proposer: 0, misbehaviour: [] }));
      this.#options.seats.decided(this.height - 1, []);
      this.#nextTimeMs = timeMs + 1;
    }
    this.#stored.fill(blocks.length);
  }

  /** A validator is up. */
  join(validator: Validator): void {
    this.#validators.set(validator.number, validator);
  }

  /** Its process is gone. */
  leave(number: number): void {
    this.#validators.delete(number);
  }

  isByzantine(number: number): boolean {
    return this.#options.byzantine.has(number);
  }

  /** Whether so many of those who vote on this block are a quorum. */
  isQuorum(count: number, height: number): boolean {
    return this.#options.seats.isQuorum(count, height);
  }

  /** Whether this machine votes on the block of this height. */
  isSeated(number: number, height: number): boolean {
    return this.#options.seats.at(height).has(number);
  }

  /** Somebody saw two votes of one validator: the next blocks say so. */
  accuse(number: number, voteHeight: number): void {
    const key = this.#options.seats.at(voteHeight).get(number);
    if (key === undefined) return;
    this.accusedCount++;
    this.#misbehaviour = [...this.#misbehaviour, { kind: 'duplicate-vote', address: consensusAddress(crypto, key), voteHeight }];
  }

  isCurrent(round: Round): boolean {
    return this.#round === round;
  }

  blockOf(height: number): ChainBlock {
    return this.#chain[height - 1] as ChainBlock;
  }

  storedHeight(number: number): number {
    return this.#stored[number] ?? 0;
  }

  /** Whether others have the rest: somebody has all blocks, and nobody else has nothing. Who loses every disk loses the city. */
  canSpare(number: number): boolean {
    const others = this.#stored.filter((_, other) => other !== number);
    return Math.max(...others) >= this.#chain.length && [...this.#emptied].every((other) => other === number);
  }

  /** The disk of its machine was emptied. */
  forget(number: number): void {
    this.#stored[number] = 0;
    this.#emptied.add(number);
  }

  /** It has nothing yet, and may begin with what others have. */
  isEmptied(number: number): boolean {
    return this.#emptied.has(number);
  }

  store(number: number, height: number): void {
    this.#emptied.delete(number);
    this.#stored[number] = Math.max(this.storedHeight(number), height);
  }

  send(from: number, to: number, deliver: (validator: Validator) => void): void {
    this.#options.network.send(from, to, () => {
      const validator = this.#validators.get(to);
      if (validator !== undefined) deliver(validator);
    });
  }

  sendToAll(from: number, deliver: (validator: Validator) => void): void {
    for (let to = 0; to < this.count; to++) this.send(from, to, deliver);
  }

  /** Something happened after which a block may be wanted. */
  consider(): void {
    if (this.#round !== null || this.#isConsidering) return;
    this.#isConsidering = true;
    time.after(
      1,
      () => {
        this.#isConsidering = false;
        if (this.#round === null && this.#isWanted()) this.#startRound();
      },
      null,
    );
  }

  /** A prevote of this validator in this round: the first one, or of one that does not care. */
  mayPrevote(number: number, round: Round): boolean {
    if (!this.isSeated(number, round.height)) return false;
    return this.#isFirst(this.#prevoted, number, round) || this.isByzantine(number);
  }

  mayPrecommit(number: number, round: Round): boolean {
    return this.isSeated(number, round.height) && !this.#precommitted.has(`${round.number} ${number}`);
  }

  takePrecommit(number: number, round: Round): boolean {
    return this.#isFirst(this.#precommitted, number, round);
  }

  /** Somebody saw a quorum of prevotes. */
  lock(round: Round, block: ChainBlock): void {
    if (isOversized(block)) this.laws.broken('a quorum for a block that no correct validator accepts');
    if (this.isCurrent(round)) this.#locked ??= block;
  }

  /** Somebody saw a quorum of precommits; `timesMs`: when those voted, by their clocks. */
  decide(number: number, block: ChainBlock, timesMs: readonly number[]): void {
    this.store(number, block.height);
    if (block.height < this.height) return;
    this.#chain.push(block);
    const sorted = timesMs.toSorted((a, b) => a - b);
    this.#nextTimeMs = sorted[sorted.length >> 1] as number;
    this.#prevoted = new Set();
    this.#precommitted = new Set();
    this.#locked = null;
    this.#round = null;
    this.#roundNumber = -1;
    this.laws.decided(block);
    this.#options.seats.decided(block.height, this.laws.updatesAt(block.height));
    this.#misbehaviour = this.#misbehaviour.filter((proven) => !block.misbehaviour.includes(proven));
    this.consider();
  }

  /** What a dishonest validator says instead. */
  falsify(extension: Bytes, timeMs: number): SaidVote {
    const { dice } = this;
    const wrongMs = dice.once(2) ? timeMs : Math.max(0, timeMs + 3_600_000 * (dice.below(3) - 1));
    if (dice.once(HONEST_ONE_IN) || extension.length === 0) return { extension, timeMs: wrongMs, isFalse: false };
    const changed = dice.pick<() => Bytes>([
      () => namedId(`garbage ${timeMs}`),
      () => extension.slice(0, -1),
      () => Uint8Array.of(...extension, 10),
      () => this.#forged(dice.below(5)),
      () => new Uint8Array(3_000).fill(65),
    ])();
    return { extension: changed, timeMs: wrongMs, isFalse: true };
  }

  /** The block as a planted fault lets one application see it. */
  planted(number: number, block: ChainBlock): ChainBlock {
    const isSwapped = this.#options.plant === 'swapped' && number === 1 && block.transactions.length > 1;
    return isSwapped ? { ...block, transactions: block.transactions.toReversed() } : block;
  }

  /** A checkpoint of another root, well signed by real keys. */
  #forged(size: number): Bytes {
    const [first = 0] = this.#options.byzantine;
    const checkpoint = { origin: this.#options.origin, size: 1 + size, root: namedId('another history') };
    const note = signCheckpoint(crypto, namedSigner(`validator ${first} log`), checkpoint);
    const cosigner = namedSigner(`validator ${first} cosigner`);
    return addSignatures(note, [cosignCheckpoint(crypto, cosigner, `validator-${first}`, encodeCheckpoint(checkpoint), 1)]);
  }

  #isFirst(voted: Set<string>, number: number, round: Round): boolean {
    const key = `${round.number} ${number}`;
    const isFirst = !voted.has(key);
    voted.add(key);
    return isFirst;
  }

  /**
   * No empty blocks, but for the one that proves a new app hash. As CometBFT waits for transactions: a proposer that has some proposes, and
   * where it has none a quorum that waits for it in vain passes it over. What only others know of, or somebody who is cut off or behind
   * still keeps, makes no block.
   */
  #isWanted(): boolean {
    // Nobody waits for anything in a later round of a height.
    if (this.#locked !== null || this.#roundNumber >= 0 || this.laws.isAppHashNew(this.height - 1)) return true;
    const waiting = [...this.#validators.values()].filter(
      ({ number, height, waitingCount }) => waitingCount > 0 && height === this.height - 1 && this.isSeated(number, this.height),
    );
    const next = this.#proposerOf(this.height, this.#roundNumber + 1);
    return waiting.some(({ number }) => number === next) || this.isQuorum(waiting.length, this.height);
  }

  #proposerOf(height: number, round: number): number {
    const seated = [...this.#options.seats.at(height).keys()];
    return seated[(height + round) % seated.length] as number;
  }

  #startRound(): void {
    const round: Round = {
      height: this.height,
      number: ++this.#roundNumber,
      timeMs: this.#nextTimeMs,
      misbehaviour: this.#misbehaviour,
    };
    this.#round = round;
    this.roundCount++;
    const proposer = this.#proposerOf(round.height, round.number);
    const valid = this.#locked;
    this.send(proposer, proposer, (validator) => validator.propose(round, valid));
    const end = (): void => {
      if (!this.isCurrent(round)) return;
      this.#round = null;
      this.consider();
    };
    time.after(ROUND_MS + ROUND_MORE_MS * round.number, end, null);
  }
}
