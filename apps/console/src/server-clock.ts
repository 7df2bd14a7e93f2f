/**
 * The city's time, as its answers say it. Ages are reckoned by it and never by the clock of this machine, which may be wrong by an hour.
 *
 * An answer carries its second (RFC 9110 §6.6.1): so the difference of the two clocks lies in a span of about a second, and what several
 * answers say is what all their spans have in common.
 */

/** What is to be added to this machine's steady clock to have the city's time: between these two, in milliseconds. */
export type ClockSpan = { readonly minMs: number; readonly maxMs: number };

/** When an answer was asked for and came, by the steady clock, and the second that it carries, as milliseconds. */
export type TimedAnswer = { readonly sentMs: number; readonly receivedMs: number; readonly dateMs: number };

/** A server writes the second it last looked at: so much later at most than it is over. */
const HEADER_SPAN_MS = 1_100;
/** Clocks that differ by less are called equal. */
const CLOCK_GAP_TOLD_MS = 5_000;

/** The span after one more answer. Where they contradict each other a clock was set, and the newest counts. */
export function narrowClock(before: ClockSpan | null, { sentMs, receivedMs, dateMs }: TimedAnswer): ClockSpan {
  const span = { minMs: dateMs - receivedMs, maxMs: dateMs + HEADER_SPAN_MS - sentMs };
  if (before === null) return span;
  const both = { minMs: Math.max(before.minMs, span.minMs), maxMs: Math.min(before.maxMs, span.maxMs) };
  return both.minMs <= both.maxMs ? both : span;
}

let known: ClockSpan | null = null;

/** Milliseconds that only ever grow, whatever is done to the clock on the wall. */
export function steadyMs(): number {
  return performance.timeOrigin + performance.now();
}

/** Takes note of what an answer's header says; anything that is no time is nothing. */
export function noteDate(header: string | null, sentMs: number): void {
  const dateMs = Date.parse(header ?? '');
  if (!Number.isNaN(dateMs)) known = narrowClock(known, { sentMs, receivedMs: steadyMs(), dateMs });
}

/** The city's time, milliseconds since 1970; this machine's before the first answer. */
export function cityNowMs(): number {
  return known === null ? Date.now() : steadyMs() + (known.minMs + known.maxMs) / 2;
}

/** How far this machine's clock is ahead of the city's (negative: behind); 0 where it cannot be told or is no more than a few seconds. */
export function clockGapMs(): number {
  if (known === null) return 0;
  const gapMs = Date.now() - cityNowMs();
  return Math.abs(gapMs) > CLOCK_GAP_TOLD_MS ? gapMs : 0;
}
