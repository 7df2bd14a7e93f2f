/** Where batches of readings are written: here until the first large one, in a worker from then on. */

import { Worker } from 'node:worker_threads';
import type { Crypto } from '@oppidum/formats/crypto';
import { encodeReadingBatch, type ReadingBatch, ReadingWriter } from './reading-writer.ts';

/** Bytes of envelopes that are written within a millisecond or two. */
const HERE_SIZE_MAX = 16_384;

/** One batch at a time. */
export class ReadingFollower {
  readonly #file: string;
  readonly #here: ReadingWriter;
  #worker: Worker | null = null;
  #answer: PromiseWithResolvers<void> | null = null;

  constructor(file: string, crypto: Crypto) {
    this.#file = file;
    this.#here = new ReadingWriter(file, crypto);
  }

  /** Resolves when the batch is committed. Rejects when it cannot be written: nothing of it is there then. */
  async write(batch: ReadingBatch): Promise<void> {
    const size = batch.rows.reduce((sum, { envelope }) => sum + envelope.length, 0);
    // Where load has been, small batches follow each other, too, and each may wait for the disk.
    if (this.#worker === null && size <= HERE_SIZE_MAX) return this.#here.write(batch);
    this.#worker ??= this.#start();
    this.#answer = Promise.withResolvers();
    const message = encodeReadingBatch(batch);
    this.#worker.postMessage(message, [message.buffer]);
    return this.#answer.promise;
  }

  /** Call it between two batches. */
  async close(): Promise<void> {
    this.#here.close();
    if (this.#worker === null) return;
    const ended = new Promise((resolve) => this.#worker?.once('exit', resolve));
    this.#worker.postMessage(null);
    await ended;
  }

  #start(): Worker {
    const worker = new Worker(new URL('./reading-worker.ts', import.meta.url), { workerData: this.#file });
    worker.on('message', () => this.#answer?.resolve());
    worker.on('error', (error: Error) => this.#answer?.reject(error));
    return worker;
  }
}
