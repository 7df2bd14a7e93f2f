/** Being told to stop, by a signal: once to stop in order, again while that goes on to stop at once. */

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Listens from its making on. */
export class StopRequest {
  /** Resolves at the first signal. */
  readonly asked: Promise<null>;
  /** Set by whoever stops: the next signal is then an impatient one. */
  isStopping = false;
  #isAsked = false;

  /** `stopNow`: what an impatient signal does. */
  constructor(stopNow: () => void) {
    this.asked = new Promise((resolve) => {
      for (const signal of SIGNALS)
        process.on(signal, () => {
          if (this.isStopping) stopNow();
          this.#isAsked = true;
          resolve(null);
        });
    });
  }

  get isAsked(): boolean {
    return this.#isAsked;
  }
}
