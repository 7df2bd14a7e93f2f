/**
 * CometBFT as the engine of a node: it connects to our ABCI server and decides blocks; what is submitted here goes to its mempool, and
 * is answered when a block of ours that holds it is durable.
 */

import { createServer, type Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AbciApplication } from '@oppidum/abci/connection';
import { type ListenAddress, parseAddress, serveAbci } from '@oppidum/abci/server';
import { WireError } from '@oppidum/abci/wire-error';
import { type Bytes, equalBytes, toOctets } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { formatError } from '@oppidum/formats/errors';
import type { Genesis } from '@oppidum/formats/genesis';
import type { AdmissionRefusal } from '@oppidum/ledger/admission';
import type { CommitAnswer } from './application.ts';
import { CityAbci } from './city-abci.ts';
import type { SubmitAnswer } from './client.ts';
import { type Broadcast, CometRpc } from './comet-rpc.ts';
import type { Engine, EngineParts, StartEngine } from './engine.ts';
import { EnvelopeChecks, type RefusedEnvelope } from './envelope-checks.ts';
import { listenOwnerOnly } from './unix-socket.ts';

export type CometOptions = {
  readonly crypto: Crypto;
  readonly genesis: Pick<Genesis, 'validators'>;
  readonly genesisHash: Bytes;
  /** Where CometBFT finds us: its `proxy_app`. */
  readonly listen: string;
  /** Where we find CometBFT: its `rpc.laddr`. */
  readonly rpc: string;
  readonly waitingCountMax?: number;
  /** While CometBFT starts or is started again, a transaction waits so long for it. */
  readonly awayMsMax?: number;
  /** Without a block while something waits for so long, the node counts as cut off. */
  readonly cutOffMs?: number;
  /** Told when the connection that carried consensus has closed: the CometBFT behind it ends, if it can. */
  readonly onGone?: () => void;
  /** As in `CityAbciOptions`. */
  readonly mayBePeer?: (id: string) => boolean;
  /** What stands between CometBFT and the application, as a recorder does. */
  readonly wrap?: (application: AbciApplication) => AbciApplication;
};

/**
 * Who waits for a block longer than this is told to ask again, sooner than our clients lose patience: a retry of what was executed meanwhile
 * gets its first answer.
 */
const WAIT_MS_MAX = 20_000;
const AWAY_RETRY_MS = 100;
const LINGER_MS = 3_000;
/** With work and without a block for so long, a node counts as cut off from its quorum; a dead proposer costs a second. */
const CUT_OFF_MS = 10_000;

type Waiting = PromiseWithResolvers<SubmitAnswer> & {
  readonly envelope: Bytes;
  readonly sinceMs: number;
  /** A mempool has taken it. */
  isHeld: boolean;
};

/** Starts the engine of a node; resolves when CometBFT has made or brought the genesis block. */
export function cometEngine(options: CometOptions): StartEngine {
  return (parts) => CometEngine.start(options, parts);
}

class CometEngine implements Engine {
  readonly name = 'cometbft';
  readonly #parts: EngineParts;
  readonly #rpc: CometRpc;
  readonly #checks: EnvelopeChecks;
  readonly #waitingCountMax: number;
  readonly #awayMsMax: number;
  readonly #cutOffMs: number;
  /** Handed to the mempool and not in a durable block yet, by id. */
  readonly #waiting = new Map<string, Waiting>();
  readonly #founded = Promise.withResolvers<void>();
  readonly #server: Server = createServer();
  readonly #timer: NodeJS.Timeout;
  #stopServing = (): void => undefined;
  #ended: Error | null = null;
  #committedMs = Number.NEGATIVE_INFINITY;
  /** A CometBFT has ended, and its mempool with it. */
  #isGone = false;

  /** Throws OVERLOADED when closed before there is a genesis block, SOCKET_REFUSED, and ADDRESS_INVALID. */
  static async start(options: CometOptions, parts: EngineParts): Promise<CometEngine> {
    const engine = new CometEngine(options, parts);
    try {
      await engine.#listen(options);
      await engine.#founded.promise;
      return engine;
    } catch (error) {
      await engine.close();
      throw error;
    }
  }

