import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diskFull, freeBytesOf } from './disk-full.ts';

test('a disk without room is known by what files, LMDB and SQLite say, also as a cause: DISK_FULL', () => {
  const file = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  const lmdb = Object.assign(new Error('Error'), { code: 28 });
  const commit = Object.assign(new Error('Commit failed (see commitError for details)'), { commitError: Promise.resolve() });
  const sqlite = new Error('database or disk is full');
  for (const error of [file, lmdb, sqlite, new Error('the group failed', { cause: file })])
    assert.equal(diskFull(error, () => 1 << 30)?.code, 'DISK_FULL');
  assert.equal(diskFull(commit, () => 4_096)?.code, 'DISK_FULL');
  assert.equal(
    diskFull(commit, () => 1 << 30),
    null,
  );
  assert.ok(freeBytesOf('.') > 0);
  const circle = new Error('round and round');
  circle.cause = circle;
  for (const error of [new Error('something else'), Object.assign(new Error('no'), { code: 'EIO' }), 'full', circle])
    assert.equal(
      diskFull(error, () => 0),
      null,
    );
});
