/**
 * Several answers to "what time is it" become one: the span that more than half of them allow (Marzullo's algorithm, RFC 5905 §11.2.1).
 * So one liar among three, or two among five, moves nothing.
 */

import type { DeviceClock, Instant, TimeSource } from './clock.ts';

/** The instant that more than half of `askedCount` answers contain, all being of the same moment; null when there is none. */
export function agreeOnTime(answers: readonly Instant[], askedCount: number): Instant | null {
  const edges = answers.flatMap(({ timeMs, errorMs }) => [
    { atMs: timeMs - errorMs, change: 1 },
    { atMs: timeMs + errorMs, change: -1 },
  ]);
  // Spans that only touch overlap in that point: where one ends as another begins, it begins first.
  edges.sort((a, b) => a.atMs - b.atMs || b.change - a.change);
  let [count, most, lowMs, highMs] = [0, 0, 0, 0];
  edges.forEach(({ atMs, change }, i) => {
    count += change;
    if (change > 0 && count > most) [most, lowMs, highMs] = [count, atMs, edges[i + 1]?.atMs ?? atMs];
  });
  if (2 * most <= askedCount) return null;
  return { timeMs: Math.round((lowMs + highMs) / 2), errorMs: Math.ceil((highMs - lowMs) / 2) };
}

type TimeKeeperOptions = {
  readonly clock: DeviceClock;
  readonly sources: readonly TimeSource[];
  /** Time between agreements, and between tries while there is none. */
  readonly intervalMs?: number;
  readonly retryMs?: number;
  /** A source did not answer or answered nonsense, or (name `agreement`) no majority agreed. */
  readonly onTrouble?: (trouble: { readonly source: string; readonly code: string }) => void;
};

const INTERVAL_MS = 1_024_000;
const RETRY_MS = 5_000;

/** Keeps a clock set, from `start` to `stop`. */
export class TimeKeeper {
  readonly #options: TimeKeeperOptions;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #isStopped = true;

  constructor(options: TimeKeeperOptions) {
    this.#options = options;
  }

  /** Asks at once, then again and again; resolves when it has asked once, whatever the answers were. */
  async start(): Promise<void> {
    if (!this.#isStopped) return;
    this.#isStopped = false;
    await this.#keep();
  }

  stop(): void {
    this.#isStopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  /** Asks every source once and sets the clock to what more than half of them agree on; true when they did. */
  async agree(): Promise<boolean> {
    const { clock, sources } = this.#options;
    const { monotonic } = clock;
    const answers = await Promise.all(
      sources.map(async (source) => {
        try {
          const instant = await source.ask();
          return { instant, atMs: monotonic.nowMs() };
        } catch (error) {
          this.#trouble(source.name, codeOf(error));
          return null;
        }
      }),
    );
    const nowMs = monotonic.nowMs();
    const known = answers.filter((answer) => answer !== null);
    const same = known.map(({ instant, atMs }) => ({ timeMs: instant.timeMs + (nowMs - atMs), errorMs: instant.errorMs }));
    const agreed = agreeOnTime(same, sources.length);
    if (agreed !== null) clock.set(agreed);
    else if (known.length > 0) this.#trouble('agreement', 'TIME_DISPUTED');
    return agreed !== null;
  }

  async #keep(): Promise<void> {
    const hasAgreed = await this.agree();
    if (this.#isStopped) return;
    const { intervalMs = INTERVAL_MS, retryMs = RETRY_MS } = this.#options;
    this.#timer = setTimeout(() => void this.#keep(), hasAgreed ? intervalMs : retryMs);
    // In Node a clock keeps no process alive.
    (this.#timer as { unref?: () => void }).unref?.();
  }

  #trouble(source: string, code: string): void {
    this.#options.onTrouble?.({ source, code });
  }
}

function codeOf(error: unknown): string {
  const { code } = error as { readonly code?: unknown };
  if (typeof code !== 'string') throw error;
  return code;
}
