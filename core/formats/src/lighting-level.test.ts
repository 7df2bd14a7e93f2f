import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CALM, MAIN_ROAD, MIDNIGHT_MS, NOON_MS, PROGRAMME } from '../../../test/support/lighting.ts';
import { LIGHTING_CLASS_NAMES, LIGHTING_CLASSES } from './lighting-classes.ts';
import { type LightSituation, levelForClass, lightDemand, phaseAt } from './lighting-level.ts';
import type { LightingSection } from './lighting-programme.ts';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const [, PATH, CROSSING] = PROGRAMME.sections as [LightingSection, LightingSection, LightingSection];
const on = (section: LightingSection, changes: Partial<LightSituation> = {}) =>
  lightDemand(PROGRAMME, section, { ...CALM, ...changes });

test('the level is the smallest that gives the class, also when lamps are old', () => {
  for (const section of PROGRAMME.sections) {
    for (const name of LIGHTING_CLASS_NAMES) {
      const level = levelForClass(section, name);
      const { average, least } = LIGHTING_CLASSES[name];
      const gives = (at: number): boolean =>
        section.fullAverage * section.maintained * at >= average * 1e6 &&
        section.fullLeast * section.maintained * at >= least * 1e6;
      if (least > 0 && section.fullLeast === 0) continue;
      assert.ok(gives(level), `${section.name} at ${level} gives ${name}`);
      assert.ok(!gives(level - 1), `${section.name} at ${level - 1} does not give ${name}`);
    }
  }
});

test('lamps without light on the darkest point never give a class that wants some', () => {
  assert.equal(levelForClass({ ...PATH, fullLeast: 0 }, 'P6'), Number.POSITIVE_INFINITY);
});

test('traffic moves the class of a road', () => {
  const evening = { timeMs: MIDNIGHT_MS - 4 * HOUR_MS };
  const classOf = (traffic: number): string => on(MAIN_ROAD, { ...evening, traffic }).class;
  // Of 1,600 vehicles an hour, 15 % are 240 and 45 % are 720.
  assert.deepEqual([0, 239, 240, 719, 720, 9_999].map(classOf), ['M5', 'M5', 'M4', 'M4', 'M3', 'M3']);
});

test('hours, the light around and weather move it, within two classes', () => {
  const busy = { traffic: 1_000 };
  const evening = { ...busy, timeMs: MIDNIGHT_MS - 4 * HOUR_MS };
  assert.equal(on(MAIN_ROAD, evening).class, 'M3');
  assert.equal(on(MAIN_ROAD, busy).class, 'M4', 'at 01:00 local time');
  assert.equal(on(MAIN_ROAD, { ...evening, ambientMlx: 299 }).class, 'M4');
  assert.equal(on(MAIN_ROAD, { ...evening, ambientMlx: 300 }).class, 'M3');
  assert.equal(on(MAIN_ROAD, { ...busy, ambientMlx: 0 }).class, 'M5');
  assert.equal(on(MAIN_ROAD, { traffic: 0, ambientMlx: 0 }).class, 'M5', 'never three below');
  assert.equal(on(MAIN_ROAD, { traffic: 0, ambientMlx: 0, weather: 1 }).class, 'M4');
  assert.equal(on(MAIN_ROAD, { traffic: 0, ambientMlx: 0, weather: 2 }).class, 'M3');
  assert.equal(on(MAIN_ROAD, { ...evening, weather: 2 }).class, 'M3', 'never above normal');
});

test('hours are those of local time, and may go past midnight', () => {
  const busy = { traffic: 1_000 };
  // Local time is an hour ahead: 23:00 to 05:00 is 22:00 to 04:00 UTC.
  for (const [minutes, name] of [
    [-121, 'M3'],
    [-120, 'M4'],
    [0, 'M4'],
    [239, 'M4'],
    [240, 'M3'],
  ] as const)
    assert.equal(on(MAIN_ROAD, { ...busy, timeMs: MIDNIGHT_MS + minutes * MINUTE_MS }).class, name, `${minutes}`);
  const summer = { ...PROGRAMME, clock: [...PROGRAMME.clock, { fromMs: MIDNIGHT_MS, aheadMinutes: 120 }] };
  assert.equal(lightDemand(summer, MAIN_ROAD, { ...CALM, ...busy, timeMs: MIDNIGHT_MS + 180 * MINUTE_MS }).class, 'M3');
});

