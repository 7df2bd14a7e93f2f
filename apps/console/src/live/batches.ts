/** Events of the live stream, gathered so that the page is drawn a few times a second however many come. Nothing here knows a browser. */

import type { LiveEventName } from '@oppidum/gateway/api/live';

/** An event as it came: its data are read only when somebody looks at them. */
export type RawEvent = { readonly topic: LiveEventName; readonly data: string };

/** Between two batches, in milliseconds: twice as often as anybody can read. */
export const BATCH_MS = 250;
/** Events of one batch; where more come, lists are asked for again instead. */
const BATCH_COUNT_MAX = 10_000;

/** What came since the last batch. `isWhole` is false where some were let go. */
export type Batch = { readonly events: readonly RawEvent[]; readonly isWhole: boolean };

/** Gathers events until they are taken. */
export class Batches {
  #events: RawEvent[] = [];
  #isWhole = true;

  get isEmpty(): boolean {
    return this.#events.length === 0 && this.#isWhole;
  }

  add(event: RawEvent): void {
    if (this.#events.length < BATCH_COUNT_MAX) this.#events.push(event);
    else this.#isWhole = false;
  }

  /** Something is missing, whatever it is. */
  skip(): void {
    this.#isWhole = false;
  }

  take(): Batch {
    const batch = { events: this.#events, isWhole: this.#isWhole };
    this.#events = [];
    this.#isWhole = true;
    return batch;
  }
}

/** The data of an event, or null where they are no JSON: what a stream says is believed for showing only, and only if it can be read. */
export function dataOf<T>(event: RawEvent): T | null {
  try {
    const data: unknown = JSON.parse(event.data);
    return typeof data === 'object' && data !== null ? (data as T) : null;
  } catch {
    return null;
  }
}
