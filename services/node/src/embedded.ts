/**
 * The embedded engine: one process, one validator. Transactions that wait make a block, at most `gatherMsMax` after the first of them;
 * an answer leaves only when its block is durable. It calls the application in the order that CometBFT would (`@oppidum/abci/grammar`).
 */

import { type Bytes, toOctets } from '@oppidum/formats/bytes';
import { formatError } from '@oppidum/formats/errors';
import type { AdmissionRefusal } from '@oppidum/ledger/admission';
import type { CommittedTransaction, SubmitAnswer } from './client.ts';
import type { Engine, EngineParts } from './engine.ts';
import { type CheckAnswer, checkTogether } from './envelope-checks.ts';

export type EmbeddedOptions = EngineParts & {
  readonly gatherMsMax?: number;
  readonly waitingCountMax?: number;
};

/** Transactions and bytes of one block. */
const BLOCK_COUNT_MAX = 4_096;
const BLOCK_SIZE_MAX = 16 * 2 ** 20;
/** So many signatures go to the verifier at once: enough to be worth a message, few enough that a block need not wait for more. */
const ADMITTED_TOGETHER = 128;
/** With so many a block need not gather more: its fixed costs are small beside them. */
const FULL_COUNT = 256;
/** Bytes that may wait for a block. */
const WAITING_SIZE_MAX = 64 * 2 ** 20;

type Arrived = { readonly envelope: Bytes; readonly answer: PromiseWithResolvers<SubmitAnswer> };

/** Makes the blocks of a city with one validator. */
export class EmbeddedEngine implements Engine {
  readonly name = 'embedded';
  readonly #options: EmbeddedOptions;
  readonly #gatherMsMax: number;
  readonly #waitingCountMax: number;
  #height: number;
  #timeMs: number;
  /** Admitted and not in a durable block yet, by id in the order of arrival. */
  readonly #waiting = new Map<string, Arrived>();
  /** Not checked yet. */
  #arrived: Arrived[] = [];
  /** All that have no answer yet, and their bytes. */
  readonly #open = new Set<Arrived>();
  #openSize = 0;
  #timer: NodeJS.Timeout | null = null;
  #isWorking = false;
  #working: Promise<void> = Promise.resolve();
  /** How long the last block took: gathering about as long keeps both answers quick and blocks full. */
  #blockMs = 0;
  #ended: Error | null = null;

  /** Starts where the application stands; founds the city when it stands nowhere. Throws FormatError when genesis founds no city. */
  static async start(options: EmbeddedOptions): Promise<EmbeddedEngine> {
    const { application } = options;
    const { height, timeMs } = application.info();
    if (height >= 0) return new EmbeddedEngine(options, height, timeMs);
    const genesis = application.initChain();
    if (genesis === null) throw new Error('a store without a head has a genesis block');
    await options.onCommit(genesis);
    return new EmbeddedEngine(options, genesis.block.height, genesis.block.timeMs);
  }

  private constructor(options: EmbeddedOptions, height: number, timeMs: number) {
    this.#options = options;
    this.#gatherMsMax = options.gatherMsMax ?? 50;
    this.#waitingCountMax = options.waitingCountMax ?? 20_000;
    this.#height = height;
    this.#timeMs = timeMs;
    if (options.application.hasPendingWork()) this.#schedule();
  }

  /** There is nobody else. */
  readonly isCutOff = false;

  /** False once the engine has ended. */
  get isAlive(): boolean {
    return this.#ended === null;
  }

