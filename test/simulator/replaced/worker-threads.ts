/** `node:worker_threads` for the workers of a node and of a shard: their real code, in this thread, some virtual time later. */

import { time } from '../virtual-time.ts';

type Handler = (message: never) => void;

/** What the code of each worker listens to, by the name of its file. */
const handlers = new Map<string, Handler>();
/** Whose code is loaded just now, and where the answers of whoever works go. */
const port: { loading: string; answer: ((answer: unknown) => void) | null } = { loading: '', answer: null };

/** Call it before the code of this worker is loaded for the first time. */
export function loadingWorker(file: string): void {
  port.loading = file;
}

/** See the original. */
export const parentPort = {
  on: (_event: 'message', handle: Handler): void => {
    handlers.set(port.loading, handle);
  },
  postMessage: (message: unknown): void => port.answer?.(message),
};

/** What `check-pool.ts` starts its threads with; others look for nothing. */
export const workerData = 'check envelopes';

/** See the original. */
export class Worker {
  readonly #handle: Handler;
  #onMessage: Handler | null = null;

  constructor(file: URL) {
    const name = file.pathname.split('/').at(-1) ?? '';
    const handle = handlers.get(name);
    if (handle === undefined) throw new Error(`the worker ${name} is not simulated`);
    this.#handle = handle;
  }

  on(event: 'message' | 'error', handler: Handler): this {
    if (event === 'message') this.#onMessage = handler;
    return this;
  }

  postMessage(message: Uint8Array): void {
    time.after(1, () => {
      port.answer = (answer) => this.#onMessage?.(answer as never);
      this.#handle(message as never);
    });
  }

  ref(): void {}

  unref(): void {}

  async terminate(): Promise<void> {
    this.#onMessage = null;
  }
}
