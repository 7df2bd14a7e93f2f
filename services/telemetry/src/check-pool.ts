/**
 * Checking signatures on all cores. A few readings are checked on the spot; many go in messages to workers, which start when they are
 * first needed, so that a quiet shard has none.
 */

import { availableParallelism } from 'node:os';
import type { Worker } from 'node:worker_threads';
import type { Bytes } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { startSideThread } from '@oppidum/node/side-thread';
// Does nothing here: the thread finds it compiled.
import { CHECK_THREAD } from './check-worker.ts';
import { checkEnvelopes, type EnvelopeJob, encodeJobs, type Findings } from './envelope-check.ts';

/** Fewer than this are faster checked than sent. */
const SENT_COUNT_MIN = 12;
/** A worker keeps nothing from one message to the next. */
const WORKER_YOUNG_MB = 4;

type Sent = PromiseWithResolvers<Findings>;
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

  /** What was found of each, in order. Rejects when a worker broke, and after `close`. */
  async check(audience: Bytes, jobs: readonly EnvelopeJob[]): Promise<Findings> {
    if (this.#ended !== null) throw this.#ended;
    const isQuiet = this.#workers.every(({ sent }) => sent.length === 0);
    if (jobs.length < SENT_COUNT_MIN && isQuiet) return checkEnvelopes(this.#crypto, audience, jobs, jobs.length);
    const { worker, sent } = this.#leastBusy();
    const answer = Promise.withResolvers<Findings>();
    // Whoever waits for an answer keeps the process alive; a worker without work does not.
    if (sent.push(answer) === 1) worker.ref();
    const message = encodeJobs(audience, jobs);
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
    const worker = startSideThread(new URL('./check-worker.ts', import.meta.url), {
      youngMb: WORKER_YOUNG_MB,
      workerData: CHECK_THREAD,
    });
    const sent: Sent[] = [];
    worker.unref();
    worker.on('message', (findings: Findings) => {
      sent.shift()?.resolve(findings);
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
