import assert from 'node:assert/strict';
import { chmodSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { FormatError } from '@oppidum/formats/errors';
import { inFolder } from '../../../test/support/folder.ts';
import { readOrMakeSeed, readSeed } from './key-file.ts';

const codeOf = (run: () => unknown): string => {
  try {
    run();
    return 'nothing was thrown';
  } catch (error) {
    return error instanceof FormatError ? error.code : String(error);
  }
};

test('a seed is made once, for its owner alone', () =>
  inFolder({}, async (folder) => {
    const path = join(folder, 'keys', 'lamp.seed');
    const seed = await readOrMakeSeed(path);
    assert.deepEqual(await readOrMakeSeed(path), seed);
    assert.deepEqual(readSeed(path), seed);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(statSync(join(folder, 'keys')).mode & 0o777, 0o700);
  }));

test('whoever makes a key file at the same time gets the same seed', () =>
  inFolder({}, async (folder) => {
    const path = join(folder, 'lamp.seed');
    const seeds = await Promise.all(Array.from({ length: 20 }, () => readOrMakeSeed(path)));
    const kept = readSeed(path);
    for (const seed of seeds) assert.deepEqual(seed, kept);
    assert.deepEqual(readdirSync(folder), ['lamp.seed']);
  }));

test('key files that are missing, open to others, or hold no seed', () =>
  inFolder({ 'short.seed': 'ab\n', 'upper.seed': 'AB'.repeat(32), 'open.seed': `${'ab'.repeat(32)}\n` }, async (folder) => {
    for (const name of ['short.seed', 'upper.seed']) chmodSync(join(folder, name), 0o600);
    chmodSync(join(folder, 'open.seed'), 0o640);
    assert.deepEqual(
      ['none.seed', 'open.seed', 'short.seed', 'upper.seed'].map((name) => codeOf(() => readSeed(join(folder, name)))),
      ['KEY_FILE_MISSING', 'KEY_FILE_PERMISSIONS', 'KEY_FILE_INVALID', 'KEY_FILE_INVALID'],
    );
  }));
