import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePorts } from '../support/comet.ts';
import { runCommand } from '../support/command-line.ts';
import { skipWithout } from '../support/programs.ts';
import { type StartedCity, startCluster } from '../support/started-city.ts';

type Listed = {
  readonly from: number;
  readonly validators: readonly { readonly name: string; readonly logKey: string; readonly consensusKey: string }[];
  readonly misbehaviour: readonly object[];
};

describe('oppidum validator', { skip: skipWithout('cometbft'), timeout: 400_000 }, () => {
  const root = mkdtempSync(join(tmpdir(), 'oppidum-validator-'));
  const data = join(root, 'cluster');
  const [first, second] = [1, 2].map((n) => join(data, `validator-${n}`)) as [string, string];
  const keys = join(root, 'validator-2.json');
  let city: StartedCity;
  let at: readonly string[] = [];

  const run = (...words: readonly string[]) => runCommand(['validator', ...words, ...at]);
  const list = async (): Promise<Listed> => JSON.parse((await run('list', '--json')).stdout) as Listed;

  before(async () => {
    const made = await runCommand(['cluster', 'init', '--data', data, '--p2p-port', String(await freePorts(4))]);
    assert.equal(made.code, 0, made.stderr);
    city = await startCluster(data, ['--no-demo']);
    at = ['--api', city.api, '--data', first];
  });

  after(async () => {
    await city?.stop();
    rmSync(root, { recursive: true, force: true });
  });

  test('list shows who votes, proven, and how many may fail', async () => {
    const { validators, from, misbehaviour } = await list();
    assert.deepEqual(
      validators.map(({ name }) => name),
      ['validator-1', 'validator-2', 'validator-3', 'validator-4'],
    );
    assert.deepEqual([from, misbehaviour], [0, []]);
    assert.match((await run('list')).stderr, /In force since block 0\. 3 of 4 must cosign: one may fail\./);
  });

  test('what would be proposed is said in words first, with what it means for faults', async () => {
    const said = await run('propose-remove', 'validator-4', '--dry-run');
    assert.equal(said.code, 0, said.stderr);
    assert.match(said.stdout, /validator-4 no longer votes and cosigns.*\(3 of 3 must cosign: no fault is tolerated\)/);
    const unknown = await run('propose-remove', 'validator-9', '--dry-run');
    assert.equal(unknown.code, 2);
    assert.match(unknown.stderr, /Name one of validator-1, validator-2/);
  });

  test('next keys are made on their machine, proposed from a file, and signed with once they are in force', async () => {
    const nameless = await runCommand(['validator', 'keys', '--data', second, '--out', keys]);
    assert.equal(nameless.code, 2);
    const present = await runCommand(['validator', 'keys', '--data', second, '--name', 'validator-2', '--out', keys]);
    assert.equal(present.code, 0, present.stderr);
    const same = await run('propose-rotate', keys, '--yes');
    assert.equal(same.code, 1);
    assert.match(same.stderr, /These are the keys that validator-2 has/);
    const again = await runCommand(['validator', 'keys', '--new', '--data', second, '--name', 'validator-2', '--out', keys]);
    assert.equal(again.code, 2, 'no file is replaced');

    rmSync(keys);
    const made = await runCommand(['validator', 'keys', '--new', '--data', second, '--name', 'validator-2', '--out', keys]);
    assert.equal(made.code, 0, made.stderr);
    const next = JSON.parse(readFileSync(keys, 'utf8')) as { logKey: string; consensusKey: string };
    const proposed = await run('propose-rotate', keys, '--yes');
    assert.equal(proposed.code, 0, proposed.stderr);
    assert.match(proposed.stdout, /policy\/decided/);
    const rotated = async (): Promise<boolean> => (await list()).validators[1]?.consensusKey === next.consensusKey;
    while (!(await rotated())) await sleep(500);
    assert.equal((await list()).validators[1]?.logKey, next.logKey);
  });

  test('the retired ones are destroyed by a command that says what it does, and no others', async () => {
    const words = ['destroy-keys', '--data', second, ...at.slice(0, 2), '--policy', join(first, 'city.policy')];
    const asked = await runCommand(['validator', ...words]);
    assert.equal(asked.code, 2, 'nobody said yes');
    const done = await runCommand(['validator', ...words, '--yes', '--json']);
    assert.equal(done.code, 0, done.stderr);
    const { destroyed } = JSON.parse(done.stdout) as { destroyed: readonly { use: string }[] };
    assert.deepEqual(destroyed.map(({ use }) => use).slice(0, 2), ['log', 'cosigner']);
    const none = await runCommand(['validator', ...words, '--yes', '--json']);
    assert.deepEqual(JSON.parse(none.stdout), { destroyed: [] });
  });

  test('files that are not what is asked for say why', async () => {
    const wrong = join(root, 'wrong.json');
    const tried = async (text: string, ...words: readonly string[]) => {
      writeFileSync(wrong, text);
      return (await run(...words, wrong, '--yes')).stderr;
    };
    assert.match(await tried('nonsense', 'propose-add'), /is no JSON/);
    const other = readFileSync(keys, 'utf8').replace(/"city": "[0-9a-f]+"/, `"city": "${'0'.repeat(64)}"`);
    assert.match(await tried(other, 'propose-add'), /another city|WRONG_CITY/);
    assert.match(await tried(readFileSync(keys, 'utf8'), 'propose-add'), /has somebody of the name validator-2 already/);
    assert.match(await tried('{"format":"oppidum-fork","version":1,"forks":[]}', 'report-fork'), /forks/);
  });
});
