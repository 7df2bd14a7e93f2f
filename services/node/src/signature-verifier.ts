/**
 * Verifying many signatures at once, beside the thread that makes blocks. Few are verified on the spot; many go in one message to a
 * worker, which starts when it is first needed. Answers come in the order of the questions.
 */

import type { Worker } from 'node:worker_threads';
import { type Bytes, encodeUint32 } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { EDDSA, ES256 } from '@oppidum/formats/ids';
import { startSideThread } from './side-thread.ts';

/** One question to the raw backend, behind the filters of `ed25519.ts` and `es256.ts`. */
export type SignatureJob = {
  readonly algorithm: typeof EDDSA | typeof ES256;
  readonly publicKey: Bytes;
  readonly message: Bytes;
  readonly signature: Bytes;
};

/** The worker keeps nothing from one message to the next. */
const WORKER_YOUNG_MB = 4;
/** Fewer than this are faster verified than sent. */
const WORKER_COUNT_MIN = 8;

type Sent = PromiseWithResolvers<boolean[]>;

/** Signatures of one node. */
export class SignatureVerifier {
  readonly #crypto: Crypto;
  #worker: Worker | null = null;
  readonly #sent: Sent[] = [];
  #ended: Error | null = null;

  constructor(crypto: Crypto) {
    this.#crypto = crypto;
  }

  /** A cryptography that says yes to every signature and notes it in `jobs` instead: for checks whose signatures are verified later. */
  postpone(jobs: SignatureJob[]): Crypto {
    const note = (algorithm: SignatureJob['algorithm']) => (publicKey: Bytes, message: Bytes, signature: Bytes) =>
      jobs.push({ algorithm, publicKey, message, signature }) > 0;
    return { ...this.#crypto, verifyEd25519: note(EDDSA), verifyP256: note(ES256) };
  }

  /** One answer per job, in order; the jobs are read before it returns. Rejects when the worker broke, and after `close`. */
  async verify(jobs: readonly SignatureJob[]): Promise<boolean[]> {
    if (this.#ended !== null) throw this.#ended;
    // What came first is answered first.
    if (jobs.length < WORKER_COUNT_MIN && this.#sent.length === 0) return jobs.map((job) => verifyJob(this.#crypto, job));
    const sent = Promise.withResolvers<boolean[]>();
    this.#sent.push(sent);
    const message = encodeJobs(jobs);
    this.#worker ??= this.#startWorker();
    this.#worker.postMessage(message, [message.buffer as ArrayBuffer]);
    return sent.promise;
  }

  async close(): Promise<void> {
    this.#end(new Error('the verifier is closed'));
    await this.#worker?.terminate();
  }

  #startWorker(): Worker {
    const worker = startSideThread(new URL('./signature-worker.ts', import.meta.url), { youngMb: WORKER_YOUNG_MB });
    worker.unref();
    worker.on('message', (answers: Uint8Array) => this.#sent.shift()?.resolve(Array.from(answers, (answer) => answer === 1)));
    worker.on('error', (error: Error) => this.#end(error));
    return worker;
  }

  #end(error: Error): void {
    this.#ended ??= error;
    for (const { reject } of this.#sent.splice(0)) reject(this.#ended);
  }
}

/** Asks the raw backend. */
export function verifyJob(crypto: Crypto, { algorithm, publicKey, message, signature }: SignatureJob): boolean {
  const verify = algorithm === ES256 ? crypto.verifyP256 : crypto.verifyEd25519;
  return verify(publicKey, message, signature);
}

const SIGNATURE_SIZE = 64;
const HEADER_SIZE = 6;

/** (algorithm: i8 ‖ key size: u8 ‖ message size: u32 ‖ key ‖ message ‖ signature)* */
function encodeJobs(jobs: readonly SignatureJob[]): Uint8Array {
  let size = 0;
  for (const { publicKey, message } of jobs) size += HEADER_SIZE + publicKey.length + message.length + SIGNATURE_SIZE;
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const { algorithm, publicKey, message, signature } of jobs) {
    bytes[at] = algorithm & 0xff;
    bytes[at + 1] = publicKey.length;
    bytes.set(encodeUint32(message.length), at + 2);
    bytes.set(publicKey, at + HEADER_SIZE);
    bytes.set(message, at + HEADER_SIZE + publicKey.length);
    at += HEADER_SIZE + publicKey.length + message.length + SIGNATURE_SIZE;
    bytes.set(signature, at - SIGNATURE_SIZE);
  }
  return bytes;
}

/** Opens what `encodeJobs` wrote; the parts are views. */
export function* parseJobs(bytes: Uint8Array): Generator<SignatureJob> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length; ) {
    const keyEnd = at + HEADER_SIZE + view.getUint8(at + 1);
    const messageEnd = keyEnd + view.getUint32(at + 2);
    yield {
      algorithm: view.getInt8(at) === ES256 ? ES256 : EDDSA,
      publicKey: bytes.subarray(at + HEADER_SIZE, keyEnd),
      message: bytes.subarray(keyEnd, messageEnd),
      signature: bytes.subarray(messageEnd, messageEnd + SIGNATURE_SIZE),
    };
    at = messageEnd + SIGNATURE_SIZE;
  }
}
