/**
 * What auditors' marks come to: a score from 1,000 downwards. Every counted mark takes its points and gives them back by halves: after each
 * half-life half of what was left, evenly within one. Whole numbers only, so that every replica gets the same (specs/trust.md §6).
 */

import { type CountedMark, type DeviceTrustRecord, SCORE_MAX } from '@oppidum/formats/state-trust';
import type { City } from '@oppidum/ledger/city';
import { parameterValue } from '../governance/parameters.ts';

/** Penalties are counted in thousandths of a point, so that halving loses little. */
const PARTS = 1_000;

/** A million parts is below 2^20: after so many half-lives nothing is left. */
const HALVINGS_MAX = 20;

/**
 * What is left of a mark, in thousandths of a point: ⌊p / 2^k⌋ − ⌊⌊p / 2^k⌋ · r / 2h⌋, where k whole half-lives and r ms have passed.
 * All products stay below 2^53: p ≤ 10^6, r < h ≤ 366 days in seconds.
 */
export function partsLeft({ penalty, atMs }: CountedMark, timeMs: number, halfLifeMs: number): number {
  const halfLifeS = Math.floor(halfLifeMs / 1_000);
  const passedS = Math.floor(Math.max(0, timeMs - atMs) / 1_000);
  const halvings = Math.floor(passedS / halfLifeS);
  if (halvings > HALVINGS_MAX) return 0;
  const whole = Math.floor((penalty * PARTS) / 2 ** halvings);
  return whole - Math.floor((whole * (passedS % halfLifeS)) / (2 * halfLifeS));
}

/** The score of a device at block time: 1,000 while no mark weighs, 0 at least. */
export function scoreOf(city: Pick<City, 'crypto' | 'read' | 'timeMs'>, { marks }: DeviceTrustRecord): number {
  const halfLifeMs = parameterValue(city, 'trust/half-life-ms');
  let parts = 0;
  for (const mark of marks) parts += partsLeft(mark, city.timeMs, halfLifeMs);
  return Math.max(0, SCORE_MAX - Math.ceil(parts / PARTS));
}

/** True when the score is below what the council asks of devices whose readings count. */
export function isDisreputable(city: Pick<City, 'crypto' | 'read' | 'timeMs'>, record: DeviceTrustRecord): boolean {
  return record.marks.length > 0 && scoreOf(city, record) < parameterValue(city, 'trust/score-threshold');
}
