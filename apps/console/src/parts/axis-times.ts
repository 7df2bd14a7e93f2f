/** What stands along a chart: times, in the language of the page and not the browser's, and room for numbers. */

const DAY_MS = 86_400_000;
/** Of the letters that charts are drawn with, the widest digit of common fonts; and the marks beside them. */
const [DIGIT_PX, MARKS_PX] = [8, 16];
const NUMBERS_PX_MIN = 64;

/** How wide an axis is that none of these numbers is cut off. */
export function widthOfNumbers(numbers: readonly string[]): number {
  return numbers.reduce((width, { length }) => Math.max(width, length * DIGIT_PX + MARKS_PX), NUMBERS_PX_MIN);
}

/**
 * Times of an axis in the reader's language and time zone, `stepMs` apart: the clock, and the date below it wherever a day begins;
 * of steps of days only the date, of months and years those.
 */
export function formatAxisTimes(timesMs: readonly number[], stepMs: number, tag: string): readonly string[] {
  const date = new Intl.DateTimeFormat(tag, dateFields(stepMs));
  const dates = timesMs.map((timeMs) => date.format(timeMs));
  if (stepMs >= DAY_MS) return dates;
  const seconds = stepMs < 60_000 ? ({ second: '2-digit' } as const) : {};
  const clock = new Intl.DateTimeFormat(tag, { hour: '2-digit', minute: '2-digit', ...seconds });
  return timesMs.map((timeMs, i) => clock.format(timeMs) + (dates[i] === dates[i - 1] ? '' : `\n${dates[i]}`));
}

function dateFields(stepMs: number): Intl.DateTimeFormatOptions {
  if (stepMs >= 360 * DAY_MS) return { year: 'numeric' };
  if (stepMs >= 28 * DAY_MS) return { year: 'numeric', month: 'short' };
  return { month: 'short', day: 'numeric' };
}

/** From where to where an axis goes of values between these; null where the chart may decide. A series that is always 0 has no size of its own: a share goes to all of it. */
export function constantRange(least: number, most: number): readonly [from: number, to: number] | null {
  return least === 0 && most === 0 ? [0, 1] : null;
}
