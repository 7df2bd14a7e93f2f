import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatAmount, formatSpan, unitText } from './format.ts';

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
