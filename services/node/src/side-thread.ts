/** Threads beside the one of the event loop: each with a young generation of its own size, and nothing in memory that only compiling needs. */

import { flushCompileCache } from 'node:module';
import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';

export type SideThreadOptions = {
  /** Megabytes of the young generation: what comes with a message and what is made of it lives there. */
  readonly youngMb: number;
  readonly workerData?: unknown;
};

/** Starts a thread that runs this file. */
export function startSideThread(file: URL, { youngMb, workerData }: SideThreadOptions): Worker {
  // `--max-semi-space-size`, with which our processes are started, would hold for every thread; this one has its heap already.
  setFlagsFromString('--max-semi-space-size=0');
  // What this thread has loaded the other finds compiled: stripping types takes 13 MB, in each thread that ever does it, for good.
  flushCompileCache();
  return new Worker(file, { workerData, resourceLimits: { maxYoungGenerationSizeMb: youngMb } });
}
