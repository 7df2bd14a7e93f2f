/** Times and numbers in the reader's language. */

/** A time in the reader's language and time zone; the machine-readable one stands in `dateTime`. */
export function formatTime(timeMs: number, tag: string): string {
  return new Intl.DateTimeFormat(tag, { dateStyle: 'short', timeStyle: 'medium' }).format(timeMs);
}

/** A number in the reader's language: six decimals (a degree to 11 cm), smaller ones to four digits, so that none but 0 shows as 0. */
export function formatNumber(value: number, tag: string): string {
  const isSmall = value !== 0 && Math.abs(value) < 0.001;
  const digits = isSmall ? { maximumSignificantDigits: 4 } : { maximumFractionDigits: 6 };
  return new Intl.NumberFormat(tag, digits).format(value);
}

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const;

/** A stretch of time in words, in its largest whole unit: "1 hour". */
export function formatSpan(spanMs: number, tag: string): string {
  const [unit, unitMs] = UNITS.find(([, ms]) => Math.abs(spanMs) >= ms) ?? ['second', 1_000];
  const count = Math.round(Math.abs(spanMs) / unitMs);
  return new Intl.NumberFormat(tag, { style: 'unit', unit, unitDisplay: 'long' }).format(count);
}
