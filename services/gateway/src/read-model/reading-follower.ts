/** Where batches of readings are written: here until the first large one, in a worker from then on. */

import type { Worker } from 'node:worker_threads';
import type { Crypto } from '@oppidum/formats/crypto';
import { startSideThread } from '@oppidum/node/side-thread';
// Starts nothing here: the thread finds it compiled.
import { READING_THREAD, type ReadingOrder, type ReadingThread } from './reading-worker.ts';
import { encodeReadingBatch, type ReadingBatch, ReadingWriter } from './reading-writer.ts';

/** Bytes of envelopes that are written within a millisecond or two. */
const HERE_SIZE_MAX = 16_384;
/** Batches come as bytes and go row by row. */
const WORKER_YOUNG_MB = 12;

/** One batch at a time. */
export class ReadingFollower {
  readonly #file: string;
  readonly #here: ReadingWriter;
  #worker: Worker | null = null;
  #answer: PromiseWithResolvers<boolean> | null = null;
  #isOpen = false;

  constructor(file: string, crypto: Crypto) {
    this.#file = file;
    this.#here = new ReadingWriter(file, crypto, 'small');
  }

  /**
   * Resolves when the batch is written, with true when it is committed, too: where `moreFollows`, that may come later, and nobody else can
   * write to the file before. Rejects when it cannot be written: nothing of it is there then.
   */
  async write(batch: ReadingBatch, moreFollows = false): Promise<boolean> {
    const size = batch.rows.reduce((sum, { envelope }) => sum + envelope.length, 0);
    // Where load has been, small batches follow each other, too, and each may wait for the disk.
    if (this.#worker === null && size <= HERE_SIZE_MAX) return this.#here.write(batch, false);
    this.#worker ??= this.#start();
    const message = encodeReadingBatch(batch);
    const order: ReadingOrder = { kind: 'write', batch: message, moreFollows };
    return this.#ask(this.#worker, order, [message.buffer]);
  }

  /** Resolves when all that was written is committed. */
  async commit(): Promise<void> {
    if (this.#worker !== null && this.#isOpen) await this.#ask(this.#worker, { kind: 'commit' });
  }

  async #ask(worker: Worker, order: ReadingOrder, moved: readonly ArrayBuffer[] = []): Promise<boolean> {
    this.#answer = Promise.withResolvers();
    worker.postMessage(order, [...moved]);
    const isCommitted = await this.#answer.promise;
    this.#isOpen = !isCommitted;
    return isCommitted;
  }

  /** Call it between two batches. */
  async close(): Promise<void> {
    this.#here.close();
    if (this.#worker === null) return;
    const ended = new Promise((resolve) => this.#worker?.once('exit', resolve));
    this.#worker.postMessage({ kind: 'close' } satisfies ReadingOrder);
    await ended;
  }

  #start(): Worker {
    const file = new URL('./reading-worker.ts', import.meta.url);
    const workerData = { thread: READING_THREAD, file: this.#file } satisfies ReadingThread;
    const worker = startSideThread(file, { youngMb: WORKER_YOUNG_MB, workerData });
    worker.on('message', (isCommitted: boolean) => this.#answer?.resolve(isCommitted));
    worker.on('error', (error: Error) => this.#answer?.reject(error));
    // One that failed is gone already when somebody closes us.
    worker.on('exit', () => {
      this.#worker = null;
    });
    return worker;
  }
}
