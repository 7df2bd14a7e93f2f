/** Names in the order in which people look for them: as the language has them, and "Junction 2" before "Junction 10". */

/** Compares two names in a language (BCP 47). */
export function byName(tag: string): (a: string, b: string) => number {
  return new Intl.Collator(tag, { numeric: true }).compare;
}

/** Compares what a column is sorted by: numbers as numbers, all else as names. */
export function inColumn(tag: string): (a: string | number, b: string | number) => number {
  const compare = byName(tag);
  return (a, b) => (typeof a === 'number' && typeof b === 'number' ? a - b : compare(String(a), String(b)));
}
