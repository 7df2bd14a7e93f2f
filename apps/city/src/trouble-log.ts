/** One line when something goes wrong, one when it is well again; silence for the forty-nine devices that meet the same. */

/** The same code is told again after this time. */
const QUIET_MS = 300_000;

/** Tells troubles to `write`, one line each. */
export class TroubleLog {
  readonly #write: (line: string) => void;
  readonly #toldMs = new Map<string, number>();
  #isWell = true;

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  /** Something went wrong, with a code and what it means for the readings. */
  trouble(code: string, meaning: string): void {
    this.#isWell = false;
    const now = Date.now();
    if (now - (this.#toldMs.get(code) ?? Number.NEGATIVE_INFINITY) < QUIET_MS) return;
    this.#toldMs.set(code, now);
    this.#write(`${meaning} (${code})`);
  }

  /** A reading was settled. `meaning` is told once after troubles. */
  well(meaning: string): void {
    if (this.#isWell) return;
    this.#isWell = true;
    this.#toldMs.clear();
    this.#write(meaning);
  }
}
