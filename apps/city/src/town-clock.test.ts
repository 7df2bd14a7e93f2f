import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isUtc, periodOf, setClock, slotBefore, townTime } from './town-clock.ts';

const NOW_MS = Date.UTC(2026, 10, 25, 12);

test('at speed 1 a new town has everyone’s time, after any pause', () => {
  const clock = setClock(null, 1, NOW_MS);
  assert.ok(isUtc(clock));
  const later = setClock(setClock(clock, 1, NOW_MS + 5_000), 1, NOW_MS + 90_000_000);
  assert.ok(isUtc(later));
  assert.equal(townTime(later, NOW_MS + 90_000_001), NOW_MS + 90_000_001);
});

test('stopped and started, at whatever speeds, or killed: no moment comes twice', () => {
  const steps = fc.array(
    fc.record({
      speed: fc.integer({ min: 1, max: 1_000 }),
      ranMs: fc.nat(10_000_000),
      isKilled: fc.boolean(),
      pauseMs: fc.nat(1e9),
    }),
    { maxLength: 8 },
  );
  fc.assert(
    fc.property(steps, (runs) => {
      let utcMs = NOW_MS;
      let state = null as ReturnType<typeof setClock> | null;
      let shown = 0;
      for (const { speed, ranMs, isKilled, pauseMs } of runs) {
        state = setClock(state, speed, utcMs);
        assert.ok(townTime(state, utcMs) >= shown);
        utcMs += ranMs;
        shown = townTime(state, utcMs);
        if (!isKilled) state = setClock(state, 1, utcMs);
        utcMs += pauseMs;
      }
      assert.ok(state === null || townTime(state, utcMs) >= utcMs, 'it is never behind');
    }),
  );
});

test('a machine’s clock that is set back does not take the town with it', () => {
  const clock = setClock(null, 60, NOW_MS);
  assert.equal(townTime(clock, NOW_MS - 3_600_000), NOW_MS);
  assert.equal(townTime(clock, NOW_MS + 1_000), NOW_MS + 60_000);
});

test('moments of a schedule depend on nothing but the schedule', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1_000, max: 3_600_000 }), fc.nat(1e9), fc.nat(1e12), (periodMs, phase, timeMs) => {
      const schedule = { periodMs, phaseMs: phase % periodMs };
      const slot = slotBefore(schedule, timeMs);
      assert.ok(slot <= timeMs && slot > timeMs - periodMs);
      assert.ok(Number.isInteger((slot - schedule.phaseMs) / periodMs));
      assert.equal(slotBefore(schedule, slot), slot);
    }),
  );
});

test('the faster the town, the longer in its time between two readings: never more than so many a second', () => {
  assert.equal(periodOf(10_000, 120, 1, 60), 10_000);
  for (const speed of [1, 2, 5, 10, 60, 300, 1_000])
    for (const devices of [1, 30, 120, 1_000]) {
      const perSecond = (devices * 1_000 * speed) / periodOf(10_000, devices, speed, 60);
      assert.ok(perSecond <= 60, `${perSecond} a second at ${speed} times`);
    }
});
