/**
 * Keys as strings of bits, most significant first; bits past a key's end read as 0 (specs/state-map.md §Keys).
 * Prover, checker and tree share these functions, so all three mean the same by "the bit at b".
 */

import type { Bytes } from '@oppidum/formats/bytes';
import type { KeyRange } from '@oppidum/formats/state-layout';

/**
 * log2 of how many bits one element of a key array carries. Keys of the ledger are byte strings; the exhaustive tests of the
 * proof law run the very same code over keys of single bits.
 */
export type KeyUnit = 3 | 0;
export const BYTE_KEYS: KeyUnit = 3;
export const BIT_KEYS: KeyUnit = 0;

/** The bit of `key` at `index`. */
export function bitAt(key: Bytes, index: number, unit: KeyUnit): 0 | 1 {
  const last = (1 << unit) - 1;
  return (((key[index >> unit] ?? 0) >> (last - (index & last))) & 1) as 0 | 1;
}

/** Index of the first bit in which two keys differ, or −1 when they read alike. */
export function firstDifference(a: Bytes, b: Bytes, unit: KeyUnit): number {
  const length = a.length > b.length ? a.length : b.length;
  for (let i = 0; i < length; i++) {
    const difference = (a[i] ?? 0) ^ (b[i] ?? 0);
    // clz32 counts from bit 31; the element's most significant bit stands at (1 << unit) − 1.
    if (difference !== 0) return (i << unit) + Math.clz32(difference) - (32 - (1 << unit));
  }
  return -1;
}

/** Order of two keys by their bits: negative, zero or positive. */
export function compareKeys(a: Bytes, b: Bytes, unit: KeyUnit): number {
  const at = firstDifference(a, b, unit);
  return at < 0 ? 0 : bitAt(a, at, unit) - bitAt(b, at, unit);
}

/** True when lo ≤ key ≤ hi. */
export function isInRange(key: Bytes, range: KeyRange, unit: KeyUnit): boolean {
  return compareKeys(key, range.lo, unit) >= 0 && compareKeys(key, range.hi, unit) <= 0;
}

/**
 * True when a key of the range could stand under the child on `side` of a branch at bit `b` above `keyBelow`.
 * Keys there begin with the bits of `keyBelow` before `b`, then the side; after that anything.
 */
export function childMeetsRange(keyBelow: Bytes, b: number, side: 0 | 1, range: KeyRange, unit: KeyUnit): boolean {
  return compareChild(keyBelow, b, side, range.lo, unit) >= 0 && compareChild(keyBelow, b, side, range.hi, unit) <= 0;
}

/** Whether all keys under the child come before `key` (negative), after it (positive), or neither (zero). */
function compareChild(keyBelow: Bytes, b: number, side: 0 | 1, key: Bytes, unit: KeyUnit): number {
  const at = firstDifference(keyBelow, key, unit);
  if (at >= 0 && at < b) return bitAt(keyBelow, at, unit) - bitAt(key, at, unit);
  return side - bitAt(key, b, unit);
}