  private constructor(options: CometOptions, parts: EngineParts) {
    this.#parts = parts;
    this.#rpc = new CometRpc(options.rpc, { onParcel: (...parcel) => this.#checks.sent(...parcel) });
    this.#waitingCountMax = options.waitingCountMax ?? 20_000;
    this.#awayMsMax = options.awayMsMax ?? 10_000;
    this.#cutOffMs = options.cutOffMs ?? CUT_OFF_MS;
    const { application, verifier, clock } = parts;
    const timeMs = (): number => application.timeAfter(clock());
    this.#checks = new EnvelopeChecks({ application, verifier, crypto: options.crypto, timeMs });
    if (application.height >= 0) this.#founded.resolve();
    // Whoever starts an engine waits for it; without that its end is no news to anybody.
    this.#founded.promise.catch(() => undefined);
    this.#timer = setInterval(() => this.#refuseLate(), 1_000);
    this.#timer.unref();
  }

  get isAlive(): boolean {
    return this.#ended === null;
  }

  /** Silence alone says nothing, for an idle network makes no blocks. Once nothing waits any more, the next one tries again. */
  get isCutOff(): boolean {
    const [oldest] = this.#waiting.values();
    const sinceMs = Math.max(oldest?.sinceMs ?? Number.POSITIVE_INFINITY, this.#committedMs);
    return performance.now() - sinceMs > this.#cutOffMs;
  }

  /** What waits or was executed is answered, whoever is away. */
  async submit(envelope: Bytes): Promise<SubmitAnswer> {
    if (this.#ended !== null) throw this.#ended;
    if (this.#waiting.size >= this.#waitingCountMax) throw formatError('OVERLOADED', { waiting: this.#waiting.size });
    const copy = envelope.slice();
    // Checked here first: the mempool's answer has no room for facts, and asks us in the end.
    const answer = await this.#checks.check(copy);
    if ('code' in answer) return this.#refusal(answer);
    const name = toOctets(answer.id);
    const known = this.#waiting.get(name);
    if (known !== undefined) return known.promise;
    if (this.isCutOff) throw formatError('ENGINE_AWAY', { why: 'cut off: what was handed in before comes into no block' });
    const waiting = { ...Promise.withResolvers<SubmitAnswer>(), envelope: copy, sinceMs: performance.now(), isHeld: false };
    this.#waiting.set(name, waiting);
    this.#broadcast(waiting).catch((error: Error) => this.#settle(name, error));
    return waiting.promise;
  }

  async close(): Promise<void> {
    this.#end(formatError('OVERLOADED', { why: 'the node is stopping' }));
    this.#stopServing();
    this.#rpc.close();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #listen(options: CometOptions): Promise<void> {
    const { application, clock, votes, snapshots } = this.#parts;
    const city = new CityAbci({
      application,
      checks: {
        checkTransaction: (transaction) => this.#check(transaction),
        recall: (...asked) => this.#checks.recall(...asked),
      },
      clock,
      votes,
      genesis: options.genesis,
      snapshots,
      onRestored: () => this.#founded.resolve(),
      genesisHash: options.genesisHash,
      mayBePeer: options.mayBePeer,
      onInfo: () => this.#onEngine(),
      onCommit: (answer) => this.#onCommit(answer),
    });
    const onFault = (error: Error): void => this.#fail(error);
    const onEngineGone = (): void => {
      this.#isGone = true;
      // When this node ends its store does, too.
      if (this.#ended !== null) return;
      application.engineGone();
      options.onGone?.();
    };
    this.#stopServing = serveAbci(this.#server, { application: options.wrap?.(city) ?? city, onFault, onEngineGone });
    await listenAt(this.#server, parseAddress(options.listen));
  }

  async #onCommit(answer: CommitAnswer): Promise<void> {
    const { transactions, height } = answer.block;
    this.#committedMs = performance.now();
    for (const executed of transactions) this.#settle(toOctets(executed.id), { executed });
    for (const { envelope, refusal } of answer.refused) this.#settleRefused(envelope, refusal);
    this.#checks.forget(answer.envelopes);
    await this.#parts.onCommit(answer);
    if (height === 0) this.#founded.resolve();
    const refused = this.#parts.application.checkNext();
    // Whoever stopped at once would leave those behind who have not heard of this block.
    if (refused !== null) setTimeout(() => this.#fail(formatError(refused.code, refused.details)), LINGER_MS);
  }

  /**
   * CheckTx, which may find that transactions of ours are no longer admissible: the mempool has dropped them then. Of a parcel that it
   * keeps the block says what became of each.
   */
  async #check(transaction: Bytes): Promise<readonly RefusedEnvelope[] | null> {
    const refused = await this.#checks.checkTransaction(transaction);
    for (const { envelope, refusal } of refused ?? []) this.#settleRefused(envelope, refusal);
    return refused;
  }

  /** The first Info of the next CometBFT: what the mempool of the former one held is handed over once more, when this one can take it. */
  #onEngine(): void {
    if (!this.#isGone) return;
    this.#isGone = false;
    const held = [...this.#waiting].filter(([, { isHeld }]) => isHeld);
    if (held.length > 0) void this.#handOverAgain(held);
  }

  async #handOverAgain(held: readonly (readonly [string, Waiting])[]): Promise<void> {
    const isWaiting = ([name, waiting]: readonly [string, Waiting]): boolean => this.#waiting.get(name) === waiting;
    while (this.#ended === null && !this.#isGone && held.some(isWaiting)) {
      if (await this.#rpc.isThere()) {
        for (const [name, waiting] of held.filter(isWaiting))
          this.#broadcast(waiting).catch((error: Error) => this.#settle(name, error));
        return;
      }
      await sleep(AWAY_RETRY_MS);
    }
  }

  /** Throws what the submitter shall see. */
  async #broadcast(waiting: Waiting): Promise<void> {
    const answer = await this.#reach(waiting.envelope);
    waiting.isHeld = true;
    // It may wait in the mempool already, from an earlier try or by another node.
    if (answer !== null && !answer.error.includes('already exists in cache'))
      throw formatError('OVERLOADED', { why: answer.error });
  }

  /** Another envelope of the same id, with a wrong signature, is none of ours. */
  #settleRefused(envelope: Bytes, refusal: AdmissionRefusal): void {
    if (refusal.id === null) return;
    const name = toOctets(refusal.id);
    const waiting = this.#waiting.get(name);
    if (waiting !== undefined && equalBytes(waiting.envelope, envelope)) this.#settle(name, this.#refusal(refusal));
  }

  /** Throws ENGINE_AWAY. */
  async #reach(envelope: Bytes): Promise<Broadcast> {
    const untilMs = performance.now() + this.#awayMsMax;
    for (;;) {
      try {
        return await this.#rpc.broadcast(envelope);
      } catch (error) {
        if (this.#ended !== null || performance.now() > untilMs) throw error;
        await sleep(AWAY_RETRY_MS);
      }
    }
  }

  #settle(name: string, outcome: SubmitAnswer | Error): void {
    const waiting = this.#waiting.get(name);
    if (waiting === undefined) return;
    this.#waiting.delete(name);
    if (outcome instanceof Error) waiting.reject(outcome);
    else waiting.resolve(outcome);
  }

  /** A retry of what was executed gets the first answer. */
  #refusal(refused: AdmissionRefusal): SubmitAnswer {
    const executed = refused.code === 'REPLAYED' && refused.id !== null ? this.#parts.findTransaction(refused.id) : null;
    return executed === null ? { refused } : { executed };
  }

  #refuseLate(): void {
    const late = performance.now() - WAIT_MS_MAX;
    const why = 'no block has it yet; it may still come into one';
    const tooLate = this.isCutOff ? formatError('ENGINE_AWAY', { why: `cut off: ${why}` }) : formatError('OVERLOADED', { why });
    for (const [name, { sinceMs }] of this.#waiting) {
      if (sinceMs > late) return;
      this.#settle(name, tooLate);
    }
  }

  #fail(error: Error): void {
    if (this.#ended !== null) return;
    // A peer that speaks no ABCI loses its connection, and nobody else does.
    if (error instanceof WireError) return;
    this.#end(error);
    this.#parts.onFailure(error);
  }

  #end(error: Error): void {
    this.#ended ??= error;
    clearInterval(this.#timer);
    this.#founded.reject(this.#ended);
    for (const name of [...this.#waiting.keys()]) this.#settle(name, this.#ended);
  }
}

async function listenAt(server: Server, address: ListenAddress): Promise<void> {
  if ('path' in address) {
    const reason = await listenOwnerOnly(server, address.path);
    if (reason !== null) throw formatError('SOCKET_REFUSED', { socket: address.path, reason });
    return;
  }
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(address, resolve);
  });
}
