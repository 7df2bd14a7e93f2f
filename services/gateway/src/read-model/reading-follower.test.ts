import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { encodePack } from '@oppidum/device/reading-pack';
import { deviceIdOf } from '@oppidum/formats/ids';
import { signReading } from '@oppidum/formats/reading';
import { freshBytes } from '../../../../test/support/running-city.ts';
import { openForWriting, ROLLUP_MS } from './database.ts';
import { ReadingFollower } from './reading-follower.ts';
import { deleteErased, type KeptRow } from './reading-rows.ts';
import { encodeReadingBatch, parseReadingBatch } from './reading-writer.ts';

const signer = ed25519Signer(freshBytes(32));
const device = deviceIdOf(crypto, signer.publicKey);
const rows = Array.from({ length: 200 }, (_, index): KeptRow => {
  const header = { audience: freshBytes(32), device, keyNumber: 0, sequence: index + 1, nonce: freshBytes(16) };
  const records = [1, 2].map((value) => ({
    sensor: 'power',
    unit: 'W',
    value,
    timeMs: 1_790_000_000_000 + 1_000 * (index + value),
  }));
  const envelope = signReading(signer, header, encodePack(device, records));
  return {
    index,
    digest: crypto.sha256(envelope),
    receivedMs: 1_790_000_000_000 + index,
    isPersonal: index % 10 === 0,
    envelope,
  };
});

const TABLES = ['cursors', 'device_activity', 'readings', 'samples', 'rollups'].map((table) => `SELECT * FROM ${table}`);

/** Answers to these questions after readings were written in batches of this size; by default all rows. */
async function written(size: number, questions: readonly string[] = TABLES): Promise<readonly unknown[]> {
  const folder = mkdtempSync(join(tmpdir(), 'oppidum-follower-'));
  const file = join(folder, 'read-model.sqlite');
  try {
    openForWriting(file).close();
    const follower = new ReadingFollower(file, crypto);
    for (let start = 0; start < rows.length; start += size)
      await follower.write({ shard: 0, end: Math.min(rows.length, start + size), rows: rows.slice(start, start + size) });
    await follower.close();
    const connection = new DatabaseSync(file, { readOnly: true });
    const found = questions.map((question) => connection.prepare(question).all());
    connection.close();
    return found;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test('rows are the same whether this thread or the worker wrote them', async () => {
  const [here, beside] = [await written(3), await written(200)];
  assert.deepEqual(here, beside);
  const [cursors, activity, readings, samples, rollups] = here as readonly (readonly Record<string, unknown>[])[];
  assert.deepEqual([cursors?.[0]?.['value'], activity?.[0]?.['reading_count'], readings?.length], [200, 200, 200]);
  assert.equal(samples?.length, 2 * 180, 'none of readings about people');
  assert.equal(
    rollups?.reduce((sum, row) => sum + (row['count'] as number), 0),
    2 * 180,
  );
});

test('rollups that grew batch by batch are what their samples come to', async () => {
  // Of equal times the last entry counts.
  const fresh = `WITH made AS (SELECT series, time_ms - time_ms % ${ROLLUP_MS} AS start_ms, count(*) AS count, count(number) AS numbers,
    count(CASE WHEN number > 0 THEN 1 END) AS positives, min(number) AS minimum, max(number) AS maximum,
    sum(number) AS total, max(time_ms) AS newest_ms FROM samples GROUP BY 1, 2)
    SELECT series, start_ms, count, numbers, positives, minimum, maximum, total, newest_ms AS last_ms, (SELECT number FROM samples
      WHERE series = made.series AND time_ms = newest_ms ORDER BY entry DESC, position DESC LIMIT 1) AS last
    FROM made ORDER BY 1, 2`;
  const [kept, made] = await written(7, ['SELECT * FROM rollups', fresh]);
  assert.deepEqual(kept, made);
});

test('a worker that fails says so, and closing does not wait for it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'oppidum-follower-'));
  const file = join(folder, 'read-model.sqlite');
  openForWriting(file).close();
  const follower = new ReadingFollower(file, crypto);
  const damaged = rows.map((row) => ({ ...row, envelope: new Uint8Array(500) }));
  await assert.rejects(follower.write({ shard: 0, end: rows.length, rows: damaged }, true));
  await follower.close();
  rmSync(folder, { recursive: true, force: true });
});

test('a batch survives the way between threads', () => {
  const batch = { shard: 7, end: 2 ** 40, rows };
  assert.deepEqual(parseReadingBatch(encodeReadingBatch(batch)), batch);
});

test('an erasure compares all that is about people, and leaves turns to everybody else', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'oppidum-erasure-'));
  const { database, close } = openForWriting(join(folder, 'rows.sqlite'));
  try {
    const counts = { key_number: 0, received_ms: 0, record_count: 1, personal: 1, clock_error_ms: null } as const;
    const personal = Array.from({ length: 1_000 }, (_, entry) => ({
      ...{ sender: 1 + (entry % 2), time_ms: entry, shard: 0, entry, id: Uint8Array.of(entry >> 8, entry & 255) },
      ...{ sequence: entry, ...counts },
    }));
    for (let first = 0; first < 1_000; first += 100)
      await database
        .insertInto('readings')
        .values(personal.slice(first, first + 100))
        .execute();
    const activity = [1, 2].map((sender) => ({ sender, last_reading_ms: 999, reading_count: 500 }));
    await database.insertInto('device_activity').values(activity).execute();
    let [asked, most, isOver] = [0, 0, false];
    const client = {
      reading: async (id: Uint8Array) => {
        asked++;
        return { envelope: id.at(-1)! % 2 === 0 ? null : id } as never;
      },
    };
    const watching = (async () => {
      while (!isOver) {
        await nextTurn();
        [most, asked] = [Math.max(most, asked), 0];
      }
    })();
    await deleteErased(database, [{ number: 0, client }]);
    isOver = true;
    await watching;
    const left = await database.selectFrom('readings').select('sender').execute();
    const active = await database.selectFrom('device_activity').select('sender').execute();
    assert.deepEqual([left.length, new Set(left.map(({ sender }) => sender))], [500, new Set([2])]);
    assert.deepEqual(
      active.map(({ sender }) => sender),
      [2],
    );
    assert.ok(most <= 256, `${most} in one turn`);
  } finally {
    close();
    rmSync(folder, { recursive: true, force: true });
  }
});
