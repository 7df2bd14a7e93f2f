import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { foundTestCity, inTemporaryFolder, runCity } from '../../../../test/support/running-city.ts';
import { startShard } from '../../../../test/support/running-shard.ts';

test('the city knows of every backup that was made of it: a file, and a folder', () =>
  inTemporaryFolder(async (top) => {
    mkdirSync(top, { recursive: true });
    const data = join(top, 'city');
    const city = await runCity(await foundTestCity(data));
    await (await startShard(city)).close();
    await city.stop();
    const program = join(import.meta.dirname, '..', 'backup-main.ts');
    const outs = [join(top, 'city.backup'), `${join(top, 'folder')}/`];
    for (const out of outs) {
      const args = ['--disable-warning=ExperimentalWarning', program, 'create', '--data', data, '--out', out];
      const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
      assert.equal(status, 0, stderr);
    }
    const notes = JSON.parse(readFileSync(join(data, 'backups.json'), 'utf8')) as {
      readonly kind: string;
      readonly file: string;
    }[];
    assert.deepEqual(
      notes.map(({ kind, file }) => [kind, file]),
      [
        ['data', join(top, 'city.backup')],
        ['data', join(top, 'folder')],
      ],
    );
  }));
