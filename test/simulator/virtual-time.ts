/**
 * Virtual time: everything that a simulated city waits for is an event here, and events happen one after the other, in the order of their
 * times and, at one time, of their making. Between two of them nothing is left that could go on by itself, so a run is a function of
 * what it began with.
 */

import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as realTurn } from 'node:timers/promises';

/** Whose code runs: a simulated process, or nobody's. */
export type Owner = {
  readonly isAlive: boolean;
  /** Until then it stands still (SIGSTOP), and what it waits for with it. */
  readonly stoppedUntilMs: number;
};

/** An event that may still be called off. */
export class ScheduledEvent {
  atMs: number;
  readonly order: number;
  readonly owner: Owner | null;
  readonly run: () => void;
  isCancelled = false;

  constructor(atMs: number, order: number, owner: Owner | null, run: () => void) {
    this.atMs = atMs;
    this.order = order;
    this.owner = owner;
    this.run = run;
  }

  isBefore(other: ScheduledEvent): boolean {
    return this.atMs !== other.atMs ? this.atMs < other.atMs : this.order < other.order;
  }
}

/** The events of one simulation. Milliseconds since its beginning. */
class VirtualTime {
  readonly #heap: ScheduledEvent[] = [];
  readonly #running = new AsyncLocalStorage<Owner | null>();
  readonly #held = new Set<Promise<unknown>>();
  #order = 0;
  nowMs = 0;
  /** Events that happened. */
  count = 0;

  /** Whose code asks. */
  get owner(): Owner | null {
    return this.#running.getStore() ?? null;
  }

  /** Runs as the code of an owner, and so does whatever it waits for. */
  as<T>(owner: Owner | null, work: () => T): T {
    return this.#running.run(owner, work);
  }

  /** Lets something happen later; never, when its owner is dead by then. */
  after(delayMs: number, run: () => void, owner: Owner | null = this.owner): ScheduledEvent {
    const event = new ScheduledEvent(this.nowMs + Math.max(0, delayMs), this.#order++, owner, run);
    this.#push(event);
    return event;
  }

  /** Resolves after so long. */
  wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.after(delayMs, resolve));
  }

  /** Something real, with one possible outcome, that time waits for: a database that closes. */
  hold<T>(work: Promise<T>): Promise<T> {
    const held: Promise<unknown> = work.then(
      () => this.#held.delete(held),
      () => this.#held.delete(held),
    );
    this.#held.add(held);
    return work;
  }

  /** Lets everything happen up to a time. */
  async runUntil(untilMs: number): Promise<void> {
    await this.#settle();
    for (let event = this.#heap[0]; event !== undefined && event.atMs <= untilMs; event = this.#heap[0]) {
      this.#pop();
      if (event.isCancelled || event.owner?.isAlive === false) continue;
      if (event.owner !== null && event.owner.stoppedUntilMs > event.atMs) {
        event.atMs = event.owner.stoppedUntilMs;
        this.#push(event);
        continue;
      }
      this.nowMs = event.atMs;
      this.count++;
      this.as(event.owner, event.run);
      await this.#settle();
    }
    this.nowMs = untilMs;
  }

  /** Promises go on until each waits for an event. */
  async #settle(): Promise<void> {
    await realTurn();
    while (this.#held.size > 0) {
      await Promise.all(this.#held);
      await realTurn();
    }
  }

  #push(event: ScheduledEvent): void {
    const heap = this.#heap;
    let at = heap.push(event) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if ((heap[parent] as ScheduledEvent).isBefore(event)) break;
      heap[at] = heap[parent] as ScheduledEvent;
      at = parent;
    }
    heap[at] = event;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as ScheduledEvent;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      const [left, right] = [heap[2 * at + 1], heap[2 * at + 2]];
      const isRight = right !== undefined && left !== undefined && right.isBefore(left);
      const child = isRight ? right : left;
      if (child === undefined || last.isBefore(child)) break;
      heap[at] = child;
      at = 2 * at + (isRight ? 2 : 1);
    }
    heap[at] = last;
  }
}

/** One process simulates one city. */
export const time = new VirtualTime();
