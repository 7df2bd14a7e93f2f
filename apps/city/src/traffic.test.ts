import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { congestion } from './events.ts';
import { Approach, type Aspect, aspectOf, type Side } from './traffic.ts';

const START_MS = Date.UTC(2026, 10, 25);
const HOUR_MS = 3_600_000;
const seeds = fc.nat(0xffffffff);
const sides = fc.constantFrom<Side>('ns', 'ew');
const approachOf = (junction: number, side: Side): Approach => new Approach({ junction, side, lon: 0, lengthM: 150 });

test('two approaches of a junction are never open together; greens, yellows and all-reds last as long as they must', () => {
  fc.assert(
    fc.property(seeds, (junction) => {
      const lasted: Record<Side, [Aspect, number][]> = { ns: [], ew: [] };
      let allRed = 0;
      let clearances: number[] = [];
      for (let tenth = 0; tenth < 2_000; tenth++) {
        const timeMs = START_MS + tenth * 100;
        const shown = { ns: aspectOf('ns', junction, timeMs), ew: aspectOf('ew', junction, timeMs) };
        assert.ok(shown.ns === 'red' || shown.ew === 'red', `${shown.ns} and ${shown.ew}`);
        for (const side of ['ns', 'ew'] as const) {
          const last = lasted[side].at(-1);
          if (last?.[0] === shown[side]) last[1] += 0.1;
          else lasted[side].push([shown[side], 0.1]);
        }
        if (shown.ns === 'red' && shown.ew === 'red') allRed += 0.1;
        else if (allRed > 0) {
          clearances.push(allRed);
          allRed = 0;
        }
      }
      // What was cut off by the edges of the look says nothing.
      clearances = clearances.slice(1);
      assert.ok(clearances.every((seconds) => seconds > 1.85) && clearances.length > 1);
      for (const spans of Object.values(lasted)) {
        const whole = spans.slice(1, -1);
        for (const [i, [aspect, seconds]] of whole.entries()) {
          if (aspect === 'green') assert.ok(seconds >= 30 && whole[i + 1]?.[0] !== 'red', `green for ${seconds} s`);
          if (aspect === 'yellow') assert.ok(Math.abs(seconds - 4) < 0.15 && whole[i + 1]?.[0] !== 'green');
          if (aspect === 'red') assert.notEqual(whole[i + 1]?.[0], 'yellow');
        }
      }
    }),
    { numRuns: 20 },
  );
});

test('who passed the loop has passed the line, waits, or is on the way: over a whole day, night and rush hours', () => {
  fc.assert(
    fc.property(seeds, sides, (junction, side) => {
      const approach = approachOf(junction, side);
      let [loop, line, waited] = [0, 0, 0];
      for (let second = 0; second < 86_400; second += 20) {
        const timeMs = START_MS + second * 1_000;
        const queue = approach.queue(timeMs);
        const onTheWay = approach.passedLoop(timeMs) - approach.passedLine(timeMs) - queue;
        assert.ok(queue >= 0 && queue <= 110, `${queue} wait at ${second} s`);
        // 150 m take about 12 s: no more can be on them than come in that time.
        assert.ok(onTheWay >= 0 && onTheWay <= 12 * 0.5 + 1, `${onTheWay} on the way at ${second} s`);
        assert.ok(approach.passedLoop(timeMs) >= loop && approach.passedLine(timeMs) >= line);
        [loop, line, waited] = [approach.passedLoop(timeMs), approach.passedLine(timeMs), Math.max(waited, queue)];
      }
      assert.ok(waited > 3, 'in rush hours somebody waits');
    }),
    { numRuns: 8 },
  );
});

test('nobody passes the line while it is red', () => {
  const approach = approachOf(7, 'ew');
  for (let second = 0; second < 7_200; second++) {
    const timeMs = START_MS + 16 * HOUR_MS + second * 1_000;
    const isClosed = aspectOf('ew', 7, timeMs) === 'red' && aspectOf('ew', 7, timeMs + 1_000) === 'red';
    if (isClosed) assert.equal(approach.passedLine(timeMs + 1_000), approach.passedLine(timeMs), `${second}`);
  }
});

test('counts are the same whoever asks, in whichever order, and across the quiet hour', () => {
  const moments = Array.from({ length: 300 }, (_, i) => START_MS + i * 601_003);
  const forth = approachOf(3, 'ns');
  const back = approachOf(3, 'ns');
  const counts = moments.map((timeMs) => forth.passedLine(timeMs));
  assert.deepEqual(
    moments
      .toReversed()
      .map((timeMs) => back.passedLine(timeMs))
      .reverse(),
    counts,
  );
  assert.deepEqual(
    moments.map((timeMs) => approachOf(3, 'ns').passedLine(timeMs)),
    counts,
  );
  assert.deepEqual(
    [...counts].sort((a, b) => a - b),
    counts,
  );
});

test('a junction in whose way something stands has a longer queue that afternoon, and nobody is lost', () => {
  const days = Array.from({ length: 200 }, (_, day) => START_MS + day * 24 * HOUR_MS);
  const junction = 11;
  const find = (fromMs: number): number | undefined =>
    Array.from({ length: 30 }, (_, i) => fromMs + 16 * HOUR_MS + i * 300_000).find(
      (timeMs) => congestion(junction, timeMs, 0) !== null,
    );
  const choked = days.flatMap((day) => find(day) ?? []);
  assert.ok(choked.length > 5 && choked.length < 60, `${choked.length} of 200 days`);
  const longest = (timeMs: number): number => {
    const approach = approachOf(junction, 'ns');
    return Math.max(...Array.from({ length: 120 }, (_, i) => approach.queue(timeMs + i * 10_000)));
  };
  const [worst, usual] = [
    Math.max(...choked.map(longest)),
    Math.max(...choked.map((timeMs) => longest(timeMs - 7 * 24 * HOUR_MS))),
  ];
  assert.ok(worst > usual, `${worst} wait, usually ${usual}`);
});
