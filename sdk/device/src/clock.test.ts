import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { agreeOnTime, TimeKeeper } from './agree-time.ts';
import { DeviceClock, type Instant } from './clock.ts';
import { dateHeld } from './dating.ts';
import type { Held } from './outbox-port.ts';
import { systemMonotonic, systemTime } from './system-time.ts';

const T = 1_800_000_000_000;

/** A counter that the test turns. */
function handCounter(boot = 'boot'): { readonly boot: string; nowMs: () => number; ms: number } {
  const counter = { boot, ms: 1_000, nowMs: () => counter.ms };
  return counter;
}

test('a clock knows nothing until it is told, then carries the time on and the error with it', () => {
  const monotonic = handCounter();
  const clock = new DeviceClock({ monotonic, driftPpm: 100, errorMaxMs: 500 });
  assert.equal(clock.now(), null);
  clock.set({ timeMs: T, errorMs: 10 });
  assert.deepEqual(clock.now(), { timeMs: T, errorMs: 10 });
  monotonic.ms += 1_000_000;
  assert.deepEqual(clock.now(), { timeMs: T + 1_000_000, errorMs: 110 });
  assert.deepEqual(clock.at(1_000), { timeMs: T, errorMs: 10 }, 'a moment that is over');
  monotonic.ms += 4_000_000;
  assert.equal(clock.now(), null, 'beyond 500 ms');
  const coarse = new DeviceClock({ monotonic: { ...monotonic, resolutionMs: 10 }, driftPpm: 0 });
  coarse.set({ timeMs: T, errorMs: 5 });
  assert.deepEqual(coarse.at(monotonic.ms + 100), { timeMs: T + 100, errorMs: 15 });
});

test('a second answer narrows the time; one that contradicts it replaces it and is counted', () => {
  const clock = new DeviceClock({ monotonic: handCounter() });
  clock.set({ timeMs: T, errorMs: 100 });
  clock.set({ timeMs: T + 150, errorMs: 100 });
  assert.deepEqual(clock.now(), { timeMs: T + 75, errorMs: 25 });
  clock.set({ timeMs: T + 90_000, errorMs: 100 });
  assert.deepEqual([clock.now(), clock.stepCount], [{ timeMs: T + 90_000, errorMs: 100 }, 1]);
});

test('what is signed to be over moves the time up, and makes a clock that denies it know nothing', () => {
  const clock = new DeviceClock({ monotonic: handCounter() });
  clock.notBefore(T);
  assert.equal(clock.now(), null);
  clock.set({ timeMs: T, errorMs: 100 });
  clock.notBefore(T - 5_000);
  assert.deepEqual(clock.now(), { timeMs: T, errorMs: 100 });
  clock.notBefore(T + 50);
  assert.deepEqual(clock.now(), { timeMs: T + 75, errorMs: 25 });
  clock.notBefore(T + 60_000);
  assert.deepEqual([clock.now(), clock.stepCount], [null, 1]);
});

test('whatever true answers come at whatever moments, the clock holds the true time', () => {
  const answers = fc.array(
    fc.record({ afterMs: fc.nat(10_000_000), errorMs: fc.nat(5_000), offset: fc.double({ min: -1, max: 1, noNaN: true }) }),
  );
  fc.assert(
    fc.property(answers, fc.double({ min: -1, max: 1, noNaN: true }), (list, skew) => {
      const monotonic = handCounter();
      const clock = new DeviceClock({ monotonic, driftPpm: 100, errorMaxMs: 1e9 });
      let trueMs = T;
      for (const { afterMs, errorMs, offset } of list) {
        trueMs += afterMs;
        monotonic.ms += afterMs * (1 + (skew * 99) / 1_000_000);
        clock.set({ timeMs: trueMs + offset * errorMs, errorMs });
        const now = clock.now() as Instant;
        assert.ok(Math.abs(now.timeMs - trueMs) <= now.errorMs + 1, `${now.timeMs - trueMs} ± ${now.errorMs}`);
      }
      assert.equal(clock.stepCount, 0);
    }),
  );
});

const instant = (offsetMs: number, errorMs = 10): Instant => ({ timeMs: T + offsetMs, errorMs });

for (const [why, answers, asked, want] of [
  ['one alone', [instant(0)], 1, instant(0)],
  ['one of three answered', [instant(0)], 3, null],
  ['two of three agree, one lies', [instant(0), instant(90_000), instant(10)], 3, instant(5, 5)],
  ['spans that touch', [instant(0), instant(20)], 2, instant(10, 0)],
  ['two that disagree', [instant(0), instant(50)], 2, null],
  ['a wide one among narrow ones', [instant(500, 1_000), instant(3), instant(0)], 3, instant(2, 9)],
  ['two of four agree', [instant(0), instant(1), instant(5_000), instant(9_000)], 4, null],
  ['nobody', [], 0, null],
] as const) {
  test(`sources of time: ${why}`, () => {
    assert.deepEqual(agreeOnTime(answers, asked), want);
  });
}