  /** See `NodeClient.submit`. Throws OVERLOADED. */
  async submit(envelope: Bytes): Promise<SubmitAnswer> {
    if (this.#ended !== null) throw this.#ended;
    if (this.#open.size >= this.#waitingCountMax || this.#openSize + envelope.length > WAITING_SIZE_MAX)
      throw formatError('OVERLOADED', { waiting: this.#open.size });
    // Whoever keeps the array may write to it: what is checked here must be what a block executes.
    const arrived = { envelope: envelope.slice(), answer: Promise.withResolvers<SubmitAnswer>() };
    if (this.#arrived.push(arrived) === 1) this.#admitSoon();
    this.#open.add(arrived);
    this.#openSize += envelope.length;
    return arrived.answer.promise;
  }

  /** Ends after the block under way; whoever still waits is refused. */
  async close(): Promise<void> {
    this.#end(formatError('OVERLOADED', { why: 'the node is stopping' }));
    await this.#working;
  }

  #admitSoon(): void {
    setImmediate(() => {
      const arrived = this.#arrived.splice(0, ADMITTED_TOGETHER);
      if (this.#arrived.length > 0) this.#admitSoon();
      this.#admit(arrived).catch((error: Error) => this.#fail(error));
    });
  }

  /** Checks some of what arrived; signatures are verified together, meanwhile the next are checked and blocks are made. */
  async #admit(arrived: readonly Arrived[]): Promise<void> {
    if (this.#ended !== null) return;
    const envelopes = arrived.map(({ envelope }) => envelope);
    const answers = await checkTogether(this.#options, envelopes, this.#nextTimeMs());
    if (this.#ended !== null) return;
    for (const [i, each] of arrived.entries()) {
      const answer = answers[i] as CheckAnswer;
      if ('code' in answer) this.#settle(each, this.#refusal(answer));
      else this.#wait(toOctets(answer.id), each);
    }
    if (this.#waiting.size > 0) this.#schedule();
  }

  /** The same id again shares the answer: it is the same transaction. */
  #wait(id: string, arrived: Arrived): void {
    const known = this.#waiting.get(id);
    if (known === undefined) this.#waiting.set(id, arrived);
    else
      known.answer.promise.then(
        (answer) => this.#settle(arrived, answer),
        (error: Error) => this.#settle(arrived, error),
      );
  }

  /** Answers whoever sent it. */
  #settle(arrived: Arrived, outcome: SubmitAnswer | Error): void {
    if (this.#open.delete(arrived)) this.#openSize -= arrived.envelope.length;
    if (outcome instanceof Error) arrived.answer.reject(outcome);
    else arrived.answer.resolve(outcome);
  }

  /** A retry of what was executed gets the first answer. */
  #refusal(refused: AdmissionRefusal): SubmitAnswer {
    const executed = refused.code === 'REPLAYED' && refused.id !== null ? this.#options.findTransaction(refused.id) : null;
    return executed === null ? { refused } : { executed };
  }

  /** Time of the block that would be made now. */
  #nextTimeMs(): number {
    return Math.max(this.#timeMs + 1, Math.floor(this.#options.clock()));
  }

  /** Lets the next block begin: at once when enough waits, so that verifying goes on beside it, else after a while of gathering. */
  #schedule(): void {
    if (this.#ended !== null || this.#isWorking) return;
    const isFull = this.#waiting.size >= FULL_COUNT;
    if (this.#timer !== null && !isFull) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => {
        this.#timer = null;
        this.#isWorking = true;
        this.#working = this.#work();
      },
      isFull ? 0 : Math.min(this.#gatherMsMax, this.#blockMs),
    );
  }

  async #work(): Promise<void> {
    try {
      await this.#makeBlock();
    } catch (error) {
      this.#fail(error as Error);
    }
    this.#isWorking = false;
    if (this.#ended !== null) this.#refuseOpen(this.#ended);
    else if (this.#waiting.size > 0 || this.#options.application.hasPendingWork()) this.#schedule();
  }

  async #makeBlock(): Promise<void> {
    const { application, onCommit } = this.#options;
    const startMs = performance.now();
    const first = this.#firstWaiting();
    const block = {
      height: this.#height + 1,
      timeMs: this.#nextTimeMs(),
      transactions: application.prepareProposal(
        first.map(([, { envelope }]) => envelope),
        BLOCK_SIZE_MAX,
      ),
    };
    if (application.processProposal(block) === 'reject')
      throw new Error(`block ${block.height} was refused by its own application`);
    const { outcomes } = application.finalizeBlock(block);
    const committed = application.commit();
    // COMMIT POINT
    this.#height = block.height;
    this.#timeMs = block.timeMs;
    this.#blockMs = performance.now() - startMs;
    const { transactions } = committed.block;
    let position = 0;
    for (const [i, outcome] of outcomes.entries()) {
      const [id, arrived] = first[i] as [string, Arrived];
      this.#waiting.delete(id);
      if ('executed' in outcome) this.#settle(arrived, { executed: transactions[position++] as CommittedTransaction });
      else this.#settle(arrived, this.#refusal(outcome.refused));
    }
    await onCommit(committed);
    const refused = application.checkNext();
    if (refused !== null) this.#fail(formatError(refused.code, refused.details));
  }

  #firstWaiting(): [string, Arrived][] {
    const first: [string, Arrived][] = [];
    for (const waiting of this.#waiting) if (first.push(waiting) === BLOCK_COUNT_MAX) break;
    return first;
  }

  #fail(error: Error): void {
    if (this.#ended !== null) return;
    this.#end(error);
    this.#options.onFailure(error);
  }

  #end(error: Error): void {
    this.#ended ??= error;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    // What a block under way holds is answered by it first.
    if (!this.#isWorking) this.#refuseOpen(this.#ended);
  }

  #refuseOpen(error: Error): void {
    for (const arrived of this.#open) this.#settle(arrived, error);
    this.#waiting.clear();
  }
}
