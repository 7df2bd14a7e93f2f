/** Times and numbers in the reader's language. */

/** A time in the reader's language and time zone; the machine-readable one stands in `dateTime`. */
export function formatTime(timeMs: number, tag: string): string {
  return new Intl.DateTimeFormat(tag, { dateStyle: 'short', timeStyle: 'medium' }).format(timeMs);
}

/** A number in the reader's language. */
export function formatNumber(value: number, tag: string): string {
  return new Intl.NumberFormat(tag, { maximumFractionDigits: 3 }).format(value);
}
