/**
 * Questions to a read model of a hundred million values, as the door asks them: the newest values of a device, a month of one series in
 * 500 points. Half of the values are of devices that measure once a second, half of those that do once a minute. The file is made once,
 * by the tables of the read model, and kept in ~/.cache/oppidum-bench; OPPIDUM_BENCH_ROWS makes a smaller one.
 */

import { existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type Database, openForReading, openForWriting, ROLLUP_MS } from '@oppidum/gateway/read-model/database';
import { downsample } from '@oppidum/gateway/read-model/downsampling';
import { findLatest } from '@oppidum/gateway/read-model/series-queries';
import { type BenchFigures, type BenchOptions, percentile } from './bench.ts';

const ROWS_DEFAULT = 100_000_000;
const START_MS = 1_790_000_100_000;
const MONTH_MS = 30 * 86_400_000;
const POINTS = 500;
const READINGS_OF_A_PACK = 50;
const ROUND_COUNT = 400;

/** A device with one series: every `stepMs` a value, for two months where once a minute, for one where once a second. */
type Kind = { readonly stepMs: number; readonly spanMs: number };
const KINDS: readonly Kind[] = [
  { stepMs: 1_000, spanMs: MONTH_MS },
  { stepMs: 60_000, spanMs: 2 * MONTH_MS },
];
type Made = Kind & { readonly number: number; readonly count: number };

/** `latestP95Ms`, `rangeMs` (95th percentile, too), rows, and the size of the file. */
export async function benchQuery({ seconds, say }: BenchOptions): Promise<BenchFigures> {
  const rows = Number(process.env['OPPIDUM_BENCH_ROWS'] ?? ROWS_DEFAULT);
  if (!Number.isSafeInteger(rows) || rows < 1) throw new Error('OPPIDUM_BENCH_ROWS is a number of rows');
  const devices = devicesFor(rows);
  const file = makeFile(rows, devices, say);
  const { database, close } = openForReading(file);
  try {
    const latest = await measure(seconds / 2, (i) => askLatest(database, devices, i));
    const ranges = await measure(seconds / 2, (i) => askRange(database, devices, i));
    say(`${latest.length} newest values, ${ranges.length} months`);
    return {
      latestP95Ms: percentile(latest, 0.95),
      latestP50Ms: percentile(latest, 0.5),
      rangeMs: percentile(ranges, 0.95),
      rangeP50Ms: percentile(ranges, 0.5),
      rows: devices.reduce((sum, { count }) => sum + count, 0),
      sizeGb: statSync(file).size / 1e9,
    };
  } finally {
    close();
  }
}

async function measure(seconds: number, ask: (round: number) => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  const endMs = performance.now() + 1_000 * seconds;
  for (let i = 0; i < ROUND_COUNT && (performance.now() < endMs || i < 20); i++) {
    const startMs = performance.now();
    JSON.stringify(await ask(i));
    times.push(performance.now() - startMs);
  }
  return times;
}

function askLatest(database: Database, devices: readonly Made[], round: number): Promise<unknown> {
  const { number } = devices[(round * 7_919) % devices.length] as Made;
  return findLatest(database, { device: deviceId(number), limit: 51, after: null });
}

/** Months that begin anywhere, of either kind of device in turn. */
function askRange(database: Database, devices: readonly Made[], round: number): Promise<unknown> {
  const kind = KINDS[round % KINDS.length] as Kind;
  const some = devices.filter(({ stepMs }) => stepMs === kind.stepMs);
  const { number, spanMs } = (some[(round * 7_919) % some.length] ?? devices[0]) as Made;
  const fromMs = START_MS + ((round * 104_729_000) % (spanMs - MONTH_MS + 86_400_000));
  return downsample(database, { series: number, fromMs, toMs: fromMs + MONTH_MS, points: POINTS });
}

/** Devices of both kinds in turn, until they have so many values. */
function devicesFor(rows: number): Made[] {
  const made: Made[] = [];
  const left = KINDS.map(() => Math.ceil(rows / KINDS.length));
  for (const [k, kind] of KINDS.entries()) {
    for (let rest = left[k] as number; rest > 0; ) {
      const count = Math.min(rest, Math.floor(kind.spanMs / kind.stepMs));
      made.push({ ...kind, number: made.length + 1, count });
      rest -= count;
    }
  }
  return made;
}

function deviceId(number: number): string {
  return number.toString(16).padStart(64, '0');
}

/** The file with these devices; made anew where there is none of these tables. */
function makeFile(rows: number, devices: readonly Made[], say: (text: string) => void): string {
  const folder = join(homedir(), '.cache', 'oppidum-bench');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `query-${rows}.sqlite`);
  if (existsSync(file) && isOurs(file)) return file;
  const draft = `${file}.new`;
  for (const end of ['', '-wal', '-shm']) rmSync(`${draft}${end}`, { force: true });
  say(`making ${rows.toLocaleString('en')} rows in ${file}, once`);
  openForWriting(draft).close();
  const connection = new DatabaseSync(draft);
  connection.exec('PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -262144');
  fill(connection, devices, say);
  connection.close();
  renameSync(draft, file);
  return file;
}

/** True for a file whose tables are those of this read model: opening it for writing refuses all others. */
function isOurs(file: string): boolean {
  try {
    openForWriting(file).close();
    return true;
  } catch {
    return false;
  }
}

function fill(connection: DatabaseSync, devices: readonly Made[], say: (text: string) => void): void {
  connection.exec(`BEGIN;
    INSERT INTO manufacturers VALUES ('m', 'The works', 'a', 0, NULL);
    INSERT INTO models VALUES ('m', 'm', 'Sensor', 'power-meter', 0, 1, 0, NULL)`);
  const device = connection.prepare(`INSERT INTO devices VALUES (?, 'm', NULL, 'active', 'r', NULL, 'power-meter', 0, 0, NULL)`);
  const sender = connection.prepare('INSERT INTO senders VALUES (?, ?)');
  const series = connection.prepare(`INSERT INTO series VALUES (?, ?, 'power', 'W')`);
  // A wave with noise: what a roll-up has to look at like anything else.
  const samples = connection.prepare(`
    WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?)
    INSERT INTO samples SELECT ?, ? + i * ?, 0, ? + i / ${READINGS_OF_A_PACK}, i % ${READINGS_OF_A_PACK}, 0,
      40.0 + ((i * 7919) % 1000) / 100.0, NULL, NULL FROM n`);
  const readings = connection.prepare(`
    INSERT INTO readings SELECT ?, max(time_ms), 0, entry, randomblob(32), 0, entry + 1, max(time_ms) + 80, count(*), 0, 250
    FROM samples WHERE series = ? GROUP BY entry`);
  const rollups = connection.prepare(`
    INSERT INTO rollups SELECT series, time_ms - time_ms % ${ROLLUP_MS}, count(*), count(number),
      count(CASE WHEN number > 0 THEN 1 END), min(number), max(number), sum(number), max(time_ms), number FROM samples WHERE series = ? GROUP BY 2 ORDER BY 2`);
  let entry = 0;
  for (const { number, count, stepMs } of devices) {
    device.run(deviceId(number));
    sender.run(number, deviceId(number));
    series.run(number, number);
    samples.run(count, number, START_MS, stepMs, entry);
    readings.run(number, number);
    rollups.run(number);
    entry += Math.ceil(count / READINGS_OF_A_PACK);
    if (number % 100 === 0) say(`${number} of ${devices.length} devices`);
  }
  connection.exec('COMMIT');
}
