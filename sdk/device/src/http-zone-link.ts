/**
 * What was signed for the zone, over HTTP, for one device: it says what it has and waits in long polls for what it lacks. What is given and
 * not taken in is not asked for again at once: then nothing would be asked but that.
 */

import type { Bytes } from '@oppidum/formats/bytes';
import { AskingLoop, type OnTrouble } from './asking-loop.ts';
import type { CityClient } from './city-client.ts';
import type { ZoneLink } from './order-link.ts';

const RETRY_MS_MAX = 30_000;
const POLL_S = 5;
/** After a statement that was not taken in. */
const REFUSED_REST_MS = 30_000;

type HttpZoneLinkOptions = { readonly onTrouble?: OnTrouble };

/** The way of signed statements to one device, from `start` to `stop`. */
export class HttpZoneLink implements ZoneLink {
  readonly #api: Pick<CityClient, 'nextNews'>;
  readonly #device: Bytes;
  readonly #listeners = new Set<(news: Bytes) => void>();
  readonly #loop: AskingLoop;

  constructor(api: Pick<CityClient, 'nextNews'>, device: Bytes, { onTrouble }: HttpZoneLinkOptions = {}) {
    this.#api = api;
    this.#device = device;
    this.#loop = new AskingLoop({ ask: (have) => this.#ask(have), retryMsMax: RETRY_MS_MAX, onTrouble });
  }

  tellHave(message: Bytes): void {
    this.#loop.tell(message);
  }

  onNews(listener: (news: Bytes) => void): () => void {
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

  async #ask(have: Bytes): Promise<void> {
    const news = await this.#api.nextNews(this.#device, have, POLL_S);
    if (news === null || this.#loop.isStopped) return;
    // Set first: whoever takes it in at once tells what it has before this returns.
    const rested = this.#loop.rest(REFUSED_REST_MS);
    for (const listener of this.#listeners) listener(news);
    await rested;
  }
}
