import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { open, type RootDatabase } from 'lmdb';
import { copyEnvironment } from './copy-environment.ts';

const ROWS = 3_000;
const openAt = (path: string): RootDatabase => open({ path, overlappingSync: false, maxDbs: 32, noSubdir: false });
const numbers = (root: RootDatabase) => root.openDB<Buffer, number>({ name: 'numbers', encoding: 'binary' });
const bytes = (root: RootDatabase) => root.openDB<Buffer, Buffer>({ name: 'bytes', encoding: 'binary', keyEncoding: 'binary' });
const value = (i: number): Buffer => Buffer.alloc(i % 50 === 0 ? 20_000 : 300, i);

test('a copy holds every row of one moment, nothing deleted, and may be written to', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'oppidum-copy-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const [from, to] = [join(folder, 'from'), join(folder, 'to')];
  const root = openAt(from);
  const secret = Buffer.from('what somebody had erased '.repeat(8));
  root.transactionSync(() => {
    for (let i = 0; i < ROWS; i++) {
      numbers(root).putSync(i, value(i));
      bytes(root).putSync(Buffer.from(`key ${i}`), value(i + 1));
    }
    root.openDB({ name: 'empty', encoding: 'binary' });
    bytes(root).putSync(Buffer.from('secret'), secret);
  });
  // Many small commits leave free pages of every age, as in a city that runs.
  for (let i = 0; i < ROWS; i += 3) root.transactionSync(() => numbers(root).removeSync(i));
  root.transactionSync(() => bytes(root).removeSync(Buffer.from('secret')));

  const copying = copyEnvironment(from, to);
  root.transactionSync(() => numbers(root).putSync(ROWS, value(1)));
  await copying;
  await root.close();
  assert.equal(existsSync(join(to, 'lock.mdb')), false);
  assert.equal(readFileSync(join(to, 'data.mdb')).includes('what somebody had erased'), false);

  const copy = openAt(to);
  const kept = [...numbers(copy).getRange()].filter(({ key }) => key < ROWS);
  assert.equal(kept.length, ROWS - ROWS / 3);
  for (const { key, value: found } of kept) assert.deepEqual(found, value(key));
  assert.equal([...bytes(copy).getRange()].length, ROWS);
  assert.deepEqual(bytes(copy).get(Buffer.from('key 7')), value(8));
  // Everything out and in again, in one commit and in many: what a compacting copy of LMDB did not survive.
  copy.transactionSync(() => {
    for (const { key } of kept) numbers(copy).removeSync(key);
    for (let i = 0; i < ROWS; i++) bytes(copy).removeSync(Buffer.from(`key ${i}`));
    for (const { key } of kept) numbers(copy).putSync(key, value(key + 2));
  });
  for (let i = 0; i < 50; i++) copy.transactionSync(() => numbers(copy).putSync(i, value(i + 3)));
  assert.deepEqual(numbers(copy).get(49), value(52));
  await copy.close();
});
