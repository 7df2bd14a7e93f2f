import assert from 'node:assert/strict';
import { test } from 'node:test';
import { congestion, lampFailure, leak, type Trouble } from './events.ts';
import { seedOf } from './noise.ts';

const START_MS = Date.UTC(2026, 10, 25);
const HOUR_MS = 3_600_000;
const DAYS = 120;
const SEEDS = Array.from({ length: 40 }, (_, i) => seedOf(1, i));

/** Troubles that an hourly or finer look finds, each once. */
function found(look: (seed: number, timeMs: number, lon: number) => Trouble | null, stepMs: number): readonly Trouble[] {
  return SEEDS.flatMap((seed) => {
    const seen = new Map<number, Trouble>();
    for (let timeMs = START_MS; timeMs < START_MS + DAYS * 24 * HOUR_MS; timeMs += stepMs) {
      const trouble = look(seed, timeMs, 0);
      if (trouble === null) continue;
      assert.ok(timeMs >= trouble.fromMs, 'none before it begins');
      seen.set(trouble.fromMs, trouble);
    }
    return [...seen.values()];
  });
}

test('lamps fail rarely, are dark for a day or a few, and are mended in the morning', () => {
  const failures = found(lampFailure, HOUR_MS);
  assert.ok(failures.length > 20 && failures.length < 80, `${failures.length} in ${DAYS} days of 40 lamps`);
  for (const { fromMs, toMs } of failures) {
    assert.ok(toMs > fromMs && toMs - fromMs < 4.5 * 24 * HOUR_MS);
    assert.equal(toMs % (24 * HOUR_MS), 9.5 * HOUR_MS);
  }
});

test('pipes leak rarely, for hours, and all is well again by midnight', () => {
  const leaks = found(leak, HOUR_MS);
  assert.ok(leaks.length > 150 && leaks.length < 450, `${leaks.length} in ${DAYS} days of 40 pipes`);
  for (const { fromMs, toMs, size } of leaks) {
    assert.ok(toMs - fromMs >= 2 * HOUR_MS && toMs - fromMs <= 6 * HOUR_MS && size >= 0.4 && size <= 1);
    assert.ok(2 * toMs - fromMs <= (Math.floor(fromMs / (24 * HOUR_MS)) + 1) * 24 * HOUR_MS);
  }
});

test('junctions choke in the afternoon of working days', () => {
  const troubles = found(congestion, HOUR_MS / 10);
  assert.ok(troubles.length > 200 && troubles.length < 700, `${troubles.length}`);
  for (const { fromMs } of troubles) {
    const date = new Date(fromMs);
    assert.ok(date.getUTCDay() % 6 !== 0 && date.getUTCHours() >= 16 && date.getUTCHours() < 18);
  }
});
