import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Moment } from './kinds/curves.ts';
import type { Site } from './kinds/kind.ts';
import { aspectOf } from './kinds/roads.ts';
import { FEEDER_LOSS, TANK_AREA_M2 } from './kinds/supply.ts';
import { DEVICE_KINDS, type KindName } from './kinds.ts';
import { distance, makePlan } from './plan.ts';
import { makePosts } from './sites.ts';

/** Units of RFC 8428 §12.1 and RFC 8798 §3 that the simulation uses. */
const UNITS: ReadonlySet<string> = new Set([
  '/',
  'W',
  'lx',
  '1/min',
  'km/h',
  'm',
  'm3/s',
  'V',
  'kWh',
  'ug/m3',
  'Cel',
  '%RH',
  'count',
  'lat',
  'lon',
  'm/s',
  'kg',
  'Wh',
]);

/** What nature allows, by sensor. */
const RANGES: Readonly<Record<string, readonly [min: number, max: number]>> = {
  dimming: [0, 1],
  queue: [0, 60],
  strain: [0, 0.001],
  lat: [-1, 1],
  lon: [-1, 1],
  passengers: [0, 250],
  mass: [3_500, 44_000],
  guests: [0, 30],
  solar: [0, 100],
  battery: [0, 480],
  power: [-60_000, 120_000],
  illuminance: [0, 100_000],
  flow: [0, 60],
  speed: [0, 130],
  occupancy: [0, 1],
  level: [0, 6],
  inflow: [0, 1],
  outflow: [0, 1],
  voltage: [207, 253],
  energy: [0, 1e9],
  no2: [0, 200],
  'pm2.5': [0, 100],
  temperature: [-30, 45],
  humidity: [0, 100],
};

const START_MS = Date.UTC(2026, 10, 25);
const momentAt = (timeMs: number): Moment => ({ timeMs, hour: (timeMs / 3_600_000) % 24 });
const moments = fc.integer({ min: START_MS, max: START_MS + 400 * 86_400_000 }).map(momentAt);
const seeds = fc.nat(0xffffffff);

const plan = makePlan(1);
const posts = makePosts(plan, 1, 120);
const siteOf = (name: KindName, nth = 0): Site => posts.filter(({ kind }) => kind.name === name)[nth]?.site ?? assert.fail(name);

for (const { name, measure } of Object.values(DEVICE_KINDS)) {
  test(`${name}: values within what nature allows, in registered units, at the moment asked for`, () => {
    fc.assert(
      fc.property(seeds, moments, (seed, moment) => {
        for (const { sensor, unit, value, timeMs } of measure({ ...siteOf(name), seed }, moment)) {
          assert.equal(timeMs, moment.timeMs);
          if (typeof value === 'boolean' || sensor === 'aspect') continue;
          assert.ok(unit !== undefined && UNITS.has(unit), `${sensor} in ${unit}`);
          const [min, max] = RANGES[sensor] ?? assert.fail(`no range for ${sensor}`);
          assert.ok(typeof value === 'number' && value >= min && value <= max, `${sensor} = ${value}`);
        }
      }),
    );
  });

  test(`${name}: the same seed and moment repeat exactly, other devices differ`, () => {
    const day = Array.from({ length: 48 }, (_, i) => momentAt(START_MS + i * 1_800_000));
    const dayOf = (site: Site) => day.map((moment) => measure(site, moment));
    assert.deepEqual(dayOf(siteOf(name)), dayOf(siteOf(name)));
    assert.notDeepEqual(dayOf(siteOf(name)), dayOf(siteOf(name, 1)));
  });
}

const sensorValue = (name: KindName, sensor: string, timeMs: number, nth = 0) =>
  DEVICE_KINDS[name].measure(siteOf(name, nth), momentAt(timeMs)).find((record) => record.sensor === sensor)?.value;

test('lamps burn at night and not at noon', () => {
  assert.equal(sensorValue('street-light', 'dimming', START_MS + 23 * 3_600_000), 1);
  assert.equal(sensorValue('street-light', 'dimming', START_MS + 3 * 3_600_000), 0.5);
  assert.equal(sensorValue('street-light', 'dimming', START_MS + 12 * 3_600_000), 0);
});

