import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readSecretFile } from '@oppidum/crypto/secret-file';
import { readSeedFile, writeSeedFile } from './key-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'oppidum-keys-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const seed = Uint8Array.from({ length: 32 }, (_, i) => i);
const write = (name: string, text: string | Uint8Array): string => {
  const file = join(folder, name);
  writeFileSync(file, text, { mode: 0o600 });
  return file;
};

test('a seed is written for its owner alone and read back', async () => {
  const file = join(folder, 'keys', 'log.seed');
  await writeSeedFile(file, seed);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.equal(statSync(join(folder, 'keys')).mode & 0o777, 0o700);
  assert.deepEqual(readSeedFile(file), seed);
  await assert.rejects(writeSeedFile(file, new Uint8Array(32)), { code: 'KEY_FILE_EXISTS' });
  assert.deepEqual(readSeedFile(file), seed, 'a key is never written over');
});

test('hex and base64 are read, with a newline or without', () => {
  const [hex, base64] = [Buffer.from(seed).toString('hex'), Buffer.from(seed).toString('base64')];
  for (const text of [hex, `${hex}\n`, base64, `${base64}\n`]) assert.deepEqual(readSeedFile(write('good', text)), seed);
  const bad = [seed, '', '00', hex.toUpperCase(), `${hex}00`, `${hex}\n\n`, ` ${hex}`, base64.slice(0, -1), hex.slice(2)];
  for (const text of bad) assert.throws(() => readSeedFile(write('bad', text)), { code: 'KEY_FILE_INVALID' });
});

test('an error never shows the key', () => {
  const secret = 'e'.repeat(63);
  assert.throws(
    () => readSeedFile(write('shy', secret)),
    (error: Error) => !error.message.includes('eeee'),
  );
});

test('a key that others can read is refused', { skip: process.platform === 'win32' ? 'no modes on Windows' : false }, () => {
  const file = write('open', Buffer.from(seed).toString('hex'));
  for (const mode of [0o640, 0o604, 0o660, 0o644, 0o601, 0o610]) {
    chmodSync(file, mode);
    assert.throws(() => readSecretFile(file), { code: 'KEY_FILE_PERMISSIONS' }, mode.toString(8));
  }
  for (const mode of [0o600, 0o400]) {
    chmodSync(file, mode);
    assert.equal(readSecretFile(file).length, 64);
  }
});

test('a missing key is named as that', () => {
  assert.throws(() => readSeedFile(join(folder, 'none')), { code: 'KEY_FILE_MISSING' });
});
