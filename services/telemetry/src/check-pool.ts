/**
 * Checking signatures on all cores. A few readings are checked on the spot; many go in messages to workers, which start when they are
 * first needed, so that a quiet shard has none.
 */

import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Crypto } from '@oppidum/formats/crypto';
import {
  checkSigned,
  encodeSignedJobs,
  parseFindings,
  type SignedFinding,
  type SignedFindings,
  type SignedJob,
} from './signed-check.ts';

/** Fewer than this are faster checked than sent. */
const SENT_COUNT_MIN = 12;

type Sent = PromiseWithResolvers<SignedFinding[]>;
type CheckWorker = { readonly worker: Worker; readonly sent: Sent[] };

/** The checks of one shard. */
export class CheckPool {
  /** Messages that may be under way at once, so that no worker waits for its next. */
  readonly concurrency: number;
  readonly #crypto: Crypto;
  readonly #workerCount: number;
  readonly #workers: CheckWorker[] = [];
  #ended: Error | null = null;

  /** `workerCount`: as many as there are cores unless given. While they check, this thread has less to do than one core. */
  constructor(crypto: Crypto, workerCount = availableParallelism()) {
    this.#crypto = crypto;
    this.#workerCount = workerCount;
    this.concurrency = 2 * workerCount;
  }

  /** One finding per job, in order. Rejects when a worker broke, and after `close`. */
  async check(jobs: readonly SignedJob[]): Promise<readonly SignedFinding[]> {
    if (this.#ended !== null) throw this.#ended;
    const isQuiet = this.#workers.every(({ sent }) => sent.length === 0);
    if (jobs.length < SENT_COUNT_MIN && isQuiet) return jobs.map((job) => checkSigned(this.#crypto, job));
    const { worker, sent } = this.#leastBusy();
    const answer = Promise.withResolvers<SignedFinding[]>();
    // Whoever waits for an answer keeps the process alive; a worker without work does not.
    if (sent.push(answer) === 1) worker.ref();
    const message = encodeSignedJobs(jobs);
    worker.postMessage(message, [message.buffer]);
    return answer.promise;
  }

  /** Ends the workers; whoever waits is refused. */
  async close(): Promise<void> {
    this.#end(new Error('the shard is closed'));
    await Promise.all(this.#workers.map(({ worker }) => worker.terminate()));
  }

  #leastBusy(): CheckWorker {
    const least = this.#workers.toSorted((a, b) => a.sent.length - b.sent.length)[0];
    if (least !== undefined && (least.sent.length === 0 || this.#workers.length >= this.#workerCount)) return least;
    const started = this.#start();
    this.#workers.push(started);
    return started;
  }

  #start(): CheckWorker {
    const worker = new Worker(new URL('./check-worker.ts', import.meta.url));
    const sent: Sent[] = [];
    worker.unref();
    worker.on('message', (findings: SignedFindings) => {
      sent.shift()?.resolve(parseFindings(findings));
      if (sent.length === 0) worker.unref();
    });
    worker.on('error', (error: Error) => this.#end(error));
    return { worker, sent };
  }

  #end(error: Error): void {
    this.#ended ??= error;
    for (const { sent } of this.#workers) for (const { reject } of sent.splice(0)) reject(this.#ended);
  }
}
