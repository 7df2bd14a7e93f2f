/**
 * What a device knows of the time: an interval that holds UTC, never a bare number. Between answers of its sources it is carried on by a
 * counter that only rises, and grows by what that counter may drift. Nothing here reads a wall clock: somebody may have set it.
 */

/** A moment in UTC, known to `errorMs` either way. */
export type Instant = { readonly timeMs: number; readonly errorMs: number };

/** A counter of milliseconds since a boot, that never stops or steps while `boot` stays the same; another boot begins at 0 again. */
export type Monotonic = {
  readonly boot: string;
  readonly nowMs: () => number;
  /** By how much one reading of it may be too low; 0 when it is left out. */
  readonly resolutionMs?: number;
};

/** Tells the time: of the moment at which the promise resolves. Rejects with FormatError when it cannot. */
export type TimeSource = { readonly name: string; readonly ask: () => Promise<Instant> };

type ClockOptions = {
  readonly monotonic: Monotonic;
  /** Beyond this error the time counts as unknown. */
  readonly errorMaxMs?: number;
  /** How far the counter may drift, in parts per million. */
  readonly driftPpm?: number;
};

const ERROR_MAX_MS = 60_000;
/** A plain quartz crystal over its whole range of temperatures. */
const DRIFT_PPM = 100;

/** Everything the sources said, at one reading of the counter. */
type Known = { readonly atMs: number; readonly lowMs: number; readonly highMs: number };

/** The clock of a device. */
export class DeviceClock {
  readonly monotonic: Monotonic;
  readonly #errorMaxMs: number;
  readonly #drift: number;
  readonly #listeners = new Set<() => void>();
  #known: Known | null = null;
  #stepCount = 0;

  constructor({ monotonic, errorMaxMs = ERROR_MAX_MS, driftPpm = DRIFT_PPM }: ClockOptions) {
    this.monotonic = monotonic;
    this.#errorMaxMs = errorMaxMs;
    this.#drift = driftPpm / 1_000_000;
  }

  /** How often a source contradicted all that was known before. */
  get stepCount(): number {
    return this.#stepCount;
  }

  /** UTC now, or null when it is not known well enough. */
  now(): Instant | null {
    return this.at(this.monotonic.nowMs());
  }

  /** UTC at a reading of this boot's counter, past ones included; null when it is not known to `errorMaxMs`. */
  at(counterMs: number, errorMaxMs = this.#errorMaxMs): Instant | null {
    const known = this.#carry(counterMs);
    if (known === null) return null;
    const errorMs = Math.ceil((known.highMs - known.lowMs) / 2);
    return errorMs > errorMaxMs ? null : { timeMs: Math.round((known.highMs + known.lowMs) / 2), errorMs };
  }

  /**
   * Takes in what sources agreed on. What fits the time known so far narrows it; what does not replaces it: either was wrong, and the
   * answer is newer.
   */
  set({ timeMs, errorMs }: Instant): void {
    const atMs = this.monotonic.nowMs();
    const fresh = { atMs, lowMs: timeMs - errorMs, highMs: timeMs + errorMs };
    const former = this.#carry(atMs);
    if (former === null) this.#known = fresh;
    else {
      const [lowMs, highMs] = [Math.max(former.lowMs, fresh.lowMs), Math.min(former.highMs, fresh.highMs)];
      if (lowMs > highMs) this.#stepCount++;
      this.#known = lowMs > highMs ? fresh : { atMs, lowMs, highMs };
    }
    for (const listener of this.#listeners) listener();
  }

  /** It is this late at least, as somebody signed. A clock that says otherwise is wrong: the time is then unknown. */
  notBefore(timeMs: number): void {
    const known = this.#carry(this.monotonic.nowMs());
    if (known === null || known.lowMs >= timeMs) return;
    if (known.highMs < timeMs) this.#stepCount++;
    this.#known = known.highMs < timeMs ? null : { ...known, lowMs: timeMs };
  }

  /** Calls whenever the time was set; the answer ends that. */
  onSet(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #carry(counterMs: number): Known | null {
    if (this.#known === null) return null;
    const elapsedMs = counterMs - this.#known.atMs;
    const driftMs = Math.abs(elapsedMs) * this.#drift + (elapsedMs === 0 ? 0 : (this.monotonic.resolutionMs ?? 0));
    return {
      atMs: counterMs,
      lowMs: this.#known.lowMs + elapsedMs - driftMs,
      highMs: this.#known.highMs + elapsedMs + driftMs,
    };
  }
}
