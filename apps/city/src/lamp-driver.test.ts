/** Lamps of the town that the SDK drives: what they draw is what they are told. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { levelForClass } from '@oppidum/formats/lighting-level';
import { type LightingSection, parseLightingProgramme } from '@oppidum/formats/lighting-programme';
import { StreetLamp } from './kinds/light.ts';
import { Feeder } from './kinds/power.ts';
import { LampDriver } from './lamp-driver.ts';
import { Sky } from './sky.ts';
import { lightingProgramme, sectionOf } from './street-documents.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const EVENING_MS = Date.UTC(2026, 10, 25, 20);
const SEED = 3;
const LOOP = { device: new Uint8Array(32).fill(7), name: 'flow' };

function programmeOf(sky: Sky) {
  const programme = parseLightingProgramme(lightingProgramme(sky, { street: 3, crossing: 1 }, LOOP));
  return 'code' in programme ? assert.fail(JSON.stringify(programme)) : programme;
}

/** Three lamps on a cabinet of their own; `traffic` and link as the test says. */
function street(fromMs: number, place = { lat: 0, lon: 0 }) {
  const sky = new Sky(place, SEED);
  const told: { traffic: number | null; isLinked: boolean } = { traffic: 0, isLinked: true };
  const lamps = [1, 2, 3].map((seed) => new StreetLamp(seed, sky));
  const drivers = lamps.map((lamp) => new LampDriver(lamp, false, programmeOf(sky), fromMs, () => told));
  const feeder = new Feeder(SEED, { meters: [], roofs: [], lamps });
  const cabinetW = (timeMs: number): number => Number(feeder.measure(timeMs).find(({ sensor }) => sensor === 'lamps')?.value);
  const pass = (timeMs: number, stepMs = 1_000): void => {
    for (let at = now; at <= timeMs; at += stepMs) for (const driver of drivers) driver.advance(at);
    now = timeMs;
  };
  let now = fromMs;
  return { told, lamps, drivers, cabinetW, pass };
}

test('the programme of a town holds wherever it stands', () => {
  for (const lat of [-69, -34, 0, 41, 59.4, 78]) for (const lon of [-179, 0, 24.7, 179]) programmeOf(new Sky({ lat, lon }, SEED));
});

test('a lamp at a junction keeps its light when the street is dimmed for want of traffic, and is not reached by orders to the street', () => {
  const sky = new Sky({ lat: 0, lon: 0 }, SEED);
  const programme = programmeOf(sky);
  assert.deepEqual([sectionOf(programme, false), sectionOf(programme, true)], [0, 1]);
  const lamps = [false, true].map((isCrossing) => {
    const street = new StreetLamp(SEED, sky);
    return new LampDriver(street, isCrossing, programme, EVENING_MS, () => ({ traffic: 0, isLinked: true }));
  });
  const atMs = EVENING_MS + 2 * HOUR_MS;
  const levels = lamps.map((driver) => driver.levelAt(atMs));
  assert.deepEqual(levels, [levelForClass(programme.sections[0] as LightingSection, 'M5') / 1_000, 0.883]);
  const order = { command: 'light/section-level', arguments: [0, 60] };
  const answers = lamps.map((driver) => driver.lamp.obey(order, driver.sensesAt(atMs))?.code ?? null);
  assert.deepEqual(answers, [null, 'LIGHT_SECTION_UNKNOWN']);
});

test('the cabinet draws less when lamps are dimmed and more when all are ordered to full light', () => {
  const { lamps, drivers, cabinetW, pass } = street(EVENING_MS);
  const full = cabinetW(EVENING_MS);
  pass(EVENING_MS + HOUR_MS);
  const quiet = cabinetW(EVENING_MS + HOUR_MS);
  assert.ok(quiet > 0.4 * full && quiet < 0.5 * full, `M5 instead of M3: ${quiet} W of ${full} W`);
  const order = (command: string, ...values: number[]): void => {
    const at = EVENING_MS + HOUR_MS;
    for (const driver of drivers) assert.equal(driver.lamp.obey({ command, arguments: values }, driver.sensesAt(at)), null);
  };
  order('light/full');
  pass(EVENING_MS + HOUR_MS + MINUTE_MS);
  assert.ok(Math.abs(cabinetW(EVENING_MS + HOUR_MS + MINUTE_MS) - full) < 0.04 * full);
  order('light/level', 60);
  pass(EVENING_MS + HOUR_MS + 3 * MINUTE_MS);
  const dimmed = cabinetW(EVENING_MS + HOUR_MS + 3 * MINUTE_MS);
  assert.ok(dimmed > 0.57 * full && dimmed < 0.63 * full, `60 %: ${dimmed} W of ${full} W`);
  for (const lamp of lamps) assert.equal(lamp.level(EVENING_MS + HOUR_MS + 3 * MINUTE_MS), 0.6);
});

test('traffic brings light at once, and a city that is not heard of brings full light', () => {
  const { told, lamps, pass } = street(EVENING_MS);
  pass(EVENING_MS + HOUR_MS);
  const level = (): number | undefined => lamps[0]?.level(0);
  assert.equal(level(), 0.453, 'nobody drives: M5');
  told.traffic = 20;
  pass(EVENING_MS + HOUR_MS + MINUTE_MS);
  assert.equal(level(), 0.905, 'M3');
  Object.assign(told, { traffic: null, isLinked: false });
  pass(EVENING_MS + 3 * HOUR_MS);
  assert.equal(level(), 1);
});

test('over a day at any speed of the town lamps are lit from dusk to dawn and never by day', () => {
  for (const stepMs of [1_000, 25_000, 250_000]) {
    const { lamps, pass } = street(EVENING_MS);
    const [lamp] = lamps as [StreetLamp];
    for (let minute = 0; minute < 1_440; minute += 10) {
      const timeMs = EVENING_MS + minute * MINUTE_MS;
      pass(timeMs, stepMs);
      const hour = (20 + minute / 60) % 24;
      const level = lamp.level(timeMs);
      if (hour > 7 && hour < 17) assert.equal(level, 0, `${hour} h`);
      if (hour > 19 || hour < 5) assert.ok(level >= 0.452, `${level} at ${hour} h`);
    }
  }
});

test('a dead lamp draws nothing and says so, whatever it is told', () => {
  const from = Date.UTC(2026, 0, 1);
  const sky = new Sky({ lat: 0, lon: 0 }, SEED);
  const dead = Array.from({ length: 400 }, (_, day) => from + day * 24 * HOUR_MS + 22 * HOUR_MS).find((timeMs) =>
    new StreetLamp(1, sky).isDead(timeMs),
  );
  assert.ok(dead !== undefined);
  const { lamps } = street(dead);
  const said = Object.fromEntries((lamps[0] as StreetLamp).measure(dead).map(({ sensor, value }) => [sensor, value]));
  assert.deepEqual([said['failure'], said['power'], said['dimming']], [true, 0.4, 1]);
});