test('a meter never runs backwards', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e9 }), fc.integer({ min: 0, max: 1e9 }), (a, b) => {
      const [before, after] = [Math.min(a, b), Math.max(a, b)].map((ms) =>
        sensorValue('electricity-meter', 'energy', START_MS + ms),
      );
      assert.ok(Number(before) <= Number(after));
    }),
  );
});

test('water flows in exactly while the pump runs, and the level is what flowed in less what flowed out', () => {
  for (let minute = 0; minute < 2_880; minute += 5) {
    const timeMs = START_MS + minute * 60_000;
    const laterMs = timeMs + 300_000;
    const at = (sensor: string, when: number): number => Number(sensorValue('water-station', sensor, when));
    assert.equal(at('inflow', timeMs) > 0, sensorValue('water-station', 'pump', timeMs));
    if (at('inflow', timeMs) !== at('inflow', laterMs)) continue;
    const drawn = (at('outflow', timeMs) + at('outflow', laterMs)) / 2;
    const want = ((at('inflow', timeMs) - drawn) * 300) / TANK_AREA_M2;
    const risen = at('level', laterMs) - at('level', timeMs);
    assert.ok(Math.abs(risen - want) < 0.004, `minute ${minute}: risen ${risen} m, want ${want} m`);
  }
});

test('what a feeder gives is what its meters draw, less what its roofs give, and what is lost', () => {
  const isOn = (name: KindName, nth: number, feeder: number): boolean => {
    const members = (name === 'solar-roof' ? siteOf('power-feeder', feeder).roofs : siteOf('power-feeder', feeder).meters) ?? [];
    return members.includes(siteOf(name, nth).seed);
  };
  const countOf = (name: KindName): number => posts.filter(({ kind }) => kind.name === name).length;
  for (let hour = 0; hour < 24; hour += 3)
    for (let feeder = 0; feeder < countOf('power-feeder'); feeder++) {
      const timeMs = START_MS + hour * 3_600_000;
      const sum = (name: KindName): number =>
        Array.from({ length: countOf(name) }, (_, nth) =>
          isOn(name, nth, feeder) ? Number(sensorValue(name, 'power', timeMs, nth)) : 0,
        ).reduce((total, value) => total + value, 0);
      const net = sum('electricity-meter') - sum('solar-roof');
      const given = Number(sensorValue('power-feeder', 'power', timeMs, feeder));
      assert.ok(
        Math.abs(given - (net + FEEDER_LOSS * Math.abs(net))) < 20,
        `feeder ${feeder} at ${hour}: ${given} W for ${net} W`,
      );
    }
});

test('two approaches of a junction are never open together, and every green ends in yellow and then red', () => {
  for (let road = 0; road < 40; road++) {
    let before = aspectOf('ns', road, START_MS);
    for (let second = 1; second < 200; second++) {
      const timeMs = START_MS + second * 1_000;
      const [ns, ew] = [aspectOf('ns', road, timeMs), aspectOf('ew', road, timeMs)];
      assert.ok(ns === 'red' || ew === 'red', `${road} at ${second} s: ${ns} and ${ew}`);
      if (before === 'green') assert.notEqual(ns, 'red');
      before = ns;
    }
  }
});

test('a tram and a truck move no faster than they say', () => {
  for (const name of ['tram', 'truck'] as const)
    for (let second = 0; second < 1_200; second += 7) {
      const timeMs = START_MS + second * 1_000;
      const at = (when: number) => ({ lat: Number(sensorValue(name, 'lat', when)), lon: Number(sensorValue(name, 'lon', when)) });
      const metres = 111_320 * distance(at(timeMs), at(timeMs + 7_000));
      const allowed = 7 * Number(sensorValue(name, 'speed', timeMs)) + 1;
      assert.ok(metres <= allowed, `${name} at ${second} s: ${metres} m, allowed ${allowed} m`);
    }
});

test('posts are dealt alike for a seed, more of them keep those of fewer, and a hundred and twenty show every kind', () => {
  const few = makePosts(plan, 1, 40);
  assert.deepEqual(
    few.filter(({ kind }) => kind.name !== 'power-feeder'),
    posts.slice(0, 40).filter(({ kind }) => kind.name !== 'power-feeder'),
  );
  assert.equal(new Set(posts.map(({ kind }) => kind.name)).size, Object.keys(DEVICE_KINDS).length);
  assert.notDeepEqual(makePosts(makePlan(2), 2, 40), few);
});
