/**
 * The random bytes that an order must name to be obeyed. They live in memory alone: whatever ends the process voids them, so an order
 * that was made before is never obeyed after. Only their rising number outlives a restart (`order-state.ts`).
 *
 * The newest two count: whoever began to sign an order just before a challenge was renewed still finds it good for its lifetime.
 */

import { type Bytes, equalBytes } from '@oppidum/formats/bytes';
import { type Rejection, reject } from '@oppidum/formats/errors';
import type { Monotonic } from '../clock.ts';

const CHALLENGE_SIZE = 32;
const OPEN_COUNT_MAX = 2;

type Challenge = { readonly value: Bytes; readonly madeAtMs: number };

/** Fills bytes that nobody can guess, and returns them. */
export type RandomBytes = (bytes: Uint8Array) => Uint8Array;

/** The open challenges of one device, and how old they are. */
export class Challenges {
  readonly #monotonic: Monotonic;
  readonly #random: RandomBytes;
  /** Newest first. */
  #open: readonly Challenge[] = [];

  /** The counter of `monotonic` must go on while the machine is suspended; no wall clock is ever asked. */
  constructor(monotonic: Monotonic, random: RandomBytes = (bytes) => globalThis.crypto.getRandomValues(bytes)) {
    this.#monotonic = monotonic;
    this.#random = random;
  }

  /** A new one; of those before only the newest stays good. */
  renew(): Bytes {
    const value = this.#random(new Uint8Array(CHALLENGE_SIZE));
    this.#open = [{ value, madeAtMs: this.#monotonic.nowMs() }, ...this.#open].slice(0, OPEN_COUNT_MAX);
    return value;
  }

  /** No order is obeyed until the next `renew`. */
  void(): void {
    this.#open = [];
  }

  /** Refuses, in this order: CHALLENGE_SPENT (unknown, overtaken, or obeyed before), ORDER_EXPIRED (older than the order may live). */
  check(challenge: Bytes, lifetimeMs: number): Rejection | null {
    const found = this.#open.find(({ value }) => equalBytes(value, challenge));
    if (found === undefined) return reject('CHALLENGE_SPENT', {});
    const ageMs = this.#monotonic.nowMs() - found.madeAtMs + (this.#monotonic.resolutionMs ?? 0);
    return ageMs < lifetimeMs ? null : reject('ORDER_EXPIRED', { lifetimeMs, ageMs });
  }
}
