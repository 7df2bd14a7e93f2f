import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasBegun } from '@oppidum/cli/cluster-folder';
import { runCommand } from '../support/command-line.ts';
import { freePorts } from '../support/ports.ts';
import { skipWithout } from '../support/programs.ts';
import { type StartedCity, startCluster } from '../support/started-city.ts';

/** Runs a command to its end. */
const run = (...words: readonly string[]) => runCommand(words);

describe('oppidum cluster', { skip: skipWithout('cometbft'), timeout: 180_000 }, () => {
  const root = mkdtempSync(join(tmpdir(), 'oppidum-cluster-'));
  const data = join(root, 'cluster');
  const first = join(data, 'validator-1');
  let city: StartedCity;
  let api = '';

  before(async () => {
    const made = await run('cluster', 'init', '--data', data, '--validators', '4', '--p2p-port', String(await freePorts(4)));
    assert.equal(made.code, 0, made.stderr);
    assert.equal(hasBegun(first), false, 'it is founded and was never started');
    const status = await run('cluster', 'status', '--data', data);
    assert.match(status.stdout, /0 of 4 validators are there, 3 must be: TOO FEW/);
    assert.match(status.stderr, /None here runs: .* cluster start --data /);
    city = await startCluster(data);
    ({ api } = city);
  });

  after(async () => {
    await city?.stop();
    rmSync(root, { recursive: true, force: true });
  });

  test('a reading of the simulated city is proven under the policy of four validators, by the same commands', async () => {
    const at = ['--api', api, '--data', first];
    let id = '';
    while (id === '') {
      await sleep(200);
      const listed = JSON.parse((await run('reading', 'list', '--limit', '1', '--json', ...at)).stdout) as {
        items: { id: string }[];
      };
      id = listed.items[0]?.id ?? '';
    }
    const file = join(root, 'reading.evidence');
    const made = await run('evidence', id, '--out', file, ...at);
    assert.equal(made.code, 0, made.stderr);
    const verified = await run('verify', file, '--policy', join(data, 'validator-3', 'city.policy'));
    assert.equal(verified.code, 0, verified.stderr);
    assert.match(verified.stdout, /cosigned by validator-\d, validator-\d, validator-\d\n/);
  });

  test('it says who decides', async () => {
    assert.match((await run('status', '--api', api, '--data', first)).stdout, /engine cometbft/);
    assert.equal(hasBegun(first), true);
  });

  test('a folder that is in use is not made again', async () => {
    const again = await run('cluster', 'init', '--data', data);
    assert.equal(again.code, 1);
    assert.match(again.stderr, /There is a city in .* already\. Start it/);
  });

  test('where there is no cluster none is started', async () => {
    assert.match((await run('cluster', 'start', '--data', root)).stderr, /There is no cluster/);
  });
});
