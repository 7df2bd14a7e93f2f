/**
 * What goes wrong in a town, rarely: lamps fail, pipes leak, junctions choke. Which, when and how badly follows from the seed alone, as
 * all else; `docs/town.md` lists them for people who watch.
 */

import { HOUR_MS, localDay, MINUTE_MS, timeOfDay } from './local-time.ts';
import { seedOf, uniform } from './noise.ts';

/** A span of town time; `size` from 0 to 1: how bad it is. */
export type Trouble = { readonly fromMs: number; readonly toMs: number; readonly size: number };

/** Chance of a lamp to fail on a day: one of thirty lamps every three or four days. */
const LAMP_CHANCE = 0.009;
const REPAIR_DAYS_MAX = 3;
/** Chance of a pipe on a day. */
const LEAK_CHANCE = 0.06;
/** Chance of a junction on a working day. */
const CONGESTION_CHANCE = 0.12;
const CONGESTION_MS = 12 * MINUTE_MS;
/** A leak is found after this time at the latest; what ran out is pumped in again for as long. */
const LEAK_HOURS_MAX = 6;
/** It begins by this hour of the day. */
const LEAK_BEGINS_MAX = 11;

/** A lamp that is dark from some hour of a day until somebody comes in the morning of a later one; null where it is well. */
export function lampFailure(seed: number, timeMs: number, lon: number): Trouble | null {
  const today = localDay(timeMs, lon);
  for (let day = today; day >= today - REPAIR_DAYS_MAX; day--) {
    const own = seedOf(seed, day, 0x1a);
    if (uniform(own, 1) >= LAMP_CHANCE) continue;
    const repairDay = day + 1 + Math.floor(uniform(own, 3) * REPAIR_DAYS_MAX);
    const trouble = { fromMs: timeOfDay(day, 24 * uniform(own, 2), lon), toMs: timeOfDay(repairDay, 9.5, lon), size: 1 };
    if (isDuring(trouble, timeMs)) return trouble;
  }
  return null;
}

/** The leak of a pipe today, until what ran out is pumped in again; null where there is none. It is all over before midnight. */
export function leak(seed: number, timeMs: number, lon: number): Trouble | null {
  const day = localDay(timeMs, lon);
  const own = seedOf(seed, day, 0x1e);
  if (uniform(own, 1) >= LEAK_CHANCE) return null;
  const fromMs = timeOfDay(day, LEAK_BEGINS_MAX * uniform(own, 2), lon);
  const toMs = fromMs + (2 + (LEAK_HOURS_MAX - 2) * uniform(own, 3)) * HOUR_MS;
  return isDuring({ fromMs, toMs: 2 * toMs - fromMs }, timeMs) ? { fromMs, toMs, size: 0.4 + 0.6 * uniform(own, 4) } : null;
}

/** A junction at which something stands in the way, in the afternoon of a working day; null where it is free. */
export function congestion(seed: number, timeMs: number, lon: number): Trouble | null {
  const day = localDay(timeMs, lon);
  const weekday = (day + 4) % 7;
  const own = seedOf(seed, day, 0xc0);
  if (weekday === 0 || weekday === 6 || uniform(own, 1) >= CONGESTION_CHANCE) return null;
  const fromMs = timeOfDay(day, 16 + 2 * uniform(own, 2), lon);
  const trouble = { fromMs, toMs: fromMs + CONGESTION_MS, size: 0.6 + 0.4 * uniform(own, 3) };
  return isDuring(trouble, timeMs) ? trouble : null;
}

function isDuring({ fromMs, toMs }: Pick<Trouble, 'fromMs' | 'toMs'>, timeMs: number): boolean {
  return timeMs >= fromMs && timeMs < toMs;
}
