import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DEVICE_KINDS, type Moment, TANK_AREA_M2 } from './kinds.ts';

/** Units of RFC 8428 §12.1 and RFC 8798 §3 that the simulation uses. */
const UNITS: ReadonlySet<string> = new Set(['/', 'W', 'lx', '1/min', 'km/h', 'm', 'm3/s', 'V', 'kWh', 'ug/m3', 'Cel', '%RH']);

/** What nature allows, by sensor. */
const RANGES: Readonly<Record<string, readonly [min: number, max: number]>> = {
  dimming: [0, 1],
  power: [0, 30_000],
  illuminance: [0, 100_000],
  flow: [0, 40],
  speed: [5, 130],
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

test('five kinds with names of their own', () => {
  assert.equal(new Set(DEVICE_KINDS.map(({ name }) => name)).size, 5);
});

for (const { name, measure } of DEVICE_KINDS) {
  test(`${name}: values within what nature allows, in registered units, at the moment asked for`, () => {
    fc.assert(
      fc.property(seeds, moments, (seed, moment) => {
        for (const { sensor, unit, value, timeMs } of measure(seed, moment)) {
          assert.equal(timeMs, moment.timeMs);
          if (typeof value === 'boolean') continue;
          assert.ok(unit !== undefined && UNITS.has(unit), `${sensor} in ${unit}`);
          const [min, max] = RANGES[sensor] ?? assert.fail(`no range for ${sensor}`);
          assert.ok(typeof value === 'number' && value >= min && value <= max, `${sensor} = ${value}`);
        }
      }),
    );
  });

  test(`${name}: the same seed and moment repeat exactly, another seed differs`, () => {
    const day = Array.from({ length: 48 }, (_, i) => momentAt(START_MS + i * 1_800_000));
    const dayOf = (seed: number) => day.map((moment) => measure(seed, moment));
    assert.deepEqual(dayOf(7), dayOf(7));
    assert.notDeepEqual(dayOf(7), dayOf(8));
  });
}

const kindOf = (name: string) => DEVICE_KINDS.find((kind) => kind.name === name)!;
const sensorValue = (name: string, sensor: string, timeMs: number) =>
  kindOf(name)
    .measure(11, momentAt(timeMs))
    .find((record) => record.sensor === sensor)?.value;

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
