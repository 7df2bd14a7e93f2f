import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { type Database, openForReading, openForWriting } from './database.ts';
import { type Bucket, downsample, type SpanQuery } from './downsampling.ts';
import type { SampleRow } from './reading-rows.ts';
import { rollUp } from './rollups.ts';
import { RowInserter } from './row-inserter.ts';

const START_MS = 1_700_000_123_456;
const COUNT = 30_000;
const STEP_MS = 97_003;

/** Numbers in sixteenths, so that sums are exact in any order; every ninth sample is a text, every 1,000 steps a day is missing. */
const samples = Array.from({ length: COUNT }, (_, i): SampleRow => {
  const number = i % 9 === 8 ? null : ((i * 7_919) % 1_001) / 16;
  const timeMs = START_MS + i * STEP_MS + Math.floor(i / 1_000) * 86_400_000;
  return {
    series: 1,
    timeMs,
    entry: i,
    position: 0,
    kind: number === null ? 2 : 0,
    number,
    text: number === null ? 'x' : null,
    sum: null,
  };
});
const END_MS = samples.at(-1)!.timeMs + 1;

/** The same buckets, sample by sample. */
function bruteForce({ fromMs, toMs }: SpanQuery, bucketMs: number): Bucket[] {
  const buckets = new Map<number, Bucket>();
  for (const { timeMs, number } of samples) {
    if (timeMs < fromMs || timeMs >= toMs) continue;
    const startMs = timeMs - (timeMs % bucketMs);
    const none = {
      startMs,
      count: 0,
      numbers: 0,
      positives: 0,
      minimum: null,
      maximum: null,
      total: null,
      lastMs: null,
      last: null,
    };
    const known: Bucket = buckets.get(startMs) ?? none;
    const counted = { ...known, count: known.count + 1 };
    buckets.set(
      startMs,
      number === null
        ? counted
        : {
            ...{
              ...counted,
              numbers: known.numbers + 1,
              positives: known.positives + (number > 0 ? 1 : 0),
              lastMs: timeMs,
              last: number,
            },
            ...{ minimum: Math.min(known.minimum ?? number, number), maximum: Math.max(known.maximum ?? number, number) },
            total: (known.total ?? 0) + number,
          },
    );
  }
  return [...buckets.values()];
}

describe('a span in buckets', () => {
  const folder = mkdtempSync(join(tmpdir(), 'oppidum-downsampling-'));
  const file = join(folder, 'read-model.sqlite');
  let database: Database;
  let close: () => void;

  before(() => {
    openForWriting(file).close();
    const connection = new DatabaseSync(file);
    connection.exec('BEGIN');
    const rows = new RowInserter(connection, 'INSERT INTO samples', 9);
    for (const { series, timeMs, entry, position, kind, number, text, sum } of samples)
      rows.add(series, timeMs, 0, entry, position, kind, number, text, sum);
    rows.flush();
    const rollups = new RowInserter(connection, 'INSERT INTO rollups', 10);
    for (const { series, startMs, count, numbers, positives, minimum, maximum, total, lastMs, last } of rollUp(samples))
      rollups.add(series, startMs, count, numbers, positives, minimum, maximum, total, lastMs, last);
    rollups.flush();
    connection.exec('COMMIT');
    connection.close();
    const opened = openForReading(file);
    database = opened.database;
    close = opened.close;
  });
  after(() => {
    close();
    rmSync(folder, { recursive: true });
  });

  test('is what its samples come to, from rollups as from samples, in at most so many points', async () => {
    const seen = new Set<string>();
    const span = fc.record({
      fromMs: fc.integer({ min: START_MS - 10_000_000, max: END_MS }),
      lengthMs: fc.integer({ min: 1, max: END_MS - START_MS }),
      points: fc.integer({ min: 1, max: 600 }),
    });
    await fc.assert(
      fc.asyncProperty(span, async ({ fromMs, lengthMs, points }) => {
        const query = { series: 1, fromMs, toMs: fromMs + lengthMs, points };
        const { bucketMs, buckets, from } = await downsample(database, query);
        seen.add(from);
        assert.ok(buckets.length <= points);
        assert.deepEqual(
          buckets.map((bucket) => ({ ...bucket })),
          bruteForce(query, bucketMs),
        );
      }),
      { numRuns: 60 },
    );
    assert.deepEqual(seen, new Set(['samples', 'rollups']));
  });

  test('of a series that nobody knows is empty', async () => {
    const { buckets } = await downsample(database, { series: 2, fromMs: 0, toMs: END_MS, points: 10 });
    assert.deepEqual(buckets, []);
  });
});
