/**
 * How readings become a log. Envelopes wait, are judged, and wait again while the group before them goes to disk; those that wait
 * together become one group: signed, made durable with one fsync, appended to the log, published, and only then acknowledged. A crash
 * at any point leaves the group whole or not there at all, and nobody was told of it before it was durable.
 *
 *   ingest → waiting → (admit) → admitted → (sequence: sign, persist, publish, acknowledge) → answer
 */

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Bytes } from '@oppidum/formats/bytes';
import type { Crypto, Signer } from '@oppidum/formats/crypto';
import { type ErrorCode, type Rejection, reject } from '@oppidum/formats/errors';
import type { ReceiptLeaf } from '@oppidum/formats/receipt';
import type { TileLog } from '@oppidum/node/tile-log';
import { leafHash } from '@oppidum/proofs/merkle-hash';
import type { CompactTree } from '@oppidum/proofs/merkle-tree';
import type { Admission, VerifiedReading } from './admit.ts';
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
  /** Judges envelopes, see `admitReadings`; a promise, for it may happen in other threads. */
  readonly admit: (envelopes: readonly Bytes[]) => Promise<readonly Admission[]>;
  /** Slices that may be judged at the same time. */
  readonly admitConcurrency: number;
  /** The last durable block: when it is another than at the admission, `recheck` is asked whether the device may still send. */
  readonly height: () => number;
  readonly recheck: (reading: VerifiedReading) => Rejection | null;
  /** Told after each group by which entries the log grew. */
  readonly onKept: (entries: readonly VaultEntry[]) => void;
  /** Told once when the vault or the log failed: nothing more will be acknowledged. */
  readonly onFailure: (error: Error) => void;
  readonly waitingCountMax?: number;
  /** Bytes of envelopes that may wait. */
  readonly waitingSizeMax?: number;
};

type Waiting = {
  readonly envelope: Bytes;
  readonly resolve: (answer: IngestAnswer) => void;
  readonly fail: (error: Error) => void;
};
type Admitted = { readonly waiting: Waiting; readonly admission: Admission; readonly height: number };

const WAITING_COUNT_MAX = 8_192;
const WAITING_SIZE_MAX = 64 * 2 ** 20;
const GROUP_COUNT_MAX = 1_024;
/** Envelopes judged together: some milliseconds of signatures. */
const SLICE_COUNT = 100;
/** What may be filled by those who wait for room: the rest is for those who are told that there is none. */
const IN_TURN_SHARE = 0.75;

