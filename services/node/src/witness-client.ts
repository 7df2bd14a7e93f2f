/** Asking an outside witness for its cosignature (C2SP tlog-witness, `add-checkpoint`). */

import { type Bytes, concatBytes, encodeBase64, encodeUtf8, parseUtf8 } from '@oppidum/formats/bytes';
import { type Checkpoint, parseCheckpointNote } from '@oppidum/formats/checkpoint';
import { verifyCosignature } from '@oppidum/formats/cosignature';
import type { Crypto } from '@oppidum/formats/crypto';
import { orNull, type Rejection, reject } from '@oppidum/formats/errors';
import { type NoteSignature, parseSignatureLines } from '@oppidum/formats/signed-note';
import { parseDecimal } from '@oppidum/formats/text-rules';
import type { VerifierKey } from '@oppidum/formats/verifier-key';
import type { TileLog } from './tile-log.ts';

/** A witness answers with at most 16 signature lines. */
const ANSWER_SIZE_MAX = 16_384;
/** Once to learn the witness's size, once with the right proof, once more if somebody else was faster. */
const ATTEMPT_COUNT_MAX = 3;

export type WitnessClientOptions = {
  /** The submission prefix. */
  readonly url: string;
  /** The witness's cosignature key (0x04). */
  readonly key: VerifierKey;
  readonly crypto: Crypto;
  readonly timeoutMs?: number;
};

/** What the client needs of the log: proofs between sizes, and how far it reaches. */
export type WitnessedLog = Pick<TileLog, 'size' | 'proveConsistency'>;

type Answer = { readonly status: number; readonly contentType: string; readonly text: string };

/** One witness as a log sees it. */
export class WitnessClient {
  readonly url: string;
  readonly #key: VerifierKey;
  readonly #crypto: Crypto;
  readonly #timeoutMs: number;
  /** The size the witness cosigned last, as far as we know; 0 makes it say. */
  #witnessSize = 0;

  constructor(options: WitnessClientOptions) {
    this.url = options.url.replace(/\/+$/, '');
    this.#key = options.key;
    this.#crypto = options.crypto;
    this.#timeoutMs = options.timeoutMs ?? 3_000;
  }

  /**
   * The witness's verified cosignature on a signed checkpoint of the log.
   * Refuses WITNESS_UNREACHABLE (no usable answer), WITNESS_REFUSED (it does not trust this log or quorum, or is ahead),
   * WITNESS_CONFLICT (it has seen another history).
   */
  async cosign(note: Bytes, log: WitnessedLog): Promise<{ readonly line: NoteSignature } | Rejection> {
    const { checkpoint, note: signed } = parseCheckpointNote(note);
    for (let attempt = 0; attempt < ATTEMPT_COUNT_MAX; attempt++) {
      const oldSize = Math.min(this.#witnessSize, checkpoint.size);
      const answer = await this.#post(requestOf(oldSize, checkpoint, note, log));
      if ('code' in answer) return answer;
      if (answer.status === 200) return this.#accept(answer, checkpoint, signed.text);
      const refusal = this.#learn(answer, oldSize, checkpoint, log);
      if (refusal !== null) return refusal;
    }
    return reject('WITNESS_UNREACHABLE', { url: this.url, why: 'it named a new size each time' });
  }

  #accept(answer: Answer, checkpoint: Checkpoint, text: string): { readonly line: NoteSignature } | Rejection {
    const line = parseLines(answer.text).find((each) => verifyCosignature(this.#crypto, this.#key, text, each) !== null);
    if (line === undefined) return reject('WITNESS_UNREACHABLE', { url: this.url, why: 'no cosignature by its key' });
    this.#witnessSize = checkpoint.size;
    return { line };
  }

  /** Takes the witness's size from a 409 and returns null; anything else is a refusal. */
  #learn(answer: Answer, oldSize: number, checkpoint: Checkpoint, log: WitnessedLog): Rejection | null {
    const { url } = this;
    const { status } = answer;
    if (status === 422) return reject('WITNESS_CONFLICT', { url, size: oldSize });
    if (status >= 500) return reject('WITNESS_UNREACHABLE', { url, status });
    if (status !== 409) return reject('WITNESS_REFUSED', { url, status });
    const size = parseSize(answer);
    if (size === null) return reject('WITNESS_UNREACHABLE', { url, status, why: 'it does not say its size' });
    // The proof ran from the size it has, or its log is larger than ours ever was: its history is another one.
    if (size === oldSize || size > log.size) return reject('WITNESS_CONFLICT', { url, size });
    this.#witnessSize = size;
    return size > checkpoint.size ? reject('WITNESS_REFUSED', { url, status, size }) : null;
  }

  async #post(body: Bytes): Promise<Answer | Rejection> {
    try {
      const response = await fetch(`${this.url}/add-checkpoint`, {
        method: 'POST',
        body,
        headers: { 'content-type': 'text/plain; charset=utf-8' },
        redirect: 'error',
        signal: AbortSignal.timeout(this.#timeoutMs),
      });
      const text = parseUtf8(await readLimited(response));
      return { status: response.status, contentType: response.headers.get('content-type') ?? '', text };
    } catch (error) {
      // fetch hides why behind `cause`; both are for people to read.
      const { message, cause } = error as Error;
      return reject('WITNESS_UNREACHABLE', { url: this.url, why: cause instanceof Error ? cause.message : message });
    }
  }
}

/** Old size, consistency proof, empty line, checkpoint (C2SP tlog-witness). From size 0 there is nothing to prove. */
function requestOf(oldSize: number, checkpoint: Checkpoint, note: Bytes, log: WitnessedLog): Bytes {
  const proof = oldSize === 0 ? [] : log.proveConsistency(oldSize, checkpoint.size);
  return concatBytes(encodeUtf8([`old ${oldSize}`, ...proof.map(encodeBase64), '', ''].join('\n')), note);
}

function parseLines(text: string): readonly NoteSignature[] {
  return orNull(() => parseSignatureLines(text)) ?? [];
}

function parseSize({ contentType, text }: Answer): number | null {
  if (!contentType.startsWith('text/x.tlog.size') || !text.endsWith('\n')) return null;
  return orNull(() => parseDecimal(text.slice(0, -1)));
}

async function readLimited(response: Response): Promise<Bytes> {
  const parts: Bytes[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.length;
    if (size > ANSWER_SIZE_MAX) throw new Error(`the answer is larger than ${ANSWER_SIZE_MAX} bytes`);
    parts.push(part);
  }
  return concatBytes(...parts);
}
