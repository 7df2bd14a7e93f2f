import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { inTemporaryFolder } from '../../../test/support/running-city.ts';
import { endOrphans } from './comet-orphan.ts';

/** Says that it runs, and does not hear SIGTERM. */
const DEAF = `process.on('SIGTERM', () => undefined); setInterval(() => undefined, 1_000); console.log('here');`;

test(
  'what runs on a home is ended, however its path was written, and nothing else is',
  {
    skip: existsSync('/proc/self/cmdline') ? false : 'without /proc',
  },
  () =>
    inTemporaryFolder(async (folder) => {
      for (const name of ['comet', 'comet-2']) mkdirSync(join(folder, name), { recursive: true });
      symlinkSync('comet', join(folder, 'link'));
      const program = join(folder, 'deaf.mjs');
      writeFileSync(program, DEAF);
      const start = async (home: string) => {
        const child = spawn(process.execPath, [program, 'node', '--home', home, '--proxy_app', 'x'], { cwd: folder });
        await once(child.stdout, 'data');
        return { child, gone: once(child, 'exit') };
      };
      const [orphan, relative, linked, other] = [
        await start(join(folder, 'comet')),
        await start('comet'),
        await start(join(folder, 'link')),
        await start(join(folder, 'comet-2')),
      ];
      endOrphans(join(folder, 'comet'));
      for (const { gone } of [orphan, relative, linked]) assert.deepEqual(await gone, [null, 'SIGKILL']);
      await sleep(50);
      assert.equal(other.child.exitCode, null);
      assert.equal(other.child.signalCode, null);
      other.child.kill('SIGKILL');
      await other.gone;
    }),
);
