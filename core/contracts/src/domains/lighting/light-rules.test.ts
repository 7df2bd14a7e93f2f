import assert from 'node:assert/strict';
import { test } from 'node:test';
import { levelForClass } from '@oppidum/formats/lighting-level';
import type { LightingProgramme } from '@oppidum/formats/lighting-programme';
import fc from 'fast-check';
import { CALM, NOON_MS, PROGRAMME } from '../../../../../test/support/lighting.ts';
import { checkLightOrder } from './light-rules.ts';

const ALL = 64;
const code = (
  command: string,
  values: readonly number[],
  options: { lampCount?: number | null; programme?: LightingProgramme | null; now?: Partial<typeof CALM> | object } = {},
) => {
  const { lampCount = ALL, programme = PROGRAMME, now = {} } = options;
  return checkLightOrder({ command, arguments: values, lampCount }, programme, () => ({ ...CALM, ...now }))?.code ?? 'OK';
};

for (const [why, want, got] of [
  ['another domain', 'COMMAND_UNKNOWN', code('signal/flash', [])],
  ['a name of every object', 'COMMAND_UNKNOWN', code('constructor', [])],
  ['an argument less', 'ARGUMENT_RANGE', code('light/level', [])],
  ['an argument more', 'ARGUMENT_RANGE', code('light/full', [1])],
  ['a level of 0', 'ARGUMENT_RANGE', code('light/level', [0])],
  ['a level of 101', 'ARGUMENT_RANGE', code('light/level', [101])],
  ['half a percent', 'ARGUMENT_RANGE', code('light/level', [60.5])],
  ['a section below 0', 'ARGUMENT_RANGE', code('light/section-level', [-1, 80])],
  ['a day of maintenance', 'ARGUMENT_RANGE', code('light/maintenance', [481])],
  ['full light', 'OK', code('light/full', [])],
  ['full light for one lamp without a programme', 'OK', code('light/full', [], { programme: null, lampCount: null })],
  ['the programme', 'OK', code('light/programme', [])],
  ['maintenance by day', 'OK', code('light/maintenance', [480], { now: { timeMs: NOON_MS } })],
  ['a level without a programme', 'LIGHT_PROGRAMME_MISSING', code('light/level', [100], { programme: null })],
  ['a section too many', 'LIGHT_SECTION_UNKNOWN', code('light/section-level', [3, 100])],
  ['a level by day', 'LIGHT_BY_DAY', code('light/level', [100], { now: { timeMs: NOON_MS } })],
  ['what the crossing needs', 'OK', code('light/level', [91])],
  ['less than the crossing needs', 'LIGHT_BELOW_CLASS', code('light/level', [90])],
  ['what the quiet road needs', 'OK', code('light/section-level', [0, 46])],
  ['less than the quiet road needs', 'LIGHT_BELOW_CLASS', code('light/section-level', [0, 45])],
  ['the same once it is busy', 'LIGHT_BELOW_CLASS', code('light/section-level', [0, 46], { now: { traffic: 800 } })],
  ['the same in fog', 'LIGHT_BELOW_CLASS', code('light/section-level', [0, 46], { now: { weather: 2 } })],
  ['99 % with a detector lost', 'LIGHT_BELOW_CLASS', code('light/section-level', [0, 99], { now: { traffic: null } })],
  ['full with a detector lost', 'OK', code('light/section-level', [0, 100], { now: { traffic: null } })],
  ['one lamp dimmed', 'LIGHT_UNEVEN', code('light/section-level', [0, 90], { lampCount: null })],
  ['every second pole dimmed', 'LIGHT_UNEVEN', code('light/section-level', [0, 90], { lampCount: 20 })],
  ['one in ten not reached', 'OK', code('light/section-level', [0, 90], { lampCount: 36 })],
  ['more than one in ten not reached', 'LIGHT_UNEVEN', code('light/section-level', [0, 90], { lampCount: 35 })],
  ['one lamp brighter', 'OK', code('light/section-level', [0, 91], { lampCount: null })],
] as const) {
  test(`${why}: ${want}`, () => assert.equal(got, want));
}

test('a refusal says which section needs what, and what is lost', () => {
  const order = { command: 'light/level', arguments: [50], lampCount: ALL };
  assert.deepEqual(checkLightOrder(order, PROGRAMME, () => ({ ...CALM, traffic: 1_000 }))?.details, {
    section: 'Main Road',
    class: 'M4',
    percent: 50,
    leastPercent: 68,
  });
  assert.equal(checkLightOrder(order, PROGRAMME, () => ({ ...CALM, weather: null }))?.details['lost'], 'weather');
});

test('what passes is at least what each class needs, whatever is ordered', () => {
  const now = fc.record({ traffic: fc.option(fc.nat(2_000)), weather: fc.option(fc.nat(2)), ambientMlx: fc.option(fc.nat(600)) });
  fc.assert(
    fc.property(now, fc.integer({ min: -5, max: 110 }), fc.nat(70), (changes, percent, lampCount) => {
      if (code('light/level', [percent], { now: changes, lampCount }) !== 'OK') return;
      for (const section of PROGRAMME.sections) {
        const names = { road: section.name === 'Mill Path' ? 'P5' : 'M5', crossing: 'C2' } as const;
        assert.ok(percent * 10 >= levelForClass(section, names[section.kind]));
      }
      if (lampCount < 58) assert.ok(percent >= 91);
    }),
  );
});
