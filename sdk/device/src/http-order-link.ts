/**
 * Orders over HTTP, for one device: its newest challenge is posted, then asked by long polls whether there is an order for it. A gateway
 * that does not know the challenge (it was started anew, or is another one) gets it again.
 */

import type { Bytes } from '@oppidum/formats/bytes';
import { parseChallenge } from '@oppidum/formats/device-challenge';
import { FormatError } from '@oppidum/formats/errors';
import { Backoff } from './backoff.ts';
import type { CityClient } from './city-client.ts';
import type { OrderLink } from './order-link.ts';

/** The longest wait after a failure: orders live for a minute. */
const RETRY_MS_MAX = 5_000;
const POLL_S_DEFAULT = 5;

type HttpOrderLinkOptions = {
  /** Seconds that the city keeps a question open: 1 to 5. */
  readonly pollS?: number;
  /** Something is in the way and will be tried again; `code` is of the error catalogue. */
  readonly onTrouble?: (trouble: { readonly code: string }) => void;
};

/** The way of orders to one device, from `start` to `stop`. */
export class HttpOrderLink implements OrderLink {
  readonly #api: Pick<CityClient, 'sendChallenge' | 'nextOrder'>;
  readonly #options: HttpOrderLinkOptions;
  readonly #listeners = new Set<(order: Bytes) => void>();
  readonly #backoff = new Backoff(RETRY_MS_MAX);
  #newest: Bytes | null = null;
  /** The challenge that the city has, as far as we know. */
  #known: Bytes | null = null;
  #isStopped = true;
  #running: Promise<void> = Promise.resolve();
  #wake: () => void = () => undefined;

  constructor(api: Pick<CityClient, 'sendChallenge' | 'nextOrder'>, options: HttpOrderLinkOptions = {}) {
    this.#api = api;
    this.#options = options;
  }

  sendChallenge(message: Bytes): void {
    this.#newest = message;
    this.#wake();
  }

  onOrder(listener: (order: Bytes) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Begins to ask, and goes on until `stop`. */
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

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      const message = this.#newest;
      if (message === null) await this.#rest(null);
      else await this.#turn(message);
    }
  }

  async #turn(message: Bytes): Promise<void> {
    try {
      await this.#ask(message);
      this.#backoff.reset();
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      this.#known = null;
      if (this.#isStopped) return;
      this.#options.onTrouble?.({ code: error.code });
      await this.#rest(this.#backoff.next());
    }
  }

  async #ask(message: Bytes): Promise<void> {
    const { device, challenge } = parseChallenge(message);
    if (this.#known !== message) await this.#api.sendChallenge(device, message);
    this.#known = message;
    const order = await this.#api.nextOrder(device, challenge, this.#options.pollS ?? POLL_S_DEFAULT);
    if (order !== null && !this.#isStopped) for (const listener of this.#listeners) listener(order);
  }

  /** Until the time is over (null: never), or there is a new challenge, or the end. */
  #rest(durationMs: number | null): Promise<void> {
    return new Promise((resolve) => {
      const timer = durationMs === null ? null : setTimeout(resolve, durationMs);
      this.#wake = () => {
        if (timer !== null) clearTimeout(timer);
        resolve();
      };
    });
  }
}