/** The one place where a shard's log grows. */
export class Sequencer {
  readonly #options: SequencerOptions;
  readonly #tree: CompactTree;
  #waiting: Waiting[] = [];
  #admitted: Admitted[] = [];
  /** All that have no answer yet. */
  #waitingCount = 0;
  #waitingSize = 0;
  #isAdmitting = false;
  /** Slices under way, oldest first; each ends when its readings, and all before them, are admitted. */
  readonly #slices: Promise<void>[] = [];
  /** Those who wait for room, in the order in which they came. */
  #inTurn: Waiting[] = [];
  #isSequencing = false;
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
    if (this.#hasRoom(1, envelope.length)) return this.#enter(envelope);
    return Promise.resolve({ kind: 'passing', rejection: this.#overloaded() });
  }

  /** The same for all of them or for none: null when there is no room. */
  ingestAll(envelopes: readonly Bytes[]): Promise<IngestAnswer[]> | null {
    if (this.#ended !== null) return Promise.reject(this.#ended);
    const size = envelopes.reduce((sum, { length }) => sum + length, 0);
    return this.#hasRoom(envelopes.length, size) ? Promise.all(envelopes.map((envelope) => this.#enter(envelope))) : null;
  }

  /** The same for senders that can be made to wait: begins when there is room, in the order in which they came. */
  ingestInTurn(envelope: Bytes): Promise<IngestAnswer> {
    if (this.#ended !== null) return Promise.reject(this.#ended);
    if (this.#inTurn.length === 0 && this.#mayComeIn(envelope)) return this.#enter(envelope);
    return new Promise((resolve, fail) => {
      this.#inTurn.push({ envelope, resolve, fail });
    });
  }

  #hasRoom(count: number, size: number, share = 1): boolean {
    const { waitingCountMax = WAITING_COUNT_MAX, waitingSizeMax = WAITING_SIZE_MAX } = this.#options;
    return this.#waitingCount + count <= share * waitingCountMax && this.#waitingSize + size <= share * waitingSizeMax;
  }

  #overloaded(): Rejection {
    const { waitingCountMax = WAITING_COUNT_MAX, waitingSizeMax = WAITING_SIZE_MAX } = this.#options;
    return reject('OVERLOADED', { waitingCountMax, waitingSizeMax });
  }

  #enter(envelope: Bytes): Promise<IngestAnswer> {
    return new Promise((resolve, fail) => this.#wait({ envelope, resolve, fail }));
  }

  #wait(waiting: Waiting): void {
    this.#waitingCount++;
    this.#waitingSize += waiting.envelope.length;
    this.#waiting.push(waiting);
    void this.#admitAll();
  }

  /** One alone always may: else the largest would wait for ever. */
  #mayComeIn({ length }: Bytes): boolean {
    return this.#waitingCount === 0 || this.#hasRoom(1, length, IN_TURN_SHARE);
  }

  /** Those who waited for room come in. */
  #letIn(): void {
    let count = 0;
    for (const waiting of this.#inTurn) {
      if (!this.#mayComeIn(waiting.envelope)) break;
      this.#wait(waiting);
      count++;
    }
    this.#inTurn.splice(0, count);
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

  /** Judges what waits, slice by slice and several at a time; groups go to disk meanwhile. */
  async #admitAll(): Promise<void> {
    if (this.#isAdmitting) return;
    this.#isAdmitting = true;
    // Whoever comes in this turn of the event loop joins the first slice.
    await nextTurn();
    while (this.#waiting.length > 0) {
      if (this.#slices.length >= this.#options.admitConcurrency) await this.#slices[0];
      const slice = this.#waiting.splice(0, SLICE_COUNT);
      const height = this.#options.height();
      const admitted = this.#admit(slice.map(({ envelope }) => envelope));
      const done = this.#conclude(slice, admitted, height, this.#slices.at(-1));
      this.#slices.push(done);
      void done.then(() => this.#slices.shift());
      await nextTurn();
    }
    this.#isAdmitting = false;
  }

  /** Readings are admitted in the order in which they came, whichever slice was judged first. */
  async #conclude(
    slice: readonly Waiting[],
    admitted: Promise<readonly Admission[]>,
    height: number,
    before: Promise<void> | undefined,
  ): Promise<void> {
    try {
      const admissions = await admitted;
      await before;
      if (this.#ended !== null) throw this.#ended;
      for (const [i, waiting] of slice.entries()) this.#admitted.push({ waiting, height, admission: admissions[i] as Admission });
    } catch (error) {
      this.#fail(error as Error, slice);
    }
    void this.#sequenceAll();
  }

  async #admit(envelopes: readonly Bytes[]): Promise<readonly Admission[]> {
    const closed = this.#options.closedBecause();
    return closed === null ? this.#options.admit(envelopes) : envelopes.map(() => ({ kind: 'passing', rejection: closed }));
  }

  /** Group by group, as long as there is something admitted. */
  async #sequenceAll(): Promise<void> {
    if (this.#isSequencing) return;
    this.#isSequencing = true;
    while (this.#admitted.length > 0) {
      const group = this.#admitted.splice(0, GROUP_COUNT_MAX);
      try {
        await this.exclusive(() => this.#sequence(group));
      } catch (error) {
        this.#fail(
          error as Error,
          group.map(({ waiting }) => waiting),
        );
      }
    }
    this.#isSequencing = false;
  }

  /** One group, from what was admitted to answers that nobody can take back. */
  async #sequence(group: readonly Admitted[]): Promise<void> {
    const draft = new GroupDraft(this.#options.vault, this.#options);
    const judgements: Judgement[] = [];
    const height = this.#options.height();
    for (const each of group) {
      const admission = each.height === height ? each.admission : this.#recheck(each.admission);
      const isPersonal = admission.kind === 'verified' && admission.reading.isPersonal;
      judgements.push(draft.judge(isPersonal ? await this.#bind(admission) : admission));
    }
    const receipts = draft.leaves.length === 0 ? null : await this.#keep(draft);

    // ACKNOWLEDGE
    const make = receipts === null ? null : receiptMaker(this.#options.crypto, receipts);
    group.forEach(({ waiting: { envelope, resolve } }, i) => {
      this.#waitingCount--;
      this.#waitingSize -= envelope.length;
      resolve(this.#answer(judgements[i] as Judgement, make));
    });
    this.#letIn();
  }

  /** What a block between admission and group has ended, ends here: no revocation is outrun by what waited. */
  #recheck(admission: Admission): Admission {
    const rejection = admission.kind === 'verified' ? this.#options.recheck(admission.reading) : null;
    return rejection === null ? admission : { kind: 'passing', rejection };
  }

  /**
   * The digest of a few values can be guessed, and decisions outlive an erasure: what readings about people say is compared under their
   * subject's key.
   */
  async #bind(admission: Admission): Promise<Admission> {
    if (admission.kind === 'passing') return admission;
    const { keys } = this.#options;
    const { reading } = admission;
    await keys.provide(reading.device);
    return { ...admission, reading: { ...reading, contentDigest: keys.digest(reading.device, reading.payload) } };
  }

  async #keep(draft: GroupDraft): Promise<ReceiptGroup> {
    const { crypto, shard, vault, keys, log, receiptSigner, onKept } = this.#options;
    const receivedMs = this.#options.clock();
    const entries = this.#seal(draft, receivedMs);
    if (entries.some(({ index }, i) => index !== this.#tree.size + i)) throw new Error('an index is given once');
    for (const { digest } of entries) this.#tree.append(leafHash(crypto, digest));

    // SIGN: one signature covers the whole group.
    const receipts = signGroup(crypto, receiptSigner, shard, draft.leaves);

    // PERSIST: envelopes, decisions and the signed head, with one fsync.
    const clones = draft.clones.map(({ reading, firstIndex }) => ({ ...reading, firstIndex, ...storeEnvelope(keys, reading) }));
    await vault.commit({ receivedMs, entries, decisions: draft.decisions, clones, receipts, tree: this.#tree });
    // COMMIT POINT

    // PUBLISH: the log grows; its next checkpoint covers this.
    log.append(entries.map(({ digest }) => digest));
    if (entries.length > 0) onKept(entries);
    return receipts;
  }

  /** The entries as they are stored; what is about people under its subject's key. */
  #seal({ kept }: GroupDraft, receivedMs: number): VaultEntry[] {
    const { keys } = this.#options;
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

  /** A fault of our own: whoever waits is told nothing about any reading, and nothing more is taken. */
  #fail(error: Error, group: readonly Waiting[]): void {
    for (const { fail } of group) fail(error);
    if (this.#ended !== null) return;
    this.#end(error);
    this.#options.onFailure(error);
  }

  #end(error: Error): void {
    this.#ended ??= error;
    const admitted = this.#admitted.splice(0).map(({ waiting }) => waiting);
    for (const { fail } of [...this.#waiting.splice(0), ...admitted, ...this.#inTurn.splice(0)]) fail(this.#ended);
  }
}

function finalAnswer({ device, digest, index, refusal }: ReceiptLeaf, receipt: Bytes): IngestAnswer {
  if (index !== undefined) return { kind: 'kept', receipt, device, digest, index };
  return { kind: 'refused', receipt, device, digest, rejection: reject(refusal as ErrorCode) };
}
