import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { encodePack } from '@oppidum/device/reading-pack';
import { deviceIdOf } from '@oppidum/formats/ids';
import { signReading } from '@oppidum/formats/reading';
import { freshBytes } from '../../../../test/support/running-city.ts';
import { openForWriting } from './database.ts';
import { ReadingFollower } from './reading-follower.ts';
import type { KeptRow } from './reading-rows.ts';
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

/** All rows after readings were written in batches of this size. */
async function written(size: number): Promise<readonly unknown[]> {
  const folder = mkdtempSync(join(tmpdir(), 'oppidum-follower-'));
  const file = join(folder, 'read-model.sqlite');
  try {
    openForWriting(file).close();
    const follower = new ReadingFollower(file, crypto);
    for (let start = 0; start < rows.length; start += size)
      await follower.write({ shard: 0, end: Math.min(rows.length, start + size), rows: rows.slice(start, start + size) });
    await follower.close();
    const connection = new DatabaseSync(file, { readOnly: true });
    const tables = ['cursors', 'device_activity', 'readings', 'samples', 'rollups'];
    const found = tables.map((table) => connection.prepare(`SELECT * FROM ${table}`).all());
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

test('a batch survives the way between threads', () => {
  const batch = { shard: 7, end: 2 ** 40, rows };
  assert.deepEqual(parseReadingBatch(encodeReadingBatch(batch)), batch);
});
