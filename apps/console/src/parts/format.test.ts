import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RecordJson } from '@oppidum/gateway/api/readings';
import { formatAmount, formatEuros, formatInUnits, formatNumber, formatRecord, formatSpan, unitText } from './format.ts';

test('a stretch of time is said in its largest unit, in each language', () => {
  assert.equal(formatSpan(3_600_000, 'en'), '1 hour');
  assert.equal(formatSpan(-3_601_000, 'en'), '1 hour');
  assert.equal(formatSpan(7_500, 'en'), '8 seconds');
  assert.equal(formatSpan(0, 'en'), '0 seconds');
  assert.equal(formatSpan(3 * 86_400_000, 'en'), '3 days');
  for (const tag of ['et', 'zh-Hans', 'ar']) assert.match(formatSpan(3_600_000, tag), /\p{L}/u);
});

test('units of SenML are said as people write them', () => {
  for (const [value, unit, said] of [
    [0.5, '/', '50%'],
    [12, 'count', '12'],
    [3, '1/min', '3/min'],
    [0.25, '1/s', '0.25/s'],
    [21.5, 'Cel', '21.5 °C'],
    [59.5, 'lat', '59.5°'],
    [2, 'm3', '2 m³'],
    [45, '%', '45 %'],
    [7, null, '7'],
    [7, 'W', '7 W'],
  ] as const)
    assert.equal(formatAmount(value, unit, 'en'), said);
  assert.equal(unitText('constructor'), 'constructor', 'a word of the device, whatever it is');
});

test('a number that is measured reads as a number in each language, and words of the device are plain', () => {
  const record = { name: 'x', value: 0.5, unit: '/', sum: null, data: null, timeMs: 0 } as RecordJson;
  for (const tag of ['en', 'et', 'zh-Hans', 'ar'])
    for (const value of [0.5, -0.5]) {
      const said = formatRecord({ ...record, value }, tag, 40);
      // What shows escapes shows a backslash.
      assert.match(said, /^[^\\{}]*50[^\\{}]*%[^\\{}]*$/u, tag);
    }
  assert.equal(formatRecord({ ...record, unit: '\u202eW' }, 'en', 40), '0.5 \\u{202e}W');
  assert.equal(formatRecord({ ...record, value: '\u202eon', unit: null }, 'en', 40), '\\u{202e}on');
  assert.equal(formatRecord({ ...record, value: 'x'.repeat(99), unit: null }, 'en', 40), `${'x'.repeat(40)}…`);
});

test('nothing is said without a sign, and little in the smaller unit', () => {
  for (const tag of ['en', 'et', 'zh-Hans', 'ar'])
    for (const said of [formatNumber(-0, tag), formatAmount(-0, '/', tag), formatEuros(-0.001, tag)])
      assert.doesNotMatch(said, /[-\u2212]/, tag);
  assert.equal(formatEuros(-0.01, 'en'), '-€0.01');
  assert.equal(formatInUnits(-0.001, 1_000, ['Wh', 'kWh'], 'en'), '0 Wh');
  assert.equal(formatInUnits(0.71, 1_000, ['Wh', 'kWh'], 'en'), '0.71 Wh');
  assert.equal(formatInUnits(-12_346, 1_000, ['Wh', 'kWh'], 'en'), '-12.35 kWh');
});
