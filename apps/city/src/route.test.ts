import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { metresBetween } from './geometry.ts';
import { makePlan } from './plan.ts';
import { type Driving, Route } from './route.ts';

const DRIVING: Driving = { cruiseMS: 9, accelerationMS2: 0.7, stopEveryM: 400, waitS: 30, firstWaitS: 120 };

describe('a route', () => {
  for (const seed of [1, 2, 3]) {
    const { round } = makePlan(seed);
    const route = new Route(round, DRIVING);

    test(`of town ${seed}: never faster than it may, never a jump, evenly faster and slower`, () => {
      let before = route.at(0);
      const step = 0.5;
      for (let second = step; second < 2 * route.lapS; second += step) {
        const here = route.at(second);
        const moved = metresBetween(before.place, here.place);
        assert.ok(moved <= DRIVING.cruiseMS * step + 1e-3, `${moved} m at ${second} s`);
        assert.ok(here.speedMS >= 0 && here.speedMS <= DRIVING.cruiseMS + 1e-9);
        assert.ok(Math.abs(here.speedMS - before.speedMS) <= DRIVING.accelerationMS2 * step + 1e-6, `at ${second} s`);
        // Straight stretches only: at a corner the way is longer than the line between two places on it.
        assert.ok(moved <= step * Math.max(here.speedMS, before.speedMS) + DRIVING.accelerationMS2 * step * step);
        before = here;
      }
      assert.ok(metresBetween(route.at(0).place, route.at(route.lapS).place) < 1e-6, 'a lap ends where it began');
    });

    test(`of town ${seed}: stops where it says, and each lap is like the one before`, () => {
      assert.ok(route.stopCount > 4);
      for (let stop = 0; stop < route.stopCount; stop++) {
        const leaves = route.at(route.leavesS(stop) - 0.01);
        assert.deepEqual([leaves.stop, leaves.speedMS], [stop, 0]);
        assert.ok(route.at(route.leavesS(stop) + 3).speedMS > 1);
      }
      const [first, later] = [route.at(77), route.at(77 + 5 * route.lapS)];
      assert.ok(metresBetween(first.place, later.place) < 1e-3 && later.lap === 5);
    });
  }

  test('of no length stands still', () => {
    const place = { lat: 1, lon: 1 };
    assert.deepEqual(new Route([place, place], DRIVING).at(1_000).place, place);
    assert.equal(new Route([place], DRIVING).at(5).speedMS, 0);
  });

  test('knows where it runs over another line, whichever way', () => {
    const { round, bridge } = makePlan(1);
    const spans = new Route(round, DRIVING).spansOver(bridge ?? []);
    assert.deepEqual(
      spans.map(({ isReversed }) => isReversed),
      [false, true],
    );
    for (const { fromM, toM } of spans) assert.ok(toM - fromM > 150 && toM - fromM < 300);
  });
});
