/**
 * Orders over HTTP, for one device: its newest challenge is posted, then asked by long polls whether there is an order for it. A gateway
 * that does not know the challenge (it was started anew, or is another one) gets it again.
 */

import type { Bytes } from '@oppidum/formats/bytes';
import { parseChallenge } from '@oppidum/formats/device-challenge';
import { AskingLoop, type OnTrouble } from './asking-loop.ts';
import type { CityClient } from './city-client.ts';
import type { OrderLink } from './order-link.ts';

/** The longest wait after a failure: orders live for a minute. */
const RETRY_MS_MAX = 5_000;
const POLL_S_DEFAULT = 5;

type HttpOrderLinkOptions = {
  /** Seconds that the city keeps a question open: 1 to 5. */
  readonly pollS?: number;
  readonly onTrouble?: OnTrouble;
};

/** The way of orders to one device, from `start` to `stop`. */
export class HttpOrderLink implements OrderLink {
  readonly #api: Pick<CityClient, 'sendChallenge' | 'nextOrder'>;
  readonly #pollS: number;
  readonly #listeners = new Set<(order: Bytes) => void>();
  readonly #loop: AskingLoop;
  /** The challenge that the city has, as far as we know. */
  #known: Bytes | null = null;

  constructor(api: Pick<CityClient, 'sendChallenge' | 'nextOrder'>, { pollS, onTrouble }: HttpOrderLinkOptions = {}) {
    this.#api = api;
    this.#pollS = pollS ?? POLL_S_DEFAULT;
    const onRefusal = (): void => {
      this.#known = null;
    };
    this.#loop = new AskingLoop({ ask: (message) => this.#ask(message), retryMsMax: RETRY_MS_MAX, onRefusal, onTrouble });
  }

  sendChallenge(message: Bytes): void {
    this.#loop.tell(message);
  }

  onOrder(listener: (order: Bytes) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Begins to ask, and goes on until `stop`. */
  start(): void {
    this.#loop.start();
  }

  /** Resolves when the question under way is answered. */
  stop(): Promise<void> {
    return this.#loop.stop();
  }

  async #ask(message: Bytes): Promise<void> {
    const { device, challenge } = parseChallenge(message);
    if (this.#known !== message) await this.#api.sendChallenge(device, message);
    this.#known = message;
    const order = await this.#api.nextOrder(device, challenge, this.#pollS);
    if (order !== null && !this.#loop.isStopped) for (const listener of this.#listeners) listener(order);
  }
}
