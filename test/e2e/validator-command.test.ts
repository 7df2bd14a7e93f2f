import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { encodeCheckpoint, signCheckpoint } from '@oppidum/formats/checkpoint';
import { addSignatures, cosignCheckpoint } from '@oppidum/formats/cosignature';
import type { Signer } from '@oppidum/formats/crypto';
import { encodeForkFile } from '@oppidum/formats/fork-proof';
import { cityOrigin } from '@oppidum/formats/ids';
import { identifyDataFolder } from '@oppidum/node/data-folder';
import { readSeedFile } from '@oppidum/node/key-files';
import { runCommand } from '../support/command-line.ts';
import { namedId } from '../support/ledger.ts';
import { MemoryLog } from '../support/memory-log.ts';
import { freePorts } from '../support/ports.ts';
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

  test('who signed two histories is on the ledger for each key that stands under both, loses its place, and a second report says so', async () => {
    const { genesis, genesisHash, paths } = identifyDataFolder({ folder: join(data, 'validator-3'), crypto });
    const origin = cityOrigin(genesis.name, genesisHash);
    const [log, cosigner] = (['log', 'cosigner'] as const).map((use) => ed25519Signer(readSeedFile(paths.key(use)))) as [
      Signer,
      Signer,
    ];
    const entries = (label: string, count: number) => Array.from({ length: count }, (_, i) => namedId(`${label} ${i}`));
    const ours = new MemoryLog(entries('entry', 9));
    const other = new MemoryLog([...ours.entries.slice(0, 3), ...entries('other', 6)]);
    const noteOf = (history: MemoryLog, size: number) => {
      const checkpoint = { origin, size, root: history.root(size) };
      const line = cosignCheckpoint(crypto, cosigner, 'validator-3', encodeCheckpoint(checkpoint), 1_000);
      return addSignatures(signCheckpoint(crypto, log, checkpoint), [line]);
    };
    const fork = {
      earlier: noteOf(ours, 6),
      later: noteOf(other, 9),
      root: other.root(6),
      consistency: other.consistency(6, 9),
    };
    const file = join(root, 'two.fork');
    const cosignerKey = { name: 'validator-3', algorithm: 'cosignature' as const, publicKey: cosigner.publicKey };
    const logKey = { name: origin, algorithm: 'log' as const, publicKey: log.publicKey };
    writeFileSync(
      file,
      encodeForkFile(crypto, [
        { key: cosignerKey, ...fork },
        { key: logKey, ...fork },
      ]),
    );
    assert.equal((await run('report-fork', file)).code, 2, 'nobody said yes');
    const reported = await run('report-fork', file, '--yes');
    assert.equal(reported.code, 0, reported.stderr);
    while ((await list()).validators.length > 3) await sleep(500);
    const { validators, misbehaviour } = await list();
    assert.deepEqual(
      validators.map(({ name }) => name),
      ['validator-1', 'validator-2', 'validator-4'],
    );
    assert.equal(misbehaviour.length, 2, 'each of its keys');
    const again = await run('report-fork', file, '--yes');
    assert.equal(again.code, 1);
    assert.match(again.stderr, /Misbehaviour of this key is on the ledger already/);
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