test('a majority that tells the truth is believed, whatever the rest says', () => {
  const truths = fc.array(fc.record({ errorMs: fc.nat(1_000), offset: fc.double({ min: -1, max: 1, noNaN: true }) }), {
    minLength: 2,
    maxLength: 5,
  });
  const lies = fc.array(fc.record({ timeMs: fc.integer({ min: 0, max: 2 * T }), errorMs: fc.nat(100_000) }), { maxLength: 1 });
  fc.assert(
    fc.property(truths, lies, (honest, liars) => {
      const answers = [...honest.map(({ errorMs, offset }) => ({ timeMs: T + errorMs * offset, errorMs })), ...liars];
      const agreed = agreeOnTime(answers, answers.length) as Instant;
      assert.ok(agreed !== null && honest.some((_, i) => overlaps(agreed, answers[i] as Instant)));
    }),
  );
});

const overlaps = (a: Instant, b: Instant): boolean => Math.abs(a.timeMs - b.timeMs) <= a.errorMs + b.errorMs + 1;

test('a keeper sets the clock by those that answer, and tells who did not and that they disagree', async () => {
  const clock = new DeviceClock({ monotonic: handCounter() });
  const troubles: string[] = [];
  const source = (name: string, answer: Instant | string) => ({
    name,
    ask: () =>
      typeof answer === 'string' ? Promise.reject(Object.assign(new Error(name), { code: answer })) : Promise.resolve(answer),
  });
  const onTrouble = ({ source: name, code }: { source: string; code: string }): unknown => troubles.push(name, code);
  const keep = (sources: ReturnType<typeof source>[]) => new TimeKeeper({ clock, sources, onTrouble }).agree();
  assert.equal(await keep([source('a', instant(0)), source('b', 'TIME_SOURCE_INVALID'), source('c', instant(4))]), true);
  assert.deepEqual(clock.now(), instant(2, 8));
  assert.equal(await keep([source('a', instant(0)), source('b', instant(70_000))]), false);
  assert.deepEqual(troubles, ['b', 'TIME_SOURCE_INVALID', 'agreement', 'TIME_DISPUTED']);
  assert.deepEqual(clock.now(), instant(2, 8));
});

test('the machine has a counter that rises and a clock that somebody vouches for', async () => {
  const monotonic = systemMonotonic();
  assert.equal(monotonic.boot, systemMonotonic().boot.length === 36 ? monotonic.boot : '');
  const beforeMs = monotonic.nowMs();
  assert.ok(beforeMs <= monotonic.nowMs());
  const fromMs = Date.now();
  const { timeMs, errorMs } = await systemTime(250).ask();
  assert.ok(fromMs <= timeMs && timeMs <= Date.now() && errorMs === 250);
});

const held = (place: number, boot: string, counterMs: number): Held => ({ place, boot, counterMs, payload: new Uint8Array(0) });

test('what was measured in this boot is dated back by its counter', () => {
  const monotonic = handCounter('now');
  const clock = new DeviceClock({ monotonic, driftPpm: 0 });
  const items = [held(1, 'now', 200), held(2, 'now', 700)];
  assert.equal(dateHeld(items, clock, null).size, 0, 'the time is not known yet');
  clock.set({ timeMs: T, errorMs: 20 });
  assert.deepEqual(
    [...dateHeld(items, clock, null)],
    [
      [1, { timeMs: T - 800, errorMs: 20 }],
      [2, { timeMs: T - 300, errorMs: 20 }],
    ],
  );
});

test('what was measured before a reboot lies between the last known time and the reboot, or has no time', () => {
  const clock = new DeviceClock({ monotonic: handCounter('now'), driftPpm: 0 });
  clock.set({ timeMs: T + 1_000, errorMs: 0 }); // this boot began at T
  const items = [held(1, 'before', 5_000), held(2, 'before', 9_000)];
  assert.deepEqual(
    [...dateHeld(items, clock, T - 100_000)],
    [
      [1, { timeMs: T - 52_000, errorMs: 48_000 }],
      [2, { timeMs: T - 48_000, errorMs: 48_000 }],
    ],
  );
  assert.deepEqual([...dateHeld(items, clock, null).values()], [null, null], 'no earlier time is known');
  assert.deepEqual([...dateHeld(items, clock, T - 2 * 4_294_967_295 - 10_000).values()], [null, null], 'beyond 49 days');
  assert.deepEqual([...dateHeld(items, clock, T + 5_000).values()], [null, null], 'the clock contradicts what was known');
});
