import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LightingSection } from '@oppidum/formats/lighting-programme';
import { CALM, MAIN_ROAD, PROGRAMME } from '../../support/lighting.ts';
import { sharedPath, skipReason } from '../../support/shared.ts';
import { ASSUMPTIONS, usualAssumptions } from './assumptions.ts';
import { isTooDark, type Observed } from './independent-check.ts';
import { describeYear, readAssumptions } from './main.ts';
import { runYear, yearFigures } from './run-year.ts';
import { madeUpDays, readTrafficDays } from './traffic-days.ts';

const THREE_DAYS = { ...usualAssumptions(), days: 3 };
const QUIET: Observed = { sinceMs: 0, vehiclesPermille: 10, isLost: false, weather: 0, ambientLx: CALM.ambientMlx ?? 0 };
/** 20:00 in the street: no quiet hour. */
const EVENING = 1_200;

test('lamps that do as they are told are never below their class and never lit by day', () => {
  const totals = runYear(THREE_DAYS, madeUpDays());
  assert.ok(totals.steps > 8 * 3 * 1_000, 'they were driven');
  assert.ok(totals.litLampS > 3 * 13 * 3_600 * 1_000, 'and lit through January nights');
  assert.deepEqual([totals.darkLampS, totals.dayLampS], [0, 0]);
  const sum = totals.cabinets.reduce((kwh, { adaptiveMws }) => kwh + adaptiveMws, 0);
  assert.ok(Math.abs(sum - totals.adaptiveMws) < 1e-6 * sum, 'cabinets add up');
  const figures = yearFigures(totals, THREE_DAYS);
  assert.ok((figures['savedPercent'] ?? 0) > 20 && (figures['savedPercent'] ?? 0) < 70);
  assert.ok((figures['halfNightBelowClassHoursPerLamp'] ?? 0) > 1, 'half-night switching leaves streets too dark');
});

test('a programme that is signed for young lamps saves more, and no street is below its class', () => {
  const [old, young] = [850, 950].map((maintained) => runYear({ ...THREE_DAYS, days: 1, maintained }, madeUpDays()));
  assert.ok(old !== undefined && young !== undefined && young.adaptiveMws < old.adaptiveMws);
  assert.equal(young.fullMws, old.fullMws, 'against the same lamps');
  assert.deepEqual([young.darkLampS, young.dayLampS], [0, 0]);
});

test('a lamp that cheats is caught: for an hour 1 ‰ too little, for a minute dark', () => {
  const fromMs = Date.UTC(2026, 0, 2, 20);
  const dim = (spanMs: number, change: (level: number) => number) =>
    runYear(THREE_DAYS, madeUpDays(), (level, timeMs) => (timeMs >= fromMs && timeMs < fromMs + spanMs ? change(level) : level));
  const short = dim(3_600_000, (level) => level - 1);
  // Lamps that were brighter than they needed to be, because they wait before they dim, may lose 1 ‰.
  assert.ok(short.darkLampS > 1_000 * 1_800, `${short.darkLampS}`);
  assert.equal(dim(60_000, () => 0).darkLampS, 1_310 * 60);
});

test('a lamp that burns by day is caught', () => {
  const noonMs = Date.UTC(2026, 0, 2, 11);
  const totals = runYear(THREE_DAYS, madeUpDays(), (level, timeMs) =>
    timeMs >= noonMs && timeMs < noonMs + 600_000 ? 500 : level,
  );
  assert.equal(totals.dayLampS, 1_310 * 600);
});

test('the check knows the classes by itself', () => {
  const [, path, crossing] = PROGRAMME.sections as readonly LightingSection[] as [
    LightingSection,
    LightingSection,
    LightingSection,
  ];
  const least = (section: LightingSection, seen: Observed, minute: number): number => {
    let level = 0;
    while (level < 1_000 && isTooDark(section, PROGRAMME, seen, minute, level)) level++;
    return level;
  };
  for (const [section, changes, minute, level] of [
    [MAIN_ROAD, {}, EVENING, 453],
    [MAIN_ROAD, { vehiclesPermille: 150 }, EVENING, 679],
    [MAIN_ROAD, { vehiclesPermille: 450 }, EVENING, 905],
    [MAIN_ROAD, { vehiclesPermille: 450 }, 60, 679],
    [MAIN_ROAD, { vehiclesPermille: 450 }, 0, 679],
    [MAIN_ROAD, { vehiclesPermille: 450 }, 300, 905],
    [MAIN_ROAD, { weather: 1 }, EVENING, 679],
    [MAIN_ROAD, { weather: 2 }, EVENING, 905],
    [MAIN_ROAD, { vehiclesPermille: 450, ambientLx: 0.2 }, EVENING, 679],
    [MAIN_ROAD, { isLost: true }, EVENING, 1_000],
    [path, { ambientLx: 0.2 }, 60, 372],
    [crossing, { ambientLx: 0.2 }, 60, 905],
  ] as const)
    assert.equal(
      least(section, { ...QUIET, ...changes }, minute),
      level,
      `${section.name} ${JSON.stringify(changes)} at ${minute}`,
    );
});

test('real days of traffic have their gaps, and long ones stay', { skip: skipReason() }, () => {
  const silent = (gapMinutes: number): number => {
    const days = readTrafficDays(sharedPath('data/traffic'), gapMinutes);
    let count = 0;
    for (let weekday = 0; weekday < 7; weekday++)
      for (let slot = 0; slot < 288; slot++) if (days.shareOf(0, { weekday, number: weekday }, slot) === null) count++;
    return count;
  };
  const [all, bridged] = [silent(0), silent(60)];
  assert.ok(all > 400 && bridged > 20 && bridged < all / 2, `${all}, ${bridged}`);
});

test('assumptions are read, checked and printed', () => {
  const asked = readAssumptions(['--lamps', '100', '--price', '0.3', '--json']);
  assert.ok(typeof asked === 'object');
  assert.deepEqual([asked.assumed.lamps, asked.assumed.eurPerKwh, asked.assumed.watts, asked.json], [100, 0.3, 50, true]);
  assert.equal(readAssumptions(['--help']), '');
  for (const [args, says] of [
    [['--lamps', '1.5'], /whole number from 20/],
    [['--price', 'cheap'], /number from 0 to 100/],
    [['--price', ''], /wants a number/],
    [['--moon', '1'], /Unknown option/],
    [['--latitude', '66'], /from -55 to 55/],
    [['--maintained', '849'], /whole number from 850 to 1000/],
  ] as const)
    assert.match(String(readAssumptions(args)), says);
  const lines = describeYear(usualAssumptions(), madeUpDays(), runYear({ ...THREE_DAYS, days: 1 }, madeUpDays())).join('\n');
  for (const { says } of Object.values(ASSUMPTIONS)) assert.ok(lines.includes(says), says);
  assert.match(lines, /made up/);
  assert.match(lines, /Mill Quarter .* % saved/);
});
