import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { inTemporaryFolder } from '../../../test/support/running-city.ts';
import { CliFailure, EXIT } from './failure.ts';
import { writeNew } from './new-file.ts';

test('a new file is written; a file or a link in its place is refused and neither replaced nor followed', () =>
  inTemporaryFolder(async (folder) => {
    mkdirSync(folder);
    const [fresh, taken, link, named] = ['fresh', 'taken', 'link', 'named'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
      string,
    ];
    writeFileSync(taken, 'old');
    symlinkSync(named, link);
    writeNew(fresh, Uint8Array.of(97));
    assert.equal(readFileSync(fresh, 'utf8'), 'a');
    for (const file of [taken, link])
      assert.throws(
        () => writeNew(file, Uint8Array.of(97)),
        (error) => error instanceof CliFailure && error.exitCode === EXIT.usage && /is there already/.test(error.message),
      );
    assert.deepEqual([readFileSync(taken, 'utf8'), existsSync(named)], ['old', false]);
  }));
