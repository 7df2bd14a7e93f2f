import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CliFailure } from '../failure.ts';
import { readDuration, resolutionOf, timeReader } from './time-text.ts';

const READ: readonly (readonly [format: string, zone: string, text: string, iso: string | null])[] = [
  ['iso', 'UTC', '2015-08-31 18:22:00', '2015-08-31T18:22:00.000Z'],
  ['iso', 'UTC', '2015-08-31T18:22', '2015-08-31T18:22:00.000Z'],
  ['iso', 'UTC', '2015-08-31', '2015-08-31T00:00:00.000Z'],
  ['iso', 'UTC', '2015-08-31T18:22:00.1234', '2015-08-31T18:22:00.123Z'],
  ['iso', 'UTC', '2015-08-31T18:22:00+02:00', '2015-08-31T16:22:00.000Z'],
  ['iso', '+02:00', '2015-08-31T18:22:00Z', '2015-08-31T18:22:00.000Z'],
  ['iso', '+02:00', '2015-08-31 18:22:00', '2015-08-31T16:22:00.000Z'],
  ['iso', 'Europe/Tallinn', '2015-08-31 18:22:00', '2015-08-31T15:22:00.000Z'],
  ['iso', 'Europe/Tallinn', '2015-12-31 18:22:00', '2015-12-31T16:22:00.000Z'],
  ['iso', 'Asia/Kathmandu', '2015-12-31 18:22:00', '2015-12-31T12:37:00.000Z'],
  // The clocks go from 03:00 to 04:00 on 29 March and from 04:00 to 03:00 on 25 October 2015.
  ['iso', 'Europe/Tallinn', '2015-03-29 03:30:00', null],
  ['iso', 'Europe/Tallinn', '2015-10-25 03:30:00', '2015-10-25T00:30:00.000Z'],
  ['iso', 'UTC', '2015-02-29 00:00:00', null],
  ['iso', 'UTC', '2015-13-01', null],
  ['iso', 'UTC', '2015-01-01 24:00', '2015-01-02T00:00:00.000Z'],
  ['iso', 'UTC', '2015-01-01 24:01', null],
  ['iso', 'UTC', '2015-01-01 10:60', null],
  ['iso', 'UTC', 'yesterday', null],
  ['DD/MM/YY HH', 'UTC', '06/01/14 00', '2014-01-06T00:00:00.000Z'],
  ['DD/MM/YY HH', 'UTC', '31/12/69 23', '2069-12-31T23:00:00.000Z'],
  ['DD/MM/YY HH', 'UTC', '01/01/70 00', '1970-01-01T00:00:00.000Z'],
  ['DD/MM/YY HH', 'UTC', '13/13/14 00', null],
  ['DD/MM/YY HH', 'UTC', '2014-01-06 00', null],
  ['MM/DD/YYYY HH:mm', 'UTC', '1/6/2014 7:05', '2014-01-06T07:05:00.000Z'],
  ['DD.MM.YYYY', 'UTC', '06x01x2014', null],
  ['epoch-s', 'UTC', '1420070400', '2015-01-01T00:00:00.000Z'],
  ['epoch-s', 'UTC', '1420070400.25', '2015-01-01T00:00:00.250Z'],
  ['epoch-s', 'UTC', '14', null],
  ['epoch-ms', 'UTC', '1420070400123', '2015-01-01T00:00:00.123Z'],
];

for (const [format, zone, text, iso] of READ) {
  test(`${format} in ${zone}: "${text}" is ${iso ?? 'no time'}`, () => {
    const timeMs = timeReader(format, zone)(text);
    assert.equal(timeMs === null ? null : new Date(timeMs).toISOString(), iso);
  });
}

const isUsage = (error: unknown): boolean => error instanceof CliFailure && error.exitCode === 2;

for (const format of ['HH:mm', 'YYYY-MM', 'DD/MM/YY DD', 'soon']) {
  test(`"${format}" is no time format: exit code 2`, () => assert.throws(() => timeReader(format, 'UTC'), isUsage));
}

test('a zone that nobody knows: exit code 2', () => {
  assert.throws(() => timeReader('iso', 'Atlantis/Capital'), isUsage);
  assert.throws(() => timeReader('iso', '+25:00'), isUsage);
});

test('every moment that a zone names comes back from its civil time, or is the second of an hour that comes twice', () => {
  const zones = ['Europe/Tallinn', 'America/Los_Angeles', 'Australia/Lord_Howe'];
  fc.assert(
    fc.property(fc.constantFrom(...zones), fc.integer({ min: 0, max: 2_000_000_000 }), (zone, second) => {
      const parts = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' });
      const found = timeReader('iso', zone)(parts.format(1_000 * second).replace(' ', 'T'));
      assert.ok(found === 1_000 * second || (found !== null && found < 1_000 * second && found > 1_000 * second - 7_200_000));
    }),
  );
});

test('durations', () => {
  assert.deepEqual(['30s', '5m', '1h', '1d', '250ms', '1.5h'].map(readDuration), [3e4, 3e5, 3.6e6, 8.64e7, 250, 5.4e6]);
  for (const text of ['', '5', '0s', '5 m', '-5m', '5w']) assert.throws(() => readDuration(text), isUsage);
});

for (const [format, texts, resolutionMs] of [
  ['epoch-ms', ['1441045320000'], 1],
  ['epoch-s', ['1441045320'], 1_000],
  ['DD/MM/YY HH', ['31/08/15 18'], 3_600_000],
  ['DD/MM/YYYY HH:mm', ['31/08/2015 18:22'], 60_000],
  ['iso', ['2015-08-31T18:22:00Z'], 1_000],
  ['iso', ['2015-08-31T18:22:00Z', '2015-08-31'], 86_400_000],
] as const) {
  test(`times such as ${texts.join(' and ')} say when to ${resolutionMs} ms`, () => {
    assert.equal(resolutionOf(format, texts), resolutionMs);
  });
}
