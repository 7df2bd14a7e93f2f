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
import { parseReading } from '@oppidum/formats/reading';
import type { TileLog } from '@oppidum/node/tile-log';
import type { Admission, VerifiedReading } from './admit.ts';
import type { IngestAnswer } from './client.ts';
import { GroupDraft, type Judgement } from './group-draft.ts';
import { storeEnvelope } from './kept-readings.ts';
import { type ReceiptMaker, receiptMaker, signGroup } from './receipt-group.ts';
import type { Decision } from './stored-group.ts';
import type { SubjectKeys } from './subject-keys.ts';
import type { Vault, VaultEntry } from './vault.ts';

export type SequencerOptions = {
  readonly crypto: Crypto;
  /** Genesis hash of the city. */
  readonly audience: Bytes;
  readonly shard: Bytes;
  readonly vault: Vault;
  readonly keys: SubjectKeys;
  readonly log: Pick<TileLog, 'prepare' | 'size'>;
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
  /** Told after each group that found a key in two places. */
  readonly onClones: () => void;
  /** Told once when the vault or the log failed: nothing more will be acknowledged. */
  readonly onFailure: (error: Error) => void;
  readonly waitingCountMax?: number;
  /** Bytes of envelopes that may wait. */
  readonly waitingSizeMax?: number;
};

/** Envelopes that came together are answered together. */
type Request = {
  readonly answers: IngestAnswer[];
  missing: number;
  readonly resolve: (answers: IngestAnswer[]) => void;
  readonly fail: (error: Error) => void;
};
/** Envelopes of a request that are judged together, from number `first` of it on. */
type Part = { readonly request: Request; readonly first: number; readonly envelopes: readonly Bytes[] };
type Admitted = { readonly part: Part; readonly admissions: readonly Admission[]; readonly height: number };

const WAITING_COUNT_MAX = 8_192;
const WAITING_SIZE_MAX = 64 * 2 ** 20;
const GROUP_COUNT_MAX = 1_024;
const BUSY_COUNT = 400;
/** Envelopes judged together: some milliseconds of signatures. */
const SLICE_COUNT = 100;
/** What may be filled by those who wait for room: the rest is for those who are told that there is none. */
const IN_TURN_SHARE = 0.75;

/** The one place where a shard's log grows. */
export class Sequencer {
  readonly #options: SequencerOptions;
  #waiting: Part[] = [];
  #admitted: Admitted[] = [];
  /** All that have no answer yet. */
  #waitingCount = 0;
  #waitingSize = 0;
  #isAdmitting = false;
  /** Slices under way, oldest first; each ends when its readings, and all before them, are admitted. */
  readonly #slices: Promise<void>[] = [];
  /** Those who wait for room, in the order in which they came. */
  #inTurn: Part[] = [];
  #isSequencing = false;
  /** Groups and erasures, one after the other. */
  #turn: Promise<unknown> = Promise.resolve();
  #ended: Error | null = null;

  constructor(options: SequencerOptions) {
    this.#options = options;
  }

  /** False once the shard has failed or is closed. */
  get isOpen(): boolean {
    return this.#ended === null;
  }

  /** True while more waits than a quiet shard ever has waiting: what can be done later should be. */
  get isBusy(): boolean {
    return this.#waitingCount >= BUSY_COUNT;
  }

