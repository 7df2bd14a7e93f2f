import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, test } from 'node:test';
import { type Database, openForReading, openForWriting, ROLLUP_MS } from '../read-model/database.ts';
import type { SampleRow } from '../read-model/reading-rows.ts';
import { rollUp } from '../read-model/rollups.ts';
import { RowInserter } from '../read-model/row-inserter.ts';
import { spanOf } from './lamp-series.ts';
import { accountLamps } from './zone-account.ts';

const ZONE = 'zone';
/** More than are counted one by one, and than an answer names. */
const LAMP_COUNT = 300;
const FAILED_COUNT = 260;
const LAMP_W = 60;
const DARK_W = 0.4;
const START_MS = Date.UTC(2026, 0, 1);
const STEP_MS = 300_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const DAY_COUNT = 8;
/** Half of its light from 18 to 6, in steps of five minutes; the span of one interval is two hours. */
const isLit = (timeMs: number): boolean => timeMs % DAY_MS >= 18 * HOUR_MS || timeMs % DAY_MS < 6 * HOUR_MS;
const COUNT = (DAY_COUNT * DAY_MS) / STEP_MS + 1;

/** Of one lamp, by its place: brightness, power, and at the end whether it failed. */
function samplesOf(place: number): SampleRow[] {
  const sample = (series: number, i: number, number: number): SampleRow => ({
    ...{
      series: 3 * place + series,
      timeMs: START_MS + i * STEP_MS,
      entry: i,
      position: series,
      kind: 0,
      number,
      text: null,
      sum: null,
    },
  });
  const times = Array.from({ length: COUNT }, (_, i) => i);
  const lit = (i: number): boolean => isLit(START_MS + i * STEP_MS);
  return [
    ...times.map((i) => sample(1, i, lit(i) ? 0.5 : 0)),
    ...times.map((i) => sample(2, i, lit(i) ? LAMP_W / 2 : DARK_W)),
    sample(3, COUNT - 1, place < FAILED_COUNT ? 1 : 0),
  ];
}

describe('the account of a zone with many lamps', () => {
  const folder = mkdtempSync(join(tmpdir(), 'oppidum-zone-account-'));
  const file = join(folder, 'read-model.sqlite');
  let database: Database;
  let close: () => void;

  before(() => {
    openForWriting(file).close();
    const connection = new DatabaseSync(file);
    connection.exec('BEGIN');
    const samples = new RowInserter(connection, 'INSERT INTO samples', 9);
    const rollups = new RowInserter(connection, 'INSERT INTO rollups', 10);
    for (let place = 0; place < LAMP_COUNT; place++) {
      const device = `lamp ${String(place).padStart(3, '0')}`;
      connection.prepare('INSERT INTO zone_devices VALUES (?, ?)').run(device, ZONE);
      connection.prepare('INSERT INTO senders VALUES (?, ?)').run(place, device);
      for (const [i, name, unit] of [
        [1, 'dimming', '/'],
        [2, 'power', 'W'],
        [3, 'failure', null],
      ] as const)
        connection.prepare('INSERT INTO series VALUES (?, ?, ?, ?)').run(3 * place + i, place, name, unit);
      const rows = samplesOf(place);
      // Few samples for the edges of the span; what is counted are rollups.
      for (const row of [rows[0], rows[COUNT - 1], rows[COUNT], rows[2 * COUNT - 1], rows[2 * COUNT]] as SampleRow[])
        samples.add(row.series, row.timeMs, 0, row.entry, row.position, row.kind, row.number, row.text, row.sum);
      for (const { series, startMs, count, numbers, positives, minimum, maximum, total, lastMs, last } of rollUp(rows))
        rollups.add(series, startMs, count, numbers, positives, minimum, maximum, total, lastMs, last);
    }
    samples.flush();
    rollups.flush();
    connection.exec(`INSERT INTO zone_devices VALUES ('silent', '${ZONE}'), ('elsewhere', 'other'); COMMIT`);
    connection.close();
    ({ database, close } = openForReading(file));
  });
  after(() => {
    close();
    rmSync(folder, { recursive: true });
  });

  test('counts every lamp that spoke, and days and nights within one interval for what they were', async () => {
    const account = await accountLamps(database, { zone: ZONE, lampCount: LAMP_COUNT + 1, clock: [] });
    assert.deepEqual([account.lamps, account.counted, account.faultCount, account.faults.length], [301, 300, 260, 256]);
    assert.deepEqual([account.fromMs, account.toMs], [START_MS, START_MS + DAY_COUNT * DAY_MS]);
    assert.ok(account.intervals.length <= 97 && account.intervals.length >= 90);
    const near = (value: number, wanted: number): void =>
      assert.ok(Math.abs(value - wanted) < 0.005 * wanted, `${value} ${wanted}`);
    const ofAll = (nightW: number): number => LAMP_COUNT * DAY_COUNT * 12 * (nightW + DARK_W);
    near(account.usedWh, ofAll(LAMP_W / 2));
    near(account.undimmedWh, ofAll(LAMP_W));
    // Six of the twelve hours with every second lamp.
    near(account.halfNightWh, LAMP_COUNT * DAY_COUNT * (9 * LAMP_W + 12 * DARK_W));
    assert.deepEqual(account.faults[0], { device: 'lamp 000', label: null, sinceMs: account.toMs });
  });

  test('another zone, or one in which nobody spoke, has saved nothing', async () => {
    for (const zone of ['other', 'none']) {
      const account = await accountLamps(database, { zone, lampCount: 1, clock: [] });
      assert.deepEqual([account.counted, account.usedWh, account.faultCount, account.intervals], [0, 0, 0, []]);
    }
  });
});

test('a span is as long as readings can be counted: by minutes for an evening of few lamps, the last days of many', () => {
  const lamp = { level: 1, power: 2, firstMs: START_MS + 1, lastMs: START_MS + 2 * HOUR_MS };
  const few = spanOf([lamp]);
  assert.deepEqual(few, { fromMs: lamp.firstMs, toMs: lamp.lastMs, stepMs: 2 * 60_000, from: 'samples' });
  const many = Array.from({ length: 257 }, () => lamp);
  assert.deepEqual(spanOf(many), { ...few, stepMs: ROLLUP_MS, from: 'rollups' });
  const year = { ...lamp, lastMs: START_MS + 365 * DAY_MS };
  assert.deepEqual(spanOf([lamp, year])?.fromMs, lamp.firstMs);
  // Two lamps with two series each: a hundred quarters of an hour, of which the last has begun.
  const short = spanOf([lamp, year], 400);
  assert.deepEqual([short?.fromMs, short?.toMs], [year.lastMs - 99 * ROLLUP_MS, year.lastMs]);
  assert.equal(spanOf([{ ...lamp, lastMs: lamp.firstMs }]), null);
  assert.equal(spanOf([]), null);
});
