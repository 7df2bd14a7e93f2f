import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Sky } from './sky.ts';

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1_440;

/** Minutes of a day on which the sun is up. */
function dayLength(lat: number, lon: number, dayMs: number): number {
  const sky = new Sky({ lat, lon }, 1);
  return Array.from({ length: DAY_MINUTES }, (_, minute) => sky.sun(dayMs + minute * MINUTE_MS) > 0).filter(Boolean).length;
}

const near = (value: number, want: number, by: number): void => assert.ok(Math.abs(value - want) <= by, `${value} for ${want}`);

test('days are as long as almanacs say, refraction and the width of the sun aside', () => {
  // Tallinn has 18 h 40 min and 6 h 02 min with both, which add about ten and twelve minutes to the geometric day there.
  near(dayLength(59.44, 24.75, Date.UTC(2026, 5, 21)), 18 * 60 + 25, 12);
  near(dayLength(59.44, 24.75, Date.UTC(2026, 11, 21)), 5 * 60 + 50, 12);
  for (const [month, day] of [
    [0, 1],
    [5, 21],
    [8, 1],
  ] as const)
    near(dayLength(0, 0, Date.UTC(2026, month, day)), 720, 2);
  near(dayLength(52.5, 13.4, Date.UTC(2026, 2, 20)), 720, 12);
  assert.equal(dayLength(70, 25, Date.UTC(2026, 5, 21)), DAY_MINUTES, 'no night beyond the polar circle');
  assert.equal(dayLength(70, 25, Date.UTC(2026, 11, 21)), 0);
});

test('noon is where the longitude says, and the south has its summer in December', () => {
  const sky = new Sky({ lat: 0, lon: 90 }, 1);
  near(sky.hour(Date.UTC(2026, 0, 1, 6)), 12, 1e-9);
  const highest = Array.from({ length: DAY_MINUTES }, (_, minute) => sky.sun(Date.UTC(2026, 0, 1) + minute * MINUTE_MS));
  near(highest.indexOf(Math.max(...highest)), 360, 1);
  assert.ok(dayLength(-34, 18, Date.UTC(2026, 11, 21)) > dayLength(-34, 18, Date.UTC(2026, 5, 21)) + 200);
  const meanC = (lat: number, month: number): number => {
    const here = new Sky({ lat, lon: 0 }, 1);
    return (
      Array.from({ length: 30 * 24 }, (_, hour) => here.celsius(Date.UTC(2026, month, 1, hour))).reduce((a, b) => a + b) / 720
    );
  };
  assert.ok(meanC(60, 6) > meanC(60, 0) + 10 && meanC(-60, 0) > meanC(-60, 6) + 10);
});

test('light falls evenly through dusk, and clouds never brighten it', () => {
  const sky = new Sky({ lat: 52, lon: 13 }, 7);
  const clear = (timeMs: number): number => sky.lux(timeMs) / sky.clearness(timeMs);
  const noon = Date.UTC(2026, 8, 1, 11, 8);
  for (let minute = 0; minute < 700; minute++) {
    const [now, next] = [clear(noon + minute * MINUTE_MS), clear(noon + (minute + 1) * MINUTE_MS)];
    assert.ok(next <= now && next > 0.5 * now, `minute ${minute}: ${now} lx, then ${next} lx`);
    const share = sky.clearness(noon + minute * MINUTE_MS);
    assert.ok(share >= 0.4 && share <= 1);
  }
});
