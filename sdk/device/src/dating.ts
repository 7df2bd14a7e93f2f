/**
 * When things happened that were measured while the time was unknown. Of this boot: by the counter. Of an earlier boot, whose counter is
 * gone: between the last time that was known before and the begin of this boot; the middle of that span, and half of it as the error.
 */

import { LIMITS } from '@oppidum/formats/limits';
import type { DeviceClock, Instant } from './clock.ts';
import type { Held } from './outbox-port.ts';

/**
 * The time of each, by its place; null where none can ever be given, absent where it may come later. `knownMs`: a time that was surely
 * over when the oldest of them was measured.
 */
export function dateHeld(
  held: readonly Held[],
  clock: Pick<DeviceClock, 'monotonic' | 'at'>,
  knownMs: number | null,
): ReadonlyMap<number, Instant | null> {
  const dates = new Map<number, Instant | null>();
  const begin = clock.at(0, LIMITS.clockErrorMaxMs);
  if (begin === null) return dates;
  const byBoot = Map.groupBy(held, ({ boot }) => boot);
  for (const [boot, items] of byBoot) {
    if (boot === clock.monotonic.boot) {
      for (const { place, counterMs } of items) dates.set(place, clock.at(counterMs, LIMITS.clockErrorMaxMs));
      continue;
    }
    const counters = items.map(({ counterMs }) => counterMs);
    const [firstMs, lastMs] = [Math.min(...counters), Math.max(...counters)];
    for (const { place, counterMs } of items) {
      // What its own boot's counter says of the order still holds.
      const lowMs = (knownMs ?? Number.NEGATIVE_INFINITY) + (counterMs - firstMs);
      const highMs = begin.timeMs + begin.errorMs - (lastMs - counterMs);
      dates.set(place, middleOf(lowMs, highMs));
    }
  }
  return dates;
}

function middleOf(lowMs: number, highMs: number): Instant | null {
  const errorMs = Math.ceil((highMs - lowMs) / 2);
  return errorMs < 0 || errorMs > LIMITS.clockErrorMaxMs ? null : { timeMs: Math.round((lowMs + highMs) / 2), errorMs };
}