test('a crossing keeps its own class', () => {
  const quietest = on(CROSSING, { traffic: 0, ambientMlx: 0 });
  assert.deepEqual([quietest.class, quietest.level], ['C2', levelForClass(CROSSING, 'C2')]);
  assert.equal(on(PATH, { ambientMlx: 0 }).class, 'P5');
});

test('whatever is lost or cannot be makes it full light', () => {
  for (const [lost, changes] of [
    ['clock', { timeMs: null }],
    ['photocell', { isDark: null }],
    ['traffic', { traffic: null }],
    ['traffic', { traffic: -1 }],
    ['traffic', { traffic: 0.5 }],
    ['weather', { weather: null }],
    ['weather', { weather: 3 }],
    ['ambient', { ambientMlx: null }],
  ] as const) {
    assert.deepEqual(on(MAIN_ROAD, changes), { phase: lost === 'clock' ? 'unknown' : 'night', class: 'M3', level: 1_000, lost });
  }
  assert.equal(on(CROSSING, { weather: null }).level, 1_000);
  assert.equal(on(PATH, { traffic: null }).lost, null, 'a street without a detector has none to lose');
});

test('by day lamps are off, whatever the photocell says; by night on; between them the photocell decides', () => {
  for (const isDark of [true, false, null]) {
    assert.equal(on(MAIN_ROAD, { timeMs: NOON_MS, isDark }).level, 0);
    assert.ok(on(MAIN_ROAD, { isDark }).level > 0);
    assert.equal(on(MAIN_ROAD, { timeMs: NOON_MS + 4 * HOUR_MS, isDark }).level > 0, isDark !== false, 'at dusk');
    assert.equal(on(MAIN_ROAD, { timeMs: null, isDark }).level > 0, isDark !== false, 'without a clock');
  }
});

test('twilights lie around dusk and dawn of the day of the year', () => {
  const phaseOn = (date: string): string => phaseAt(PROGRAMME, Date.parse(`${date}Z`));
  for (const [date, phase] of [
    ['2026-01-15T15:29:59', 'day'],
    ['2026-01-15T15:30:00', 'twilight'],
    ['2026-01-15T16:29:59', 'twilight'],
    ['2026-01-15T16:30:00', 'night'],
    ['2026-01-16T06:29:59', 'night'],
    ['2026-01-16T06:30:00', 'twilight'],
    ['2026-01-16T07:29:59', 'twilight'],
    ['2026-01-16T07:30:00', 'day'],
    ['2026-03-30T17:00:00', 'night'],
    ['2026-03-31T17:00:00', 'day'],
    ['2024-03-29T17:00:00', 'night'],
    ['2024-03-30T17:00:00', 'day'],
    ['2400-03-30T17:00:00', 'day'],
    ['2100-03-30T17:00:00', 'night'],
    ['1970-01-01T00:00:00', 'night'],
  ] as const)
    assert.equal(phaseOn(date), phase, date);
});

test('days before the first entry of a year are those of the last', () => {
  const late = { ...PROGRAMME, nights: PROGRAMME.nights.slice(1) };
  assert.equal(phaseAt(late, Date.parse('2026-01-15T17:00:00Z')), 'night');
});

test('more traffic, worse weather, more light around: never less light; and never more than two classes below', () => {
  const situation = fc.record({
    timeMs: fc.integer({ min: MIDNIGHT_MS, max: MIDNIGHT_MS + 6 * HOUR_MS }),
    isDark: fc.boolean(),
    traffic: fc.nat({ max: 2_000 }),
    weather: fc.nat({ max: 2 }),
    ambientMlx: fc.nat({ max: 600 }),
  });
  fc.assert(
    fc.property(situation, fc.nat({ max: 500 }), fc.constantFrom(...PROGRAMME.sections), (now, more, section) => {
      const { level } = lightDemand(PROGRAMME, section, now);
      const worse = {
        ...now,
        traffic: now.traffic + more,
        weather: Math.min(2, now.weather + 1),
        ambientMlx: now.ambientMlx + more,
      };
      assert.ok(lightDemand(PROGRAMME, section, worse).level >= level);
      const names = LIGHTING_CLASS_NAMES.slice(LIGHTING_CLASS_NAMES.indexOf(section.class)).slice(0, 3);
      assert.ok(names.some((name) => levelForClass(section, name) === level));
    }),
  );
});
