import assert from 'node:assert/strict';
import { test } from 'node:test';
import { constantRange, formatAxisTimes, widthOfNumbers } from './axis-times.ts';

/** In whatever time zone this runs. */
const at = (day: number, hour: number, minute = 0, second = 0): number => new Date(2026, 2, day, hour, minute, second).getTime();

test('an axis within a day says the clock in its own language, and the date once', () => {
  const times = [at(5, 0, 10), at(5, 0, 20), at(5, 0, 30)];
  assert.deepEqual(formatAxisTimes(times, 600_000, 'et'), ['00:10\n5. märts', '00:20', '00:30']);
  assert.match(formatAxisTimes(times, 600_000, 'zh-Hans')[0] ?? '', /^00:10\n3月5日$/);
  for (const label of formatAxisTimes(times, 600_000, 'ar')) assert.doesNotMatch(label, /[a-z]/i);
});

test('the date comes again where a day begins, seconds only where they are told apart', () => {
  const labels = formatAxisTimes([at(5, 18), at(6, 0), at(6, 6)], 21_600_000, 'et');
  assert.deepEqual(
    labels.map((label) => label.split('\n')[1]),
    ['5. märts', '6. märts', undefined],
  );
  assert.deepEqual(formatAxisTimes([at(5, 1, 2, 3)], 1_000, 'et'), ['01:02:03\n5. märts']);
});

test('steps of days, months and years are said as such', () => {
  const times = [at(5, 0), at(6, 0)];
  assert.deepEqual(formatAxisTimes(times, 86_400_000, 'en'), ['Mar 5', 'Mar 6']);
  assert.deepEqual(formatAxisTimes([at(1, 0)], 28 * 86_400_000, 'en'), ['Mar 2026']);
  assert.deepEqual(formatAxisTimes([at(1, 0)], 365 * 86_400_000, 'en'), ['2026']);
});

test('numbers of an axis have room, and those of short ones stand below each other', () => {
  assert.equal(widthOfNumbers([]), widthOfNumbers(['0', '100']));
  assert.ok(widthOfNumbers(['100', '1,234,567.89']) >= widthOfNumbers(['1,234,567.8']) + 8);
});

test('a series that is always 0 goes to 1, so a share of nothing to all of it; of any other the chart decides', () => {
  assert.deepEqual(constantRange(0, 0), [0, 1]);
  assert.deepEqual([constantRange(0, 0.2), constantRange(5, 5), constantRange(-1, 0)], [null, null, null]);
});
