/** `node:worker_threads` for the one worker of a node: its real code, in this thread, some virtual time later. */

import { time } from '../virtual-time.ts';

type Handler = (message: never) => void;

/** What the worker's code listens to, and where its answers go. */
const port: { handle: Handler | null; answer: ((answer: unknown) => void) | null } = { handle: null, answer: null };

/** See the original. */
export const parentPort = {
  on: (_event: 'message', handle: Handler): void => {
    port.handle = handle;
  },
  postMessage: (message: unknown): void => port.answer?.(message),
};

/** See the original. */
export class Worker {
  #onMessage: Handler | null = null;

  on(event: 'message' | 'error', handler: Handler): this {
    if (event === 'message') this.#onMessage = handler;
    return this;
  }

  postMessage(message: Uint8Array): void {
    time.after(1, () => {
      port.answer = (answer) => this.#onMessage?.(answer as never);
      port.handle?.(message as never);
    });
  }

  ref(): void {}

  unref(): void {}

  async terminate(): Promise<void> {
    this.#onMessage = null;
  }
}
