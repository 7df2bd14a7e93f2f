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
  /** Bytes of envelopes that may wait. */
  readonly waitingSizeMax?: number;
};

type Waiting = {
  readonly envelope: Bytes;
  readonly resolve: (answer: IngestAnswer) => void;
  readonly fail: (error: Error) => void;
};
type Admitted = Waiting & { readonly admission: Admission };

const WAITING_COUNT_MAX = 8_192;
const WAITING_SIZE_MAX = 64 * 2 ** 20;
const GROUP_COUNT_MAX = 512;
/** Envelopes judged before others have their turn: 2 to 3 ms of signatures. */
const SLICE_COUNT = 32;

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
    const { waitingCountMax = WAITING_COUNT_MAX, waitingSizeMax = WAITING_SIZE_MAX } = this.#options;
    if (this.#waitingCount >= waitingCountMax || this.#waitingSize + envelope.length > waitingSizeMax)
      return Promise.resolve({ kind: 'passing', rejection: reject('OVERLOADED', { waitingCountMax, waitingSizeMax }) });
    this.#waitingCount++;
    this.#waitingSize += envelope.length;
    return new Promise((resolve, fail) => {
      this.#waiting.push({ envelope, resolve, fail });
      void this.#admitAll();
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

  /** Judges what waits, slice by slice; groups go to disk meanwhile. */
  async #admitAll(): Promise<void> {
    if (this.#isAdmitting) return;
    this.#isAdmitting = true;
    // Whoever comes in this turn of the event loop joins the first slice.
    await nextTurn();
    while (this.#waiting.length > 0) {
      const slice = this.#waiting.splice(0, SLICE_COUNT);
      try {
        const admissions = await this.#admit(slice.map(({ envelope }) => envelope));
        if (this.#ended !== null) throw this.#ended;
        this.#admitted.push(...slice.map((waiting, i) => ({ ...waiting, admission: admissions[i] as Admission })));
      } catch (error) {
        this.#fail(error as Error, slice);
      }
      void this.#sequenceAll();
      await nextTurn();
    }
    this.#isAdmitting = false;
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
        this.#fail(error as Error, group);
      }
    }
    this.#isSequencing = false;
  }

  /** One group, from what was admitted to answers that nobody can take back. */
  async #sequence(group: readonly Admitted[]): Promise<void> {
    const draft = new GroupDraft(this.#options.vault, this.#options);
    const judgements: Judgement[] = [];
    for (const { admission } of group) judgements.push(draft.judge(await this.#bind(admission)));
    const receipts = draft.leaves.length === 0 ? null : await this.#keep(draft);

    // ACKNOWLEDGE
    const make = receipts === null ? null : receiptMaker(this.#options.crypto, receipts);
    group.forEach(({ envelope, resolve }, i) => {
      this.#waitingCount--;
      this.#waitingSize -= envelope.length;
      resolve(this.#answer(judgements[i] as Judgement, make));
    });
  }

  /**
   * The digest of a few values can be guessed, and decisions outlive an erasure: what readings about people say is compared under their
   * subject's key.
   */
  async #bind(admission: Admission): Promise<Admission> {
    if (admission.kind === 'passing' || !admission.reading.isPersonal) return admission;
    const { keys } = this.#options;
    const { reading } = admission;
    await keys.provide(reading.device);
    return { ...admission, reading: { ...reading, contentDigest: keys.digest(reading.device, reading.payload) } };
  }

  async #keep(draft: GroupDraft): Promise<ReceiptGroup> {
    const { crypto, shard, vault, keys, log, receiptSigner, onKept } = this.#options;
    const entries = this.#seal(draft);
    if (entries.some(({ index }, i) => index !== this.#tree.size + i)) throw new Error('an index is given once');
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
  #seal({ kept }: GroupDraft): VaultEntry[] {
    const { keys, clock } = this.#options;
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

  /** A fault of our own: whoever waits is told nothing about any reading, and nothing more is taken. */
  #fail(error: Error, group: readonly Waiting[]): void {
    for (const { fail } of group) fail(error);
    if (this.#ended !== null) return;
    this.#end(error);
    this.#options.onFailure(error);
  }

  #end(error: Error): void {
    this.#ended ??= error;
    for (const { fail } of [...this.#waiting.splice(0), ...this.#admitted.splice(0)]) fail(this.#ended);
  }
}

function finalAnswer({ device, digest, index, refusal }: ReceiptLeaf, receipt: Bytes): IngestAnswer {
  if (index !== undefined) return { kind: 'kept', receipt, device, digest, index };
  return { kind: 'refused', receipt, device, digest, rejection: reject(refusal as ErrorCode) };
}
