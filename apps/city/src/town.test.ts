/** The town as somebody sees it who only reads what its devices say: does physics find anything to object to? */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { metresBetween } from './geometry.ts';
import { BATTERY_WH } from './kinds/bench.ts';
import { FEEDER_LOSS } from './kinds/power.ts';
import { LEVEL_NOISE_M, TANK_AREA_M2 } from './kinds/water.ts';
import { DEVICE_KINDS, type KindName } from './kinds.ts';
import { makePlan } from './plan.ts';
import { makeTown, type Post } from './town.ts';

/** Units of RFC 8428 §12.1 and RFC 8798 §3 that the town uses. */
const UNITS: ReadonlySet<string> = new Set([
  ...[
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
    'ppm',
  ],
]);

/** What nature allows, by sensor. */
const RANGES: Readonly<Record<string, readonly [min: number, max: number]>> = {
  dimming: [0, 1],
  queue: [0, 110],
  vehicles: [0, 1e8],
  strain: [0, 1_000],
  lat: [-1, 1],
  lon: [-1, 1],
  passengers: [0, 250],
  mass: [3_500, 44_000],
  guests: [0, 30],
  solar: [0, 100],
  load: [0, 100],
  battery: [0, BATTERY_WH],
  power: [-60_000, 120_000],
  lamps: [0, 10_000],
  illuminance: [0, 120_000],
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
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const SEEDS = [1, 2, 77] as const;
const COUNT = 120;

const townOf = (seed: number): readonly Post[] => makeTown(makePlan(seed), seed, COUNT);
const ofKind = (town: readonly Post[], name: KindName): readonly Post[] => town.filter(({ kind }) => kind.name === name);
const saidBy = ({ measure }: Post, sensor: string, timeMs: number): unknown =>
  measure(timeMs).find((record) => record.sensor === sensor)?.value ?? assert.fail(`no ${sensor}`);
const numberOf = (post: Post, sensor: string, timeMs: number): number => Number(saidBy(post, sensor, timeMs));
/** Moments of a day, so many minutes apart. */
const dayBy = (minutes: number): readonly number[] =>
  Array.from({ length: 1_440 / minutes }, (_, i) => START_MS + i * minutes * MINUTE_MS);

test('every value is within what nature allows and in a registered unit', () => {
  const town = townOf(1);
  const moments = fc.integer({ min: START_MS, max: START_MS + 400 * 24 * HOUR_MS });
  fc.assert(
    fc.property(fc.nat(COUNT - 1), moments, (at, timeMs) => {
      for (const { sensor, unit, value } of (town[at] as Post).measure(timeMs)) {
        if (typeof value === 'boolean' || sensor === 'aspect') continue;
        assert.ok(unit !== undefined && UNITS.has(unit), `${sensor} in ${unit}`);
        const [min, max] = RANGES[sensor] ?? assert.fail(`no range for ${sensor}`);
        assert.ok(typeof value === 'number' && value >= min && value <= max, `${sensor} = ${value}`);
      }
    }),
    { numRuns: 1_500 },
  );
});

test('the same seed gives the same town and the same values, in whatever order and however often they are asked for', () => {
  const [one, two] = [townOf(5), townOf(5)];
  const moments = dayBy(37);
  const dayOf = (town: readonly Post[]) => moments.map((timeMs) => town.map(({ measure }) => measure(timeMs)));
  const backwards = moments.toReversed().map((timeMs) =>
    [...two]
      .reverse()
      .map(({ measure }) => measure(timeMs))
      .reverse(),
  );
  assert.deepEqual(backwards.reverse(), dayOf(one));
  // A town that is made anew in the middle of the day, as after a restart, goes on alike.
  const noon = moments[20] ?? 0;
  assert.deepEqual(
    townOf(5).map(({ measure }) => measure(noon)),
    one.map(({ measure }) => measure(noon)),
  );
  assert.deepEqual(
    one.map(({ kind, number, place }) => [kind.name, number, place]),
    two.map(({ kind, number, place }) => [kind.name, number, place]),
  );
});

test('another seed gives another town, and two devices of a kind differ', () => {
  const noon = START_MS + 12 * HOUR_MS + 1;
  assert.notDeepEqual(
    townOf(1).map(({ place }) => place),
    townOf(2).map(({ place }) => place),
  );
  const town = townOf(1);
  for (const name of Object.keys(DEVICE_KINDS) as KindName[]) {
    const [first, second] = ofKind(town, name);
    assert.ok(first !== undefined && second !== undefined, name);
    const dayOf = (post: Post) => [noon, ...dayBy(97)].map((timeMs) => post.measure(timeMs));
    assert.notDeepEqual(dayOf(first), dayOf(second), name);
  }
});

test('more devices keep the places of fewer, and a hundred and twenty show every kind', () => {
  const [few, many] = [makeTown(makePlan(1), 1, 40), townOf(1)];
  assert.deepEqual(
    few.map(({ kind, number, place }) => [kind.name, number, place]),
    many.slice(0, 40).map(({ kind, number, place }) => [kind.name, number, place]),
  );
  assert.equal(new Set(many.map(({ kind }) => kind.name)).size, Object.keys(DEVICE_KINDS).length);
});

for (const seed of SEEDS)
  describe(`a day in town ${seed}`, () => {
    const town = townOf(seed);

    test('lamps burn from dusk to dawn, and only then', () => {
      for (const lamp of ofKind(town, 'street-light')) {
        const levels = dayBy(5).map((timeMs) => numberOf(lamp, 'dimming', timeMs));
        const switched = levels.filter((level, i) => i > 0 && level > 0 !== (levels[i - 1] as number) > 0).length;
        assert.equal(switched, 2, 'off once and on once');
        for (const [i, timeMs] of dayBy(5).entries()) {
          const lux = numberOf(lamp, 'illuminance', timeMs);
          assert.ok(levels[i] === 0 ? lux > 20 : lux < 500, `level ${levels[i]} in ${lux} lx`);
          const power = numberOf(lamp, 'power', timeMs);
          const isDark = levels[i] === 0 || saidBy(lamp, 'failure', timeMs) === true;
          assert.ok(isDark ? power < 1 : power > 15 && power < 100, `${power} W`);
        }
        assert.ok(
          numberOf(lamp, 'dimming', START_MS + 23 * HOUR_MS) === 1 && numberOf(lamp, 'dimming', START_MS + 3 * HOUR_MS) === 0.5,
        );
      }
    });

    test('feeders give what meters and lamps draw, less what roofs give, and what is lost', () => {
      const feeders = ofKind(town, 'power-feeder');
      const sum = (name: KindName, sensor: string, timeMs: number): number =>
        ofKind(town, name).reduce((total, post) => total + numberOf(post, sensor, timeMs), 0);
      for (const timeMs of dayBy(20)) {
        // Each feeder loses a share of its own; where all of them give, the shares are those of the sum.
        const given = feeders.map((feeder) => numberOf(feeder, 'power', timeMs));
        const net = given.reduce((total, power) => total + power / (1 + FEEDER_LOSS * Math.sign(power)), 0);
        const want =
          sum('electricity-meter', 'power', timeMs) + sum('street-light', 'power', timeMs) - sum('solar-roof', 'power', timeMs);
        assert.ok(Math.abs(net - want) < 30, `${net} W for ${want} W`);
        const lamps = feeders.reduce((total, feeder) => total + numberOf(feeder, 'lamps', timeMs), 0);
        assert.ok(Math.abs(lamps - sum('street-light', 'power', timeMs)) < 10);
      }
    });

    test('meters never run backwards, and count what they measure', () => {
      for (const meter of ofKind(town, 'electricity-meter').slice(0, 4)) {
        let [energy, wattHours] = [numberOf(meter, 'energy', START_MS), 0];
        const first = energy;
        for (const timeMs of dayBy(1)) {
          wattHours += numberOf(meter, 'power', timeMs + MINUTE_MS / 2) / 60;
          const next = numberOf(meter, 'energy', timeMs + MINUTE_MS);
          assert.ok(next >= energy);
          energy = next;
        }
        assert.ok(
          Math.abs(energy - first - wattHours / 1_000) < 0.2,
          `${energy - first} kWh counted, ${wattHours / 1_000} measured`,
        );
      }
    });

    test('the level of a tank is what flowed in less what flowed out', () => {
      for (const tank of ofKind(town, 'water-station'))
        for (let day = 0; day < 3; day++) {
          let volume = 0;
          const from = START_MS + day * 24 * HOUR_MS;
          const first = numberOf(tank, 'level', from);
          for (let second = 0; second < 86_400; second += 20) {
            const timeMs = from + second * 1_000;
            const middle = timeMs + 10_000;
            volume += 20 * (numberOf(tank, 'inflow', middle) - numberOf(tank, 'outflow', middle));
            assert.equal(saidBy(tank, 'pump', middle), numberOf(tank, 'inflow', middle) > 0);
            if (second % 1_800 !== 0) continue;
            const risen = numberOf(tank, 'level', timeMs + 20_000) - first;
            // Steps of 20 s miss the moment a pump starts by up to 10 s, some dozen times a day.
            assert.ok(Math.abs(risen - volume / TANK_AREA_M2) < 2 * LEVEL_NOISE_M + 0.02, `risen ${risen} m of ${volume} m³`);
          }
        }
    });

    test('what a loop counts has passed the line, waits, or is on the way', () => {
      const heads = ofKind(town, 'traffic-signal');
      for (const loop of ofKind(town, 'traffic-detector')) {
        const head = heads.find(({ number }) => number === loop.number) ?? assert.fail();
        assert.ok(metresBetween(loop.place, head.place) < 200);
        for (const timeMs of dayBy(11)) {
          const between =
            numberOf(loop, 'vehicles', timeMs) - numberOf(head, 'vehicles', timeMs) - numberOf(head, 'queue', timeMs);
          assert.ok(between >= 0 && between <= 8, `${between}`);
          const minute = numberOf(loop, 'vehicles', timeMs) - numberOf(loop, 'vehicles', timeMs - MINUTE_MS);
          assert.equal(numberOf(loop, 'flow', timeMs), minute);
        }
      }
    });

    test('trams and trucks drive no faster than they say, and change weight at stops alone', () => {
      for (const name of ['tram', 'truck'] as const)
        for (const mover of ofKind(town, name)) {
          const at = (timeMs: number) => ({ lat: numberOf(mover, 'lat', timeMs), lon: numberOf(mover, 'lon', timeMs) });
          const weight = name === 'tram' ? 'passengers' : 'mass';
          const start = START_MS + 8 * HOUR_MS;
          for (let second = 0; second < 1_800; second++) {
            const timeMs = start + second * 1_000;
            const [before, after] = [numberOf(mover, 'speed', timeMs), numberOf(mover, 'speed', timeMs + 1_000)];
            const metres = metresBetween(at(timeMs), at(timeMs + 1_000));
            assert.ok(metres <= Math.max(before, after) + 0.5, `${name} at ${second} s: ${metres} m at ${before} m/s`);
            assert.ok(Math.abs(after - before) <= 1.1, `${name} at ${second} s: from ${before} to ${after} m/s`);
            if (numberOf(mover, weight, timeMs) !== numberOf(mover, weight, timeMs + 1_000))
              assert.ok(before < 1 && after < 1, `${name} at ${second} s: ${weight} changes at ${before} m/s`);
          }
        }
    });

    test('a bridge feels what crosses it', () => {
      const { bridge } = makePlan(seed);
      const [south, north] = [bridge?.[0] ?? assert.fail(), bridge?.[1] ?? assert.fail()];
      const heavy = [...ofKind(town, 'tram'), ...ofKind(town, 'truck')];
      const isOn = (post: Post, timeMs: number): boolean => {
        const place = { lat: numberOf(post, 'lat', timeMs), lon: numberOf(post, 'lon', timeMs) };
        const whole = metresBetween(south, north);
        // In the middle half of it, where every gauge feels it.
        const parts = [metresBetween(place, south), metresBetween(place, north)];
        return Math.min(...parts) > whole / 4 && Math.abs((parts[0] ?? 0) + (parts[1] ?? 0) - whole) < 1;
      };
      for (const gauge of ofKind(town, 'bridge-gauge').slice(0, 2)) {
        const strains: { readonly crossing: number[]; readonly empty: number[] } = { crossing: [], empty: [] };
        for (let second = 0; second < 3_600; second += 2) {
          const timeMs = START_MS + 2 * HOUR_MS + second * 1_000;
          const isCrossing = heavy.some((post) => isOn(post, timeMs));
          strains[isCrossing ? 'crossing' : 'empty'].push(numberOf(gauge, 'strain', timeMs));
        }
        const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
        assert.ok(strains.crossing.length > 10 && strains.empty.length > 10);
        // At least 7.5 t at no less than half of its influence.
        assert.ok(mean(strains.crossing) - mean(strains.empty) > 7_500 * 2.5e-3 * 0.5);
      }
    });

    test('a bridge is longer in the sun', () => {
      const [gauge] = ofKind(town, 'bridge-gauge');
      // The lowest of an hour: with nothing on it.
      const rest = (hour: number): number =>
        Math.min(
          ...Array.from({ length: 720 }, (_, i) =>
            numberOf(gauge ?? assert.fail(), 'strain', START_MS + hour * HOUR_MS + i * 5_000),
          ),
        );
      const warmth = (hour: number): number => numberOf(gauge ?? assert.fail(), 'temperature', START_MS + hour * HOUR_MS);
      assert.ok(warmth(14) > warmth(4) && rest(14) > rest(4));
    });

    test('air follows traffic: worse after the rush than before dawn', () => {
      for (const post of ofKind(town, 'air-quality')) {
        assert.ok(numberOf(post, 'no2', START_MS + 8.8 * HOUR_MS) > 1.5 * numberOf(post, 'no2', START_MS + 4 * HOUR_MS));
        assert.ok(numberOf(post, 'pm2.5', START_MS + 17.8 * HOUR_MS) > numberOf(post, 'pm2.5', START_MS + 3 * HOUR_MS));
      }
    });

    test('the battery of a bench holds what came in less what went out, between its reserve and full', () => {
      for (const bench of ofKind(town, 'bench')) {
        for (const timeMs of dayBy(10)) {
          const [before, after] = [numberOf(bench, 'battery', timeMs), numberOf(bench, 'battery', timeMs + 10 * MINUTE_MS)];
          let came = 0;
          for (let minute = 0; minute < 10; minute++) {
            const middle = timeMs + (minute + 0.5) * MINUTE_MS;
            came += (numberOf(bench, 'solar', middle) - numberOf(bench, 'load', middle)) / 60;
          }
          const isHeld = [before, after].some((charge) => charge <= 121 || charge >= BATTERY_WH - 1);
          if (!isHeld) assert.ok(Math.abs(after - before - came) < 0.6, `${after - before} Wh for ${came} Wh`);
        }
        const charges = dayBy(10).map((timeMs) => numberOf(bench, 'battery', timeMs));
        assert.ok(Math.max(...charges) > 150, 'it is charged by day');
      }
    });
  });
