/** One message with which a city is asked again and again, for one device: the newest counts, and after a failure it waits, ever longer. */

import type { Bytes } from '@oppidum/formats/bytes';
import { FormatError } from '@oppidum/formats/errors';
import { Backoff } from './backoff.ts';

/** Something is in the way and will be tried again; `code` is of the error catalogue. */
export type OnTrouble = (trouble: { readonly code: string }) => void;

type AskingOptions = {
  /** One question, which may wait for its answer. Refusals are tried again; whatever else is thrown ends the loop. */
  readonly ask: (message: Bytes) => Promise<void>;
  readonly retryMsMax: number;
  /** After each refusal, also the last one. */
  readonly onRefusal?: () => void;
  readonly onTrouble?: OnTrouble | undefined;
};

/** From `start` to `stop`; without a message it only waits. */
export class AskingLoop {
  readonly #options: AskingOptions;
  readonly #backoff: Backoff;
  #message: Bytes | null = null;
  #isStopped = true;
  #running: Promise<void> = Promise.resolve();
  #wake: () => void = () => undefined;

  constructor(options: AskingOptions) {
    this.#options = options;
    this.#backoff = new Backoff(options.retryMsMax);
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Asks with this from now on, at once where it rests. */
  tell(message: Bytes): void {
    this.#message = message;
    this.#wake();
  }

  start(): void {
    if (!this.#isStopped) return;
    this.#isStopped = false;
    this.#running = this.#run();
  }

  /** Resolves when the question under way is answered. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#wake();
    await this.#running;
  }

  /** Until the time is over (null: never), or something new is told, or the end. */
  rest(durationMs: number | null): Promise<void> {
    return new Promise((resolve) => {
      const timer = durationMs === null ? null : setTimeout(resolve, durationMs);
      this.#wake = () => {
        if (timer !== null) clearTimeout(timer);
        resolve();
      };
    });
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      if (this.#message === null) await this.rest(null);
      else await this.#turn(this.#message);
    }
  }

  async #turn(message: Bytes): Promise<void> {
    const { ask, onRefusal, onTrouble } = this.#options;
    try {
      await ask(message);
      this.#backoff.reset();
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      onRefusal?.();
      if (this.#isStopped) return;
      onTrouble?.({ code: error.code });
      await this.rest(this.#backoff.next());
    }
  }
}
