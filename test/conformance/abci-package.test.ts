/** The ABCI server as a package for others: what its README says runs as it stands there, and nothing of it needs this repository. */

import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeAbciPackage } from '../../tools/abci-package.ts';
import { AbciClient } from '../support/abci-client.ts';
import { freePorts } from '../support/ports.ts';
import { findProgram, skipWithout } from '../support/programs.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const PACKAGE = join(ROOT, 'services/abci');
const CACHE = join(ROOT, '.cache');
const README = readFileSync(join(PACKAGE, 'README.md'), 'utf8');
const [EXAMPLE = ''] = [...README.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code = '']) => code);

const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
const textOf = (bytes: Uint8Array = new Uint8Array(0)): string => Buffer.from(bytes).toString();

/** A place inside the repository, where its packages are found; git ignores it. */
function placeHere(): string {
  mkdirSync(CACHE, { recursive: true });
  return mkdtempSync(join(CACHE, 'abci-example-'));
}

/** A place that knows nothing of the repository: the package is installed there as others have it. */
function placeElsewhere(): string {
  const folder = mkdtempSync(join(tmpdir(), 'oppidum-abci-'));
  writeAbciPackage(join(folder, 'node_modules/@oppidum/abci'));
  for (const name of ['cosmjs-types', 'undici-types', '@types/node']) {
    mkdirSync(join(folder, 'node_modules/@types'), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name));
  }
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  return folder;
}

/** Runs the program of the README on an address for as long as `use` does. */
async function withExample(address: string, use: () => Promise<void>, folder = placeHere()): Promise<void> {
  writeFileSync(join(folder, 'counter.ts'), EXAMPLE);
  const words = ['--disable-warning=ExperimentalWarning', join(folder, 'counter.ts'), address];
  const child: ChildProcess = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  const gone = once(child, 'exit');
  try {
    await once(child.stdout as NodeJS.ReadableStream, 'data');
    await use();
  } finally {
    child.kill('SIGKILL');
    await gone;
    rmSync(folder, { recursive: true, force: true });
  }
}

