import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noPolicyAtHand, placeOptions } from './cli.ts';
import { formatMeasured } from './commands/reading-series.ts';
import { ratePerDay } from './commands/status.ts';
import { describeFailure } from './failure.ts';

test('what is shown to be run next goes to the same city', () => {
  assert.equal(placeOptions({ api: 'http://127.0.0.1:8420', data: './city-data' }), '');
  assert.equal(placeOptions({ api: 'http://127.0.0.1:9000', data: './city-data' }), ' --api http://127.0.0.1:9000');
  assert.equal(placeOptions({ api: 'http://127.0.0.1:8420', data: 'my city' }), " --data 'my city'");
});

test('who has no policy at hand is told of both ways to name one', () => {
  const { text, exitCode } = describeFailure(noPolicyAtHand());
  assert.equal(exitCode, 2);
  assert.match(text, /--data DIR.*--policy FILE/);
});

test('a city of minutes has no rate a day yet', () => {
  assert.equal(ratePerDay(27_500_000, 2 * 60_000), null);
  assert.equal(ratePerDay(27_500_000, 3_600_000), 24 * 27_500_000);
  assert.equal(ratePerDay(48, 2 * 86_400_000), 24);
});

test('degrees of a place end at a centimetre, other values are whole', () => {
  assert.equal(formatMeasured(59.437_012_345_678_91, 'lat'), '59.4370123');
  assert.equal(formatMeasured(-24.75, 'lon'), '-24.75');
  assert.equal(formatMeasured(0.123_456_789_012, 'W'), '0.123456789012');
});
