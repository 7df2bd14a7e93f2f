/** Timers of one run in virtual time: they take the place of the global ones until they are put back. */

type Timer = { readonly dueMs: number; readonly run: () => void };

export class VirtualTimers {
  nowMs = 0;
  readonly #timers = new Set<Timer>();
  readonly #own = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout };

  install(): void {
    const set = (run: () => void, ms = 0): Timer => {
      const timer = { dueMs: this.nowMs + ms, run };
      this.#timers.add(timer);
      return timer;
    };
    Object.assign(globalThis, { setTimeout: set, clearTimeout: (timer: Timer) => this.#timers.delete(timer) });
  }

  restore(): void {
    Object.assign(globalThis, this.#own);
  }

  /** Power is gone: nothing that waited will run. */
  forget(): void {
    this.#timers.clear();
  }

  /** Lets time pass; `settle` after each timer that was due. */
  async pass(ms: number, settle: () => Promise<void>): Promise<void> {
    const until = this.nowMs + ms;
    for (;;) {
      const due = [...this.#timers].filter(({ dueMs }) => dueMs <= until).sort((a, b) => a.dueMs - b.dueMs)[0];
      if (due === undefined) break;
      this.#timers.delete(due);
      this.nowMs = Math.max(this.nowMs, due.dueMs);
      due.run();
      await settle();
    }
    this.nowMs = until;
  }
}