  /** Resolves when the answer is durable. Rejects only when the shard has failed or is closed. */
  async ingest(envelope: Bytes): Promise<IngestAnswer> {
    const answers = await (this.ingestAll([envelope]) ?? [{ kind: 'passing', rejection: this.#overloaded() } as const]);
    return answers[0] as IngestAnswer;
  }

  /** The same for all of them or for none: null when there is no room. */
  ingestAll(envelopes: readonly Bytes[]): Promise<IngestAnswer[]> | null {
    if (this.#ended !== null) return Promise.reject(this.#ended);
    if (!this.#hasRoom(envelopes.length, sizeOf(envelopes))) return null;
    if (envelopes.length === 0) return Promise.resolve([]);
    return new Promise((resolve, fail) => {
      const request = { answers: new Array<IngestAnswer>(envelopes.length), missing: envelopes.length, resolve, fail };
      for (let first = 0; first < envelopes.length; first += SLICE_COUNT)
        this.#wait({ request, first, envelopes: envelopes.slice(first, first + SLICE_COUNT) });
    });
  }

  /** The same for senders that can be made to wait: begins when there is room, in the order in which they came. */
  ingestInTurn(envelope: Bytes): Promise<IngestAnswer> {
    if (this.#ended !== null) return Promise.reject(this.#ended);
    return new Promise((resolve, fail) => {
      const answers: IngestAnswer[] = [];
      const request = { answers, missing: 1, resolve: () => resolve(answers[0] as IngestAnswer), fail };
      const part = { request, first: 0, envelopes: [envelope] };
      if (this.#inTurn.length === 0 && this.#mayComeIn(part)) this.#wait(part);
      else this.#inTurn.push(part);
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

  #wait(part: Part): void {
    this.#waitingCount += part.envelopes.length;
    this.#waitingSize += sizeOf(part.envelopes);
    this.#waiting.push(part);
    void this.#admitAll();
  }

  /** One alone always may: else the largest would wait for ever. */
  #mayComeIn({ envelopes }: Part): boolean {
    return this.#waitingCount === 0 || this.#hasRoom(envelopes.length, sizeOf(envelopes), IN_TURN_SHARE);
  }

  /** Those who waited for room come in. */
  #letIn(): void {
    let count = 0;
    for (const part of this.#inTurn) {
      if (!this.#mayComeIn(part)) break;
      this.#wait(part);
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
      const slice = this.#waiting.splice(0, countParts(this.#waiting, SLICE_COUNT));
      const height = this.#options.height();
      const admitted = this.#admit(
        slice.length === 1 ? (slice[0] as Part).envelopes : slice.flatMap(({ envelopes }) => envelopes),
      );
      const done = this.#conclude(slice, admitted, height, this.#slices.at(-1));
      this.#slices.push(done);
      void done.then(() => this.#slices.shift());
      await nextTurn();
    }
    this.#isAdmitting = false;
  }

  /** Readings are admitted in the order in which they came, whichever slice was judged first. */
  async #conclude(
    slice: readonly Part[],
    admitted: Promise<readonly Admission[]>,
    height: number,
    before: Promise<void> | undefined,
  ): Promise<void> {
    try {
      const admissions = await admitted;
      await before;
      if (this.#ended !== null) throw this.#ended;
      let next = 0;
      for (const part of slice) {
        const end = next + part.envelopes.length;
        this.#admitted.push({ part, height, admissions: admissions.slice(next, end) });
        next = end;
      }
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
      const parts = this.#admitted.map(({ part }) => part);
      const group = this.#admitted.splice(0, countParts(parts, GROUP_COUNT_MAX));
      try {
        await this.exclusive(() => this.#sequence(group));
      } catch (error) {
        this.#fail(
          error as Error,
          group.map(({ part }) => part),
        );
      }
    }
    this.#isSequencing = false;
  }

  /** One group, from what was admitted to answers that nobody can take back. */
  async #sequence(group: readonly Admitted[]): Promise<void> {
    const draft = new GroupDraft(this.#options.vault);
    const judgements: Judgement[] = [];
    const { height: lastHeight, closedBecause } = this.#options;
    const [now, closed] = [lastHeight(), closedBecause()];
    for (const { admissions, height } of group) {
      for (const earlier of admissions) {
        const current = height === now ? earlier : this.#recheck(earlier);
        const admission = closed === null ? current : passing(closed);
        const isPersonal = admission.kind === 'verified' && admission.reading.sender.isPersonal;
        judgements.push(draft.judge(isPersonal ? await this.#bind(admission) : admission));
      }
    }
    const make = draft.leaves.length === 0 ? null : await this.#keep(draft);

    // ACKNOWLEDGE, unless the disk took so long that the node fell silent meanwhile: then it is decided, and told the next time.
    const silent = closed ?? closedBecause();
    let next = 0;
    for (const { part } of group) {
      const { request, first, envelopes } = part;
      for (let i = 0; i < envelopes.length; i++) {
        const judgement = judgements[next++] as Judgement;
        request.answers[first + i] = silent === null ? this.#answer(judgement, make) : passing(silent);
      }
      this.#waitingCount -= envelopes.length;
      this.#waitingSize -= sizeOf(envelopes);
      request.missing -= envelopes.length;
      if (request.missing === 0) request.resolve(request.answers);
    }
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
    const { keys, crypto } = this.#options;
    const { reading } = admission;
    const { device } = reading.sender;
    await keys.provide(device);
    const { payload } = parseReading(crypto, reading.envelope);
    return { ...admission, reading: { ...reading, contentDigest: keys.digest(device, payload) } };
  }

  async #keep(draft: GroupDraft): Promise<ReceiptMaker> {
    const { vault, keys, log, receiptSigner, clock, onKept, onClones } = this.#options;
    const receivedMs = clock();
    const entries = draft.kept.map(({ reading, index }): VaultEntry => {
      return { index, digest: reading.digest, receivedMs, ...storeEnvelope(keys, reading) };
    });
    if (entries.some(({ index }, i) => index !== log.size + i)) throw new Error('an index is given once');
    const grown = log.prepare(entries.map(({ digest }) => digest));

    // SIGN: one signature covers the whole group.
    const { group: receipts, make } = signGroup(this.#options, receiptSigner, draft.leaves);

    // PERSIST: envelopes, decisions and the signed head, with one fsync.
    const clones = draft.clones.map(({ reading, firstIndex }) => {
      const { sender, sequence, digest } = reading;
      return { ...sender, sequence, digest, firstIndex, ...storeEnvelope(keys, reading) };
    });
    await vault.commit({ receivedMs, entries, decisions: draft.decisions, clones, receipts, tree: grown.tree });
    // COMMIT POINT

    // PUBLISH: the log grows; its next checkpoint covers this.
    grown.append();
    if (entries.length > 0) onKept(entries);
    if (clones.length > 0) onClones();
    return make;
  }

  #answer(judgement: Judgement, make: ReceiptMaker | null): IngestAnswer {
    if (judgement.kind === 'passing') return judgement;
    const { kind, said } = judgement;
    if (kind === 'signed') return finalAnswer(said, (make as ReceiptMaker)(said));
    return finalAnswer(said, receiptMaker(this.#options, this.#options.vault.group(said.group))(said));
  }

  /** A fault of our own: whoever waits is told nothing about any reading, and nothing more is taken. */
  #fail(error: Error, parts: readonly Part[]): void {
    for (const { request } of parts) request.fail(error);
    if (this.#ended !== null) return;
    this.#end(error);
    this.#options.onFailure(error);
  }

  #end(error: Error): void {
    this.#ended ??= error;
    const admitted = this.#admitted.splice(0).map(({ part }) => part);
    for (const { request } of [...this.#waiting.splice(0), ...admitted, ...this.#inTurn.splice(0)]) request.fail(this.#ended);
  }
}

function sizeOf(envelopes: readonly Bytes[]): number {
  let size = 0;
  for (const { length } of envelopes) size += length;
  return size;
}

/** How many parts have together at most so many envelopes; at least one. */
function countParts(parts: readonly Part[], countMax: number): number {
  let [count, sum] = [0, 0];
  for (const { envelopes } of parts) {
    sum += envelopes.length;
    if (count > 0 && sum > countMax) break;
    count++;
  }
  return count;
}

function passing(rejection: Rejection): Extract<Admission, { readonly kind: 'passing' }> {
  return { kind: 'passing', rejection };
}

function finalAnswer({ device, digest, outcome }: Decision, receipt: Bytes): IngestAnswer {
  if (typeof outcome === 'number') return { kind: 'kept', receipt, device, digest, index: outcome };
  return { kind: 'refused', receipt, device, digest, rejection: reject(outcome as ErrorCode) };
}
