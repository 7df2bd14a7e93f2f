/**
 * Checking envelopes that an engine hands over: parsed, admitted on the committed state, their signatures verified together beside the
 * thread that makes blocks. What passed is remembered by the SHA-256 of the whole envelope, so that the block which carries it, in
 * another array of bytes, verifies nothing again.
 */

import { type Bytes, equalBytes, toOctets } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import type { AdmissionRefusal } from '@oppidum/ledger/admission';
import type { Application } from './application.ts';
import type { SignatureJob, SignatureVerifier } from './signature-verifier.ts';

export type EnvelopeChecksOptions = {
  readonly application: Application;
  readonly verifier: SignatureVerifier;
  readonly crypto: Pick<Crypto, 'sha256'>;
  /** Time of the block that would be made now. */
  readonly timeMs: () => number;
};

/** What CheckTx says. */
export type CheckAnswer = { readonly id: Bytes } | AdmissionRefusal;

/** Envelopes that one turn of the event loop checks: consensus waits beside them. */
const TOGETHER_COUNT_MAX = 32;
/** Envelopes that are remembered, and their bytes: more than wait for a block at any time. */
const KNOWN_COUNT_MAX = 20_000;
const KNOWN_SIZE_MAX = 64 * 2 ** 20;

/** An array of ours, and its digest. */
type Unchecked = { readonly envelope: Bytes; readonly digest: string };
type Arrived = PromiseWithResolvers<CheckAnswer> & Unchecked;

/**
 * Checks envelopes on the committed state as of a time, their signatures together beside this thread; the application remembers what
 * passed. Answers in order. Throws when the verifier broke.
 */
export async function checkTogether(
  { application, verifier }: Pick<EnvelopeChecksOptions, 'application' | 'verifier'>,
  envelopes: readonly Bytes[],
  timeMs: number,
): Promise<CheckAnswer[]> {
  const checked = envelopes.map((envelope) => {
    const jobs: SignatureJob[] = [];
    return { envelope, jobs, answer: application.checkTx(envelope, timeMs, verifier.postpone(jobs)) };
  });
  // Who is refused for another reason has signatures that nobody needs to verify.
  const verified = await verifier.verify(checked.flatMap(({ answer, jobs }) => ('code' in answer ? [] : jobs)));
  let position = 0;
  return checked.map(({ envelope, jobs, answer }) => {
    if ('code' in answer) return answer;
    const end = position + jobs.length;
    const isVerified = verified.slice(position, end).every(Boolean);
    position = end;
    if (!isVerified) {
      // Nothing was remembered of a wrong signature, so the full check says whose it is.
      const refused = application.checkTx(envelope, timeMs);
      if ('code' in refused) return refused;
      throw new Error('two verifiers disagree about a signature');
    }
    application.rememberVerified(
      envelope,
      jobs.map(({ publicKey }) => publicKey),
    );
    return answer;
  });
}

/** The checks of one node. */
export class EnvelopeChecks {
  readonly #options: EnvelopeChecksOptions;
  /** Verified and not in a block yet, by digest, oldest first; and the other way, by the array that was checked. */
  readonly #known = new Map<string, Bytes>();
  readonly #digests = new Map<Bytes, string>();
  #knownSize = 0;
  #arrived: Arrived[] = [];
  /** What was recalled last: a block is mostly the proposal before it. */
  #recalled: readonly Bytes[] = [];

  constructor(options: EnvelopeChecksOptions) {
    this.#options = options;
  }

  /** Would it be admitted to a block that is made now? Rejects only when the verifier broke. */
  async check(envelope: Bytes): Promise<CheckAnswer> {
    const digest = this.#digest(envelope);
    const known = this.#known.get(digest);
    if (known !== undefined) return this.#options.application.checkTx(known, this.#options.timeMs());
    const arrived = { ...Promise.withResolvers<CheckAnswer>(), envelope: envelope.slice(), digest };
    if (this.#arrived.push(arrived) === 1) setImmediate(() => this.#takeArrived());
    return arrived.promise;
  }

  /** The transactions of a proposal or block as the arrays that were checked; what was not seen before is verified first. */
  async recall(transactions: readonly Bytes[], timeMs: number): Promise<Bytes[]> {
    const unseen: Unchecked[] = [];
    const recalled = transactions.map((envelope, i) => {
      const before = this.#recalled[i];
      if (before !== undefined && equalBytes(before, envelope)) return before;
      const digest = this.#digest(envelope);
      const known = this.#known.get(digest);
      if (known !== undefined) return known;
      // The engine's array is part of a whole message.
      const copy = envelope.slice();
      unseen.push({ envelope: copy, digest });
      return copy;
    });
    this.#recalled = recalled;
    if (unseen.length > 0) await this.#verify(unseen, timeMs);
    return recalled;
  }

  /** A durable block had these. */
  forget(transactions: readonly Bytes[]): void {
    for (const envelope of transactions) this.#drop(this.#digests.get(envelope) ?? this.#digest(envelope));
    this.#recalled = [];
  }

  #takeArrived(): void {
    const arrived = this.#arrived.splice(0, TOGETHER_COUNT_MAX);
    if (this.#arrived.length > 0) setImmediate(() => this.#takeArrived());
    void this.#answer(arrived);
  }

  async #answer(arrived: readonly Arrived[]): Promise<void> {
    try {
      const answers = await this.#verify(arrived, this.#options.timeMs());
      for (const [i, { resolve }] of arrived.entries()) resolve(answers[i] as CheckAnswer);
    } catch (error) {
      for (const { reject } of arrived) reject(error);
    }
  }

  async #verify(unchecked: readonly Unchecked[], timeMs: number): Promise<CheckAnswer[]> {
    const envelopes = unchecked.map(({ envelope }) => envelope);
    const answers = await checkTogether(this.#options, envelopes, timeMs);
    for (const [i, each] of unchecked.entries()) if (!('code' in (answers[i] as CheckAnswer))) this.#keep(each);
    return answers;
  }

  #keep({ envelope, digest }: Unchecked): void {
    if (this.#known.has(digest)) return;
    this.#known.set(digest, envelope);
    this.#digests.set(envelope, digest);
    this.#knownSize += envelope.length;
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= KNOWN_COUNT_MAX && this.#knownSize <= KNOWN_SIZE_MAX) return;
      this.#drop(oldest);
    }
  }

  #drop(digest: string): void {
    const envelope = this.#known.get(digest);
    if (envelope === undefined) return;
    this.#knownSize -= envelope.length;
    this.#known.delete(digest);
    this.#digests.delete(envelope);
  }

  #digest(envelope: Bytes): string {
    return toOctets(this.#options.crypto.sha256(envelope));
  }
}
