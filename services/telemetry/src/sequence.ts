/**
 * How readings become a log. Envelopes wait; those that wait together become one group: each is judged, then the group is signed,
 * made durable with one fsync, appended to the log, published, and only then acknowledged. A crash at any point leaves the group
 * whole or not there at all, and nobody was told of it before it was durable.
 */

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Bytes } from '@oppidum/formats/bytes';
import type { Crypto, Signer } from '@oppidum/formats/crypto';
import { type ErrorCode, type Rejection, reject } from '@oppidum/formats/errors';
import type { ReceiptLeaf } from '@oppidum/formats/receipt';
import type { TileLog } from '@oppidum/node/tile-log';
import { leafHash } from '@oppidum/proofs/merkle-hash';
import type { CompactTree } from '@oppidum/proofs/merkle-tree';
import type { Admission } from './admit.ts';
import type { IngestAnswer } from './client.ts';
import { GroupDraft, type Judgement } from './group-draft.ts';
import { storeEnvelope } from './kept-readings.ts';
import { type ReceiptGroup, type ReceiptMaker, receiptMaker, signGroup } from './receipt-group.ts';
import type { SubjectKeys } from './subject-keys.ts';
import type { Vault, VaultEntry } from './vault.ts';

export type SequencerOptions = {
  readonly crypto: Crypto;
  /** Genesis hash of the city. */
  readonly audience: Bytes;
  readonly shard: Bytes;
  readonly vault: Vault;
  readonly keys: SubjectKeys;
  readonly log: Pick<TileLog, 'append'>;
  /** Signs the heads of groups. */
  readonly receiptSigner: Signer;
  /** POSIX milliseconds. */
  readonly clock: () => number;
  /** Why nothing may be acknowledged now (the node is silent, the shard is frozen), or null. */
  readonly closedBecause: () => Rejection | null;
  /** Judges envelopes, see `admitReading`; a promise, so that it may happen in other threads. */
  readonly admit: (envelopes: readonly Bytes[]) => Promise<readonly Admission[]>;
  /** Told after each group by which entries the log grew. */
  readonly onKept: (entries: readonly VaultEntry[]) => void;
  /** Told once when the vault or the log failed: nothing more will be acknowledged. */
  readonly onFailure: (error: Error) => void;
  readonly waitingCountMax?: number;
  readonly groupCountMax?: number;
};

type Waiting = {
  readonly envelope: Bytes;
  readonly resolve: (answer: IngestAnswer) => void;
  readonly fail: (error: Error) => void;
};

const WAITING_COUNT_MAX = 8_192;
const GROUP_COUNT_MAX = 512;

/** The one place where a shard's log grows. */
export class Sequencer {
  readonly #options: SequencerOptions;
  readonly #tree: CompactTree;
  #waiting: Waiting[] = [];
  #isRunning = false;
  /** Groups and erasures, one after the other. */
  #turn: Promise<unknown> = Promise.resolve();
  #ended: Error | null = null;

  constructor(options: SequencerOptions) {
    this.#options = options;
    this.#tree = options.vault.tree(options.crypto);
  }

  /** False once the shard has failed or is closed. */
  get isOpen(): boolean {
    return this.#ended === null;
  }

