/**
 * What was signed for the zone, over HTTP, for one device: it says what it has and waits in long polls for what it lacks. What is given and
 * not taken in is not asked for again at once: then nothing would be asked but that.
 */

import type { Bytes } from '@oppidum/formats/bytes';
import { FormatError } from '@oppidum/formats/errors';
import { Backoff } from './backoff.ts';
import type { CityClient } from './city-client.ts';
import type { ZoneLink } from './order-link.ts';

const RETRY_MS_MAX = 30_000;
const POLL_S = 5;
/** After a statement that was not taken in. */
const REFUSED_REST_MS = 30_000;

type HttpZoneLinkOptions = {
  readonly onTrouble?: (trouble: { readonly code: string }) => void;
};

/** The way of signed statements to one device, from `start` to `stop`. */
export class HttpZoneLink implements ZoneLink {
  readonly #api: Pick<CityClient, 'nextNews'>;
  readonly #device: Bytes;
  readonly #options: HttpZoneLinkOptions;
  readonly #listeners = new Set<(news: Bytes) => void>();
  readonly #backoff = new Backoff(RETRY_MS_MAX);
  #have: Bytes | null = null;
  #isStopped = true;
  #running: Promise<void> = Promise.resolve();
  #wake: () => void = () => undefined;

  constructor(api: Pick<CityClient, 'nextNews'>, device: Bytes, options: HttpZoneLinkOptions = {}) {
    this.#api = api;
    this.#device = device;
    this.#options = options;
  }

  tellHave(message: Bytes): void {
    this.#have = message;
    this.#wake();
  }

  onNews(listener: (news: Bytes) => void): () => void {
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
      const have = this.#have;
      if (have === null) await this.#rest(null);
      else await this.#turn(have);
    }
  }

  async #turn(have: Bytes): Promise<void> {
    try {
      const news = await this.#api.nextNews(this.#device, have, POLL_S);
      this.#backoff.reset();
      if (news === null || this.#isStopped) return;
      // Set first: whoever takes it in at once tells what it has before this returns.
      const rested = this.#rest(REFUSED_REST_MS);
      for (const listener of this.#listeners) listener(news);
      await rested;
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      if (this.#isStopped) return;
      this.#options.onTrouble?.({ code: error.code });
      await this.#rest(this.#backoff.next());
    }
  }

  /** Until the time is over (null: never), or something new is told, or the end. */
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
