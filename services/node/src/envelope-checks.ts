/**
 * Checking envelopes that an engine hands over: parsed, admitted on the committed state, their signatures verified together beside the
 * thread that makes blocks. What passed is remembered by the SHA-256 of the whole envelope, or of the parcel that it came in, so that the
 * block which carries it, in another array of bytes, verifies nothing again.
 */

import { type Bytes, toOctets } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import type { AdmissionRefusal } from '@oppidum/ledger/admission';
import type { Application } from './application.ts';
import { parseParcel } from './parcel.ts';
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

/** What CheckTx said of a transaction this recently, on the same state, it says again. */
const SAID_MS = 250;

/** Arrays of ours that were admissible at a height and a time. */
type Known = { readonly envelopes: readonly Bytes[]; readonly height: number; readonly timeMs: number };
/** An envelope, and why it would not be admitted. */
export type RefusedEnvelope = { readonly envelope: Bytes; readonly refusal: AdmissionRefusal };
/** At most `TOGETHER_COUNT_MAX`. */
type Arrived = PromiseWithResolvers<readonly CheckAnswer[]> & { readonly envelopes: readonly Bytes[] };

/**
 * Checks envelopes on the committed state as of a time, their signatures together beside this thread; the application remembers what
 * passed. Answers in order. Throws when the verifier broke.
 */
export async function checkTogether(
  { application, verifier }: Pick<EnvelopeChecksOptions, 'application' | 'verifier'>,
  envelopes: readonly Bytes[],
  timeMs: number,
): Promise<CheckAnswer[]> {
  const jobs: SignatureJob[] = [];
  const crypto = verifier.postpone(jobs);
  application.expect(envelopes);
  const checked = envelopes.map((envelope) => {
    const first = jobs.length;
    const answer = application.checkTx(envelope, timeMs, crypto);
    // Who is refused for another reason has signatures that nobody needs to verify.
    if ('code' in answer) jobs.length = first;
    return { envelope, answer, end: jobs.length };
  });
  const publicKeys = jobs.map(({ publicKey }) => publicKey);
  const answers = verifier.verify(jobs);
  // Messages and signatures are on their way: nothing here keeps them until the answer.
  jobs.length = 0;
  const verified = await answers;
  let first = 0;
  return checked.map(({ envelope, answer, end }) => {
    if ('code' in answer) return answer;
    const signedBy = publicKeys.slice(first, end);
    const isVerified = verified.slice(first, end).every(Boolean);
    first = end;
    if (!isVerified) {
      // Nothing was remembered of a wrong signature, so the full check says whose it is.
      const refused = application.checkTx(envelope, timeMs);
      if ('code' in refused) return refused;
      throw new Error('two verifiers disagree about a signature');
    }
    application.rememberVerified(envelope, signedBy);
    return answer;
  });
}

/** The checks of one node. */
export class EnvelopeChecks {
  readonly #options: EnvelopeChecksOptions;
  /** Verified and not in a block yet, by digest of the transaction that carries them, oldest first. */
  readonly #known = new Map<string, Known>();
  /** Of those that came alone, by the array that was checked. */
  readonly #digests = new Map<Bytes, string>();
  #knownSize = 0;
  #arrived: Arrived[] = [];
  /** What was recalled last, by digest: a block is mostly the proposal before it. */
  #recalled: ReadonlyMap<string, readonly Bytes[]> = new Map();

  constructor(options: EnvelopeChecksOptions) {
    this.#options = options;
  }

  /** Would it be admitted to a block that is made now? Nobody writes to the array from now on. Rejects only when the verifier broke. */
  async check(envelope: Bytes): Promise<CheckAnswer> {
    const digest = this.#digest(envelope);
    const known = this.#known.get(digest)?.envelopes[0];
    if (known !== undefined) return this.#options.application.checkTx(known, this.#options.timeMs());
    const [answer] = await this.#arrive([envelope]);
    if (answer === undefined || 'code' in answer) return answer as AdmissionRefusal;
    this.#keep(digest, [envelope]);
    this.#digests.set(envelope, digest);
    return answer;
  }