  /** Resolves when the answer is durable. Rejects only when the shard has failed or is closed. */
  ingest(envelope: Bytes): Promise<IngestAnswer> {
    if (this.#ended !== null) return Promise.reject(this.#ended);
    const waitingCountMax = this.#options.waitingCountMax ?? WAITING_COUNT_MAX;
    if (this.#waiting.length >= waitingCountMax)
      return Promise.resolve({ kind: 'passing', rejection: reject('OVERLOADED', { waitingCountMax }) });
    return new Promise((resolve, fail) => {
      this.#waiting.push({ envelope, resolve, fail });
      if (!this.#isRunning) void this.#run();
    });
  }

  /** Runs work between two groups, while nobody else writes to the vault. */
  exclusive<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  /** Takes no more; resolves when what is under way has ended. */
  async close(): Promise<void> {
    this.#end(new Error('the shard is closed'));
    await this.#turn;
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    // Whoever comes in this turn of the event loop joins the first group.
    await nextTurn();
    while (this.#waiting.length > 0) {
      const group = this.#waiting.splice(0, this.#options.groupCountMax ?? GROUP_COUNT_MAX);
      try {
        await this.exclusive(() => this.#sequence(group));
      } catch (error) {
        for (const { fail } of group) fail(error as Error);
        this.#end(error as Error);
        this.#options.onFailure(error as Error);
      }
    }
    this.#isRunning = false;
  }

  /** One group, from what somebody sent to answers that nobody can take back. */
  async #sequence(group: readonly Waiting[]): Promise<void> {
    const draft = new GroupDraft(this.#options.vault, this.#options);
    const judgements = (await this.#admit(group)).map((admission) => draft.judge(admission));
    const receipts = draft.leaves.length === 0 ? null : await this.#keep(draft);

    // ACKNOWLEDGE
    const make = receipts === null ? null : receiptMaker(this.#options.crypto, receipts);
    group.forEach(({ resolve }, i) => {
      resolve(this.#answer(judgements[i] as Judgement, make));
    });
  }

  async #admit(group: readonly Waiting[]): Promise<readonly Admission[]> {
    const closed = this.#options.closedBecause();
    if (closed !== null) return group.map(() => ({ kind: 'passing', rejection: closed }));
    return this.#options.admit(group.map(({ envelope }) => envelope));
  }

  async #keep(draft: GroupDraft): Promise<ReceiptGroup> {
    const { crypto, shard, vault, keys, log, receiptSigner, onKept } = this.#options;
    const entries = await this.#seal(draft);
    for (const { digest } of entries) this.#tree.append(leafHash(crypto, digest));

    // SIGN: one signature covers the whole group.
    const receipts = signGroup(crypto, receiptSigner, shard, draft.leaves);

    // PERSIST: envelopes, decisions and the signed head, with one fsync.
    const clones = draft.clones.map(({ reading, firstIndex }) => ({ ...reading, firstIndex, ...storeEnvelope(keys, reading) }));
    await vault.commit({ number: draft.number, entries, decisions: draft.decisions, clones, receipts, tree: this.#tree });
    // COMMIT POINT

    // PUBLISH: the log grows; its next checkpoint covers this.
    log.append(entries.map(({ digest }) => digest));
    if (entries.length > 0) onKept(entries);
    return receipts;
  }

  /** The entries as they are stored; what is about people under its subject's key. */
  async #seal({ kept, clones }: GroupDraft): Promise<VaultEntry[]> {
    const { keys, clock } = this.#options;
    for (const { reading } of [...kept, ...clones]) if (reading.isPersonal) await keys.provide(reading.device);
    const receivedMs = clock();
    return kept.map(({ reading, index }) => ({ index, digest: reading.digest, receivedMs, ...storeEnvelope(keys, reading) }));
  }

  #answer(judgement: Judgement, make: ReceiptMaker | null): IngestAnswer {
    if (judgement.kind === 'passing') return judgement;
    if (judgement.kind === 'signed')
      return finalAnswer(judgement.leaf, (make as ReceiptMaker)(judgement.leaf, judgement.position));
    const { leaf, decision } = judgement;
    const makeOld = receiptMaker(this.#options.crypto, this.#options.vault.group(decision.group));
    return finalAnswer(leaf, makeOld(leaf, decision.position));
  }

  #end(error: Error): void {
    this.#ended ??= error;
    for (const { fail } of this.#waiting.splice(0)) fail(this.#ended);
  }
}

function finalAnswer({ device, digest, index, refusal }: ReceiptLeaf, receipt: Bytes): IngestAnswer {
  if (index !== undefined) return { kind: 'kept', receipt, device, digest, index };
  return { kind: 'refused', receipt, device, digest, rejection: reject(refusal as ErrorCode) };
}