describe('the ABCI package', () => {
  test('imports nothing but Node, its one dependency and itself, and exports each of its files by name', () => {
    const { exports, dependencies } = JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8')) as {
      readonly exports: Readonly<Record<string, string>>;
      readonly dependencies: Readonly<Record<string, string>>;
    };
    assert.deepEqual(Object.keys(dependencies), ['cosmjs-types']);
    const files = globSync('src/*.ts', { cwd: PACKAGE, exclude: ['**/*.test.ts'] });
    assert.ok(files.length >= 7);
    for (const file of files) {
      const source = readFileSync(join(PACKAGE, file), 'utf8');
      for (const [, name = ''] of source.matchAll(/\bfrom '([^']+)'/g)) assert.match(name, /^(\.\/|node:|cosmjs-types\/)/, file);
      assert.equal(exports[`./${basename(file, '.ts')}`], `./${file}`, 'exported');
      assert.match(README, new RegExp(`^\\| \`${basename(file, '.ts')}\` \\|`, 'm'), 'described');
    }
    assert.equal(Object.keys(exports).length, files.length);
  });

  test('the example of the README counts', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'oppidum-abci-'));
    const path = join(folder, 'counter.sock');
    await withExample(`unix://${path}`, async () => {
      const client = await AbciClient.open({ path });
      const time = { seconds: 1n, nanos: 0 };
      const block = { time, misbehavior: [], nextValidatorsHash: bytesOf('n'), proposerAddress: bytesOf('p') };
      assert.equal((await client.call({ checkTx: { tx: bytesOf('four'), type: 0 } }))?.checkTx?.code, 1);
      const txs = ['40', 'two', '2'].map(bytesOf);
      const localLastCommit = { round: 0, votes: [] };
      const proposal = await client.call({ prepareProposal: { ...block, txs, height: 1n, maxTxBytes: 2n, localLastCommit } });
      assert.deepEqual(proposal?.prepareProposal?.txs.map(textOf), ['40']);
      const decidedLastCommit = { round: 0, votes: [] };
      const finalized = await client.call({
        finalizeBlock: { ...block, txs, height: 1n, hash: bytesOf('h'), decidedLastCommit },
      });
      assert.deepEqual(
        finalized?.finalizeBlock?.txResults.map(({ code }) => code),
        [0, 1, 0],
      );
      const query = { data: bytesOf(''), path: '', height: 0n, prove: false };
      assert.equal(textOf((await client.call({ query }))?.query?.value), '0', 'not before Commit');
      await client.call({ commit: {} });
      assert.equal(textOf((await client.call({ query }))?.query?.value), '42');
      assert.equal(
        (await client.call({ info: { version: '', blockVersion: 0n, p2pVersion: 0n, abciVersion: '' } }))?.info?.lastBlockHeight,
        1n,
      );
      client.close();
    });
    rmSync(folder, { recursive: true, force: true });
  });

  test('installed elsewhere it is JavaScript, and its declarations judge the program that uses it', async () => {
    const folder = placeElsewhere();
    const judge = (program: string): readonly [number | null, string] => {
      writeFileSync(join(folder, 'counter.ts'), program);
      const strict = ['--ignoreConfig', '--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022', '--types', 'node'];
      const words = [join(ROOT, 'node_modules/typescript/bin/tsc'), ...strict, 'counter.ts'];
      const { status, stdout } = spawnSync(process.execPath, words, { cwd: folder, encoding: 'utf8' });
      return [status, stdout];
    };
    assert.deepEqual(judge(EXAMPLE), [0, '']);
    const [status, complaint] = judge(EXAMPLE.replace('{ retainHeight: 0n }', '{ retainHeight: 0 }'));
    assert.match(complaint, /'number' is not assignable to type '.*bigint/);
    assert.notEqual(status, 0);
    assert.throws(() => writeAbciPackage(folder), /is not empty/);
    const path = join(folder, 'counter.sock');
    const use = async (): Promise<void> => {
      const client = await AbciClient.open({ path });
      assert.equal((await client.call({ checkTx: { tx: bytesOf('4'), type: 0 } }))?.checkTx?.code, 0);
      assert.equal((await client.call({ checkTx: { tx: bytesOf('four'), type: 0 } }))?.checkTx?.code, 1);
      client.close();
    };
    await withExample(`unix://${path}`, use, folder);
  });

  test('and is a chain under CometBFT, as the README says', { skip: skipWithout('cometbft'), timeout: 300_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'oppidum-abci-'));
    const comet = findProgram('cometbft') as string;
    assert.equal(spawnSync(comet, ['init', '--home', folder]).status, 0);
    const first = await freePorts(3);
    const [app, rpc, p2p] = [0, 1, 2].map((more) => `tcp://127.0.0.1:${first + more}`) as [string, string, string];
    await withExample(app, async () => {
      const words = ['node', '--home', folder, '--proxy_app', app, '--rpc.laddr', rpc, '--p2p.laddr', p2p];
      const node = spawn(comet, words, { stdio: 'ignore' });
      const gone = once(node, 'exit');
      const ask = async (path: string): Promise<{ readonly result?: never }> =>
        (await fetch(`${rpc.replace('tcp', 'http')}/${path}`)).json() as Promise<{ readonly result?: never }>;
      try {
        let answer: { readonly result?: { readonly tx_result: { readonly code: number }; readonly height: string } } = {};
        // It takes a while to come up, and longer where the machine is busy.
        for (let left = 600; left > 0 && answer.result === undefined; left--) {
          answer = await ask('broadcast_tx_commit?tx="40"').catch(() => ({}));
          if (answer.result === undefined) await sleep(250);
        }
        assert.equal(answer.result?.tx_result.code, 0);
        assert.ok(Number(answer.result?.height) >= 1);
        const { result } = (await ask('abci_query?path=""')) as { result?: { response: { value: string } } };
        assert.equal(Buffer.from(result?.response.value ?? '', 'base64').toString(), '40');
      } finally {
        node.kill('SIGKILL');
        await gone;
      }
    });
    rmSync(folder, { recursive: true, force: true });
  });
});
