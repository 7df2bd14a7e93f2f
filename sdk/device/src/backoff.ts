/** How long to wait before the next try: doubling from try to try, with full jitter so that a city's devices do not come back at once. */

const FIRST_MS = 500;
const MAX_MS = 60_000;

/** Counts failures in a row. */
export class Backoff {
  readonly #maxMs: number;
  #failures = 0;

  constructor(maxMs = MAX_MS) {
    this.#maxMs = maxMs;
  }

  /** After a failure: milliseconds to wait, between half and all of this round's span. */
  next(): number {
    const spanMs = Math.min(this.#maxMs, FIRST_MS * 2 ** Math.min(this.#failures, 20));
    this.#failures++;
    return spanMs * (0.5 + Math.random() / 2);
  }

  /** After a success. */
  reset(): void {
    this.#failures = 0;
  }
}
