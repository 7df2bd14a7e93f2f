/** A data folder that was cut off: the start ends, and does not say that all is well. */

import assert from 'node:assert/strict';
import { truncateSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runCommand } from '../support/command-line.ts';
import { inTemporaryFolder } from '../support/running-city.ts';
import { startCity } from '../support/started-city.ts';

// Elsewhere a file that ends before what is mapped of it shows otherwise.
test('a database that was cut off is named as damage, not as a run that goes on', { skip: process.platform !== 'linux' }, () =>
  inTemporaryFolder(async (folder) => {
    const data = join(folder, 'city');
    const city = await startCity(data, ['--no-demo']);
    assert.equal((await city.stop()).code, 0);
    truncateSync(join(data, 'node', 'data.mdb'), 40_960);
    const { code, stderr } = await runCommand([
      'start',
      '--data',
      data,
      '--no-demo',
      '--port',
      '0',
      '--mqtt-port',
      '0',
      '--json',
    ]);
    assert.equal(code, 1);
    assert.match(stderr, /cut off/);
    assert.equal(stderr.includes('nothing that was acknowledged is lost'), false);
  }),
);
