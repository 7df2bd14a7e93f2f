import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { ClusterStatus } from '@oppidum/node/cluster-status-main';
import { until } from '../support/city-process.ts';
import { type CommandResult, runCommand } from '../support/command-line.ts';
import { freePorts } from '../support/ports.ts';
import { skipWithout } from '../support/programs.ts';
import { makeCluster, type StartedCity, startCluster } from '../support/started-city.ts';

describe('oppidum cluster grow', { skip: skipWithout('cometbft'), timeout: 900_000 }, () => {
  const root = mkdtempSync(join(tmpdir(), 'oppidum-grow-'));
  const data = join(root, 'cluster');
  const pinned = join(root, 'pinned.policy');
  let city: StartedCity;
  let api = '';

  const run = (...words: readonly string[]): Promise<CommandResult> => runCommand([...words, '--api', api, '--data', data]);
  const grow = async (...words: readonly string[]): Promise<CommandResult> =>
    run('cluster', 'grow', '--p2p-port', String(await freePorts(1)), ...words);
  const status = async (): Promise<ClusterStatus> =>
    JSON.parse((await run('cluster', 'status', '--json')).stdout) as ClusterStatus;
  const list = async () =>
    JSON.parse((await run('validator', 'list', '--json')).stdout) as {
      readonly validators: readonly { readonly name: string }[];
    };

  before(async () => {
    await makeCluster(data);
    cpSync(join(data, 'validator-1', 'city.policy'), pinned);
    city = await startCluster(data, ['--no-demo']);
    ({ api } = city);
  });

  after(async () => {
    await city?.stop();
    rmSync(root, { recursive: true, force: true });
  });

  test('it says first what it will do, and does nothing unasked', async () => {
    const dry = await grow('--dry-run');
    assert.equal(dry.code, 0, dry.stderr);
    assert.match(
      dry.stdout,
      /^Make validator-5 in .*propose.*validator-5 votes and cosigns; then 4 of 5 must cosign: one may fail\.$/m,
    );
    // The city of the folder says where it is asked.
    const unaddressed = await runCommand(['cluster', 'grow', '--data', data, '--dry-run']);
    assert.equal(unaddressed.code, 0, unaddressed.stderr);
    assert.equal(unaddressed.stdout, dry.stdout);
    const asked = await grow();
    assert.equal(asked.code, 2);
    assert.match(asked.stderr, /needs a confirmation/);
    const fewer = await grow('--validators', '4', '--yes');
    assert.equal(fewer.code, 2);
    assert.match(fewer.stderr, /There are 4 validators already/);
    const one = await runCommand(['cluster', 'grow', '--api', api, '--data', join(data, 'validator-2'), '--yes']);
    assert.equal(one.code, 1);
    assert.match(one.stderr, /one validator of a cluster and not a cluster’s folder/);
    assert.ok(!existsSync(join(data, 'validator-5')));
  });

  test('a fifth is made, run by the cluster that runs, and votes', async () => {
    const grown = await grow('--yes');
    assert.equal(grown.code, 0, grown.stderr);
    assert.match(grown.stdout, /^validator-5 votes and cosigns from now on: 4 of 5 must cosign: one may fail\.$/m);
    assert.deepEqual(
      (await list()).validators.map(({ name }) => name),
      [1, 2, 3, 4, 5].map((n) => `validator-${n}`),
    );
    assert.ok((await status()).validators.every(({ isValidator, isHeard }) => isValidator && isHeard));
  });

  test('what a call began and did not end, the next one goes on with; the newcomer has the proof of changes before it', async () => {
    const cut = await grow('--yes', '--wait', '1');
    assert.ok(cut.code === 5 || cut.code === 0, cut.stderr);
    if (cut.code === 5) {
      assert.match(cut.stderr, /validator-6 .* after 1 s\. See .*cluster status.* goes on/);
      const again = await grow('--yes');
      assert.equal(again.code, 0, again.stderr);
      assert.match(again.stderr, /^Go on with what was begun in /m);
    }
    assert.equal((await list()).validators.at(-1)?.name, 'validator-6');
    assert.ok(!existsSync(join(data, 'validator-7')));
    const proofs = (n: number): readonly string[] => readdirSync(join(data, `validator-${n}`, 'policies')).sort();
    await until('it has both changes', () => proofs(6).length === 2);
    assert.deepEqual(proofs(6), proofs(1));
    const followed = await runCommand(['policy', 'follow', '--policy', pinned, '--api', api]);
    assert.equal(followed.code, 0, followed.stderr);
  });
});