  /** The same of a transaction of the engine: null where one of its envelopes would be admitted, else why each of them would not. */
  async checkTransaction(transaction: Bytes): Promise<readonly RefusedEnvelope[] | null> {
    const { application, timeMs } = this.#options;
    const digest = this.#digest(transaction);
    const known = this.#known.get(digest);
    if (known !== undefined && known.height === application.height && timeMs() - known.timeMs <= SAID_MS) return null;
    const envelopes = known?.envelopes ?? parseParcel(transaction);
    const answers =
      known === undefined
        ? (await Promise.all(inTurns(envelopes).map((some) => this.#arrive(some)))).flat()
        : envelopes.map((envelope) => application.checkTx(envelope, timeMs()));
    const refused = answers.flatMap((answer, i) =>
      'code' in answer ? [{ envelope: envelopes[i] as Bytes, refusal: answer }] : [],
    );
    if (refused.length === 0) this.#keep(digest, envelopes);
    return refused.length === envelopes.length ? refused : null;
  }

  /** These, which were checked, go to the engine as this transaction. */
  sent(transaction: Bytes, envelopes: readonly Bytes[]): void {
    if (envelopes.length > 1) this.#keep(this.#digest(transaction), envelopes);
  }

  /** The envelopes of each transaction as the arrays that were checked; what was not seen before is verified first. */
  async recall(transactions: readonly Bytes[], timeMs: number): Promise<(readonly Bytes[])[]> {
    const unseen: Bytes[] = [];
    const recalled = transactions.map((transaction) => {
      const digest = this.#digest(transaction);
      const known = this.#recalled.get(digest) ?? this.#known.get(digest)?.envelopes;
      if (known !== undefined) return [digest, known] as const;
      const envelopes = parseParcel(transaction);
      unseen.push(...envelopes);
      return [digest, envelopes] as const;
    });
    if (unseen.length > 0) await checkTogether(this.#options, unseen, timeMs);
    this.#recalled = new Map(recalled);
    return recalled.map(([, envelopes]) => envelopes);
  }

  /** A durable block had these, and what was recalled last. */
  forget(envelopes: readonly Bytes[]): void {
    for (const envelope of envelopes) this.#drop(this.#digests.get(envelope));
    for (const digest of this.#recalled.keys()) this.#drop(digest);
    this.#recalled = new Map();
  }

  #arrive(envelopes: readonly Bytes[]): Promise<readonly CheckAnswer[]> {
    const arrived = { ...Promise.withResolvers<readonly CheckAnswer[]>(), envelopes };
    if (this.#arrived.push(arrived) === 1) setImmediate(() => this.#takeArrived());
    return arrived.promise;
  }

  #takeArrived(): void {
    let count = 0;
    const end = this.#arrived.findIndex(({ envelopes }) => {
      count += envelopes.length;
      return count > TOGETHER_COUNT_MAX;
    });
    const arrived = this.#arrived.splice(0, end < 0 ? this.#arrived.length : end);
    if (this.#arrived.length > 0) setImmediate(() => this.#takeArrived());
    void this.#answer(arrived);
  }

  async #answer(arrived: readonly Arrived[]): Promise<void> {
    try {
      const envelopes = arrived.flatMap((each) => each.envelopes);
      const answers = await checkTogether(this.#options, envelopes, this.#options.timeMs());
      let first = 0;
      for (const { envelopes, resolve } of arrived) {
        resolve(answers.slice(first, first + envelopes.length));
        first += envelopes.length;
      }
    } catch (error) {
      for (const { reject } of arrived) reject(error);
    }
  }

  #keep(digest: string, envelopes: readonly Bytes[]): void {
    const { application, timeMs } = this.#options;
    this.#drop(digest);
    this.#known.set(digest, { envelopes, height: application.height, timeMs: timeMs() });
    this.#knownSize += sizeOf(envelopes);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= KNOWN_COUNT_MAX && this.#knownSize <= KNOWN_SIZE_MAX) return;
      this.#drop(oldest);
    }
  }

  #drop(digest: string | undefined): void {
    const known = digest === undefined ? undefined : this.#known.get(digest);
    if (digest === undefined || known === undefined) return;
    this.#knownSize -= sizeOf(known.envelopes);
    this.#known.delete(digest);
    const [alone] = known.envelopes;
    if (alone !== undefined && this.#digests.get(alone) === digest) this.#digests.delete(alone);
  }

  #digest(transaction: Bytes): string {
    return toOctets(this.#options.crypto.sha256(transaction));
  }
}

/** A parcel in parts that one turn takes. */
function inTurns(envelopes: readonly Bytes[]): (readonly Bytes[])[] {
  const count = Math.ceil(envelopes.length / TOGETHER_COUNT_MAX);
  return Array.from({ length: count }, (_, i) => envelopes.slice(i * TOGETHER_COUNT_MAX, (i + 1) * TOGETHER_COUNT_MAX));
}

function sizeOf(envelopes: readonly Bytes[]): number {
  return envelopes.reduce((size, { length }) => size + length, 0);
}
