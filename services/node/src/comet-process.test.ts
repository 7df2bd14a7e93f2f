import assert from 'node:assert/strict';
import { chmodSync, cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AbciApplication } from '@oppidum/abci/connection';
import { recordCalls } from '@oppidum/abci/recording';
import { cityRegistry } from '@oppidum/contracts/registry';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { toHex } from '@oppidum/formats/bytes';
import { foundTestCluster } from '../../../test/support/comet.ts';
import { skipWithout } from '../../../test/support/programs.ts';
import {
  envelopeOf,
  execute,
  foundTestCity,
  freshAccount,
  inTemporaryFolder,
  operatorOf,
  runCity,
} from '../../../test/support/running-city.ts';
import { endOrphans } from './comet-orphan.ts';
import { folderEngine } from './comet-process.ts';
import { type DataFolder, identifyDataFolder, openDataFolder } from './data-folder.ts';
import { cometPlaces } from './found-cluster.ts';
import { type OpenCity, openCity } from './open-city.ts';

const onLine = (): void => undefined;

const CLIENT = join(import.meta.dirname, '../../../test/support/abci-client.ts');
/** Begins a block, goes from its application, and stays deaf. Each life writes a letter. */
const HANGING = `#!NODE
import { appendFileSync } from 'node:fs';
import { AbciClient } from 'CLIENT';
if (process.argv[2] === 'version') console.log('0.38.26');
else {
  process.on('SIGTERM', () => undefined);
  appendFileSync('LIVES', 'x');
  const path = process.argv[process.argv.indexOf('--proxy_app') + 1].replace('unix://', '');
  const open = () => AbciClient.open({ path }).catch(() => new Promise((resolve) => setTimeout(resolve, 50)).then(open));
  const comet = await open();
  await comet.call({ info: { version: '', blockVersion: 0n, p2pVersion: 0n, abciVersion: '' } });
  const time = { seconds: BigInt(Math.floor(Date.now() / 1_000)), nanos: 0 };
  const commit = { round: 0, votes: [] };
  const block = { txs: [], decidedLastCommit: commit, misbehavior: [], hash: new Uint8Array(32), height: 1n, time };
  await comet.call({ finalizeBlock: { ...block, nextValidatorsHash: new Uint8Array(32), proposerAddress: new Uint8Array(20) } });
  comet.close();
  setInterval(() => undefined, 1_000);
}
`;

describe('the engine of a data folder', () => {
  test('without a home of CometBFT it is the embedded one, whatever is installed', () =>
    inTemporaryFolder(async (path) => {
      const folder = await foundTestCity(path);
      assert.equal(folderEngine({ folder, crypto, onLine, searched: [] }), undefined);
      folder.release();
    }));

  test('with one and without CometBFT, or with another version of it, the node does not start', () =>
    inTemporaryFolder(async (path) => {
      await foundTestCluster([path]);
      const folder = await openDataFolder({ folder: path, crypto });
      assert.throws(() => folderEngine({ folder, crypto, onLine, searched: [path] }), { code: 'ENGINE_MISSING' });
      const other = join(path, 'cometbft');
      writeFileSync(other, '#!/bin/sh\necho 1.0.1\n');
      chmodSync(other, 0o755);
      assert.throws(() => folderEngine({ folder, crypto, onLine, searched: [path] }), { code: 'ENGINE_MISSING' });
      writeFileSync(other, '#!/bin/sh\necho 0.38.26\n');
      assert.equal(typeof folderEngine({ folder, crypto, onLine, searched: [path] }), 'function');
      folder.release();
    }));

  test('with the home of another city’s CometBFT the node says which chain that is: CHAIN_FOREIGN', () =>
    inTemporaryFolder(async (path) => {
      const [one, other] = [join(path, 'one'), join(path, 'other')];
      for (const each of [one, other]) await foundTestCluster([each]);
      cpSync(cometPlaces(other).home, cometPlaces(one).home, { recursive: true });
      const folder = await openDataFolder({ folder: one, crypto });
      assert.throws(() => folderEngine({ folder, crypto, onLine }), {
        code: 'CHAIN_FOREIGN',
        details: {
          file: join(cometPlaces(one).home, 'config', 'genesis.json'),
          want: toHex(folder.genesisHash).slice(0, 40),
          got: toHex(identifyDataFolder({ folder: other, crypto }).genesisHash).slice(0, 40),
        },
      });
      folder.release();
    }));

  test('what CometBFT makes is its owner’s alone, and no stranger keeps the others from it', () =>
    inTemporaryFolder(async (path) => {
      await foundTestCluster([path, join(path, 'second'), join(path, 'third')]);
      const folder = await openDataFolder({ folder: path, crypto });
      const config = readFileSync(join(cometPlaces(path).home, 'config', 'config.toml'), 'utf8');
      const [, ...peers] = /^persistent_peers = "([0-9a-f]{40})@[^,]+,([0-9a-f]{40})@/m.exec(config) ?? [];
      assert.equal(peers.length, 2);
      assert.match(config, new RegExp(`^unconditional_peer_ids = "${peers.join(',')}"$`, 'm'));
      const program = join(path, 'cometbft');
      writeFileSync(program, '#!/bin/sh\nif [ "$1" = version ]; then echo 0.38.26; else umask; exec sleep 60; fi\n');
      chmodSync(program, 0o755);
      await (await openCity({ folder, crypto, registry: cityRegistry })).close();
      const lines: string[] = [];
      const startEngine = folderEngine({ folder, crypto, onLine: ({ text }) => lines.push(text), searched: [path] });
      assert.ok(startEngine !== undefined);
      const before = process.umask(0o002);
      try {
        const city = await openCity({ folder, crypto, registry: cityRegistry, startEngine });
        while (lines.length === 0) await sleep(10);
        await city.close();
        assert.equal(process.umask(), 0o002);
      } finally {
        process.umask(before);
      }
      assert.equal(Number.parseInt(lines[0] ?? '', 8), 0o077);
      folder.release();
    }));

  test(
    'one that is killed between FinalizeBlock and Commit comes again, and the node goes on without a start of its own',
    {
      skip: skipWithout('cometbft'),
      timeout: 240_000,
    },
    () =>
      inTemporaryFolder(async (path) => {
        await foundTestCluster([path]);
        const folder = await openDataFolder({ folder: path, crypto });
        const failures: Error[] = [];
        let killedAt: bigint | null = null;
        const wrap = (application: AbciApplication): AbciApplication => ({
          ...recordCalls(application, () => undefined),
          finalizeBlock: async (request) => {
            const answer = await application.finalizeBlock(request);
            if (killedAt !== null || request.txs.length === 0) return answer;
            killedAt = request.height;
            endOrphans(cometPlaces(path).home);
            return new Promise(() => undefined);
          },
        });
        const startEngine = folderEngine({ folder, crypto, onLine, wrap });
        assert.ok(startEngine !== undefined);
        const city = await runCity(folder, { startEngine, onFailure: (error) => failures.push(error) });
        const executed = await execute(city.client, envelopeOf(city.client, city.operator, [freshAccount().action]));
        assert.equal(executed.code, 'OK');
        assert.equal(BigInt(executed.height), killedAt, 'the very block that was lost');
        assert.deepEqual([failures, city.client.isAlive()], [[], true]);
        await city.stop();
      }),
  );

  test('one whose connection has closed and that hangs is ended, and another is started', { timeout: 120_000 }, () =>
    inTemporaryFolder(async (path) => {
      await foundTestCluster([path]);
      const folder = await openDataFolder({ folder: path, crypto });
      await (await openCity({ folder, crypto, registry: cityRegistry })).close();
      const [program, lives] = [join(path, 'cometbft'), join(path, 'lives')];
      writeFileSync(program, HANGING.replace('NODE', process.execPath).replace('CLIENT', CLIENT).replace('LIVES', lives));
      chmodSync(program, 0o755);
      const lines: string[] = [];
      const startEngine = folderEngine({ folder, crypto, onLine: ({ text }) => lines.push(text), searched: [path] });
      assert.ok(startEngine !== undefined);
      const city = await openCity({ folder, crypto, registry: cityRegistry, startEngine });
      while (!existsSync(lives) || readFileSync(lives, 'utf8').length < 2) await sleep(50);
      assert.ok(
        lines.some((line) => line.startsWith('ended by SIGKILL')),
        lines.join('\n'),
      );
      assert.equal(city.client.isAlive(), true);
      await city.close();
      folder.release();
    }),
  );

  test(
    'who is named in its settings while it runs becomes its peer without a new start',
    { skip: skipWithout('cometbft'), timeout: 240_000 },
    () =>
      inTemporaryFolder(async (path) => {
        const folders = ['1', '2', '3'].map((name) => join(path, name));
        await foundTestCluster(folders);
        const configs = folders.map((each) => join(cometPlaces(each).home, 'config', 'config.toml'));
        const [whole = ''] = configs.map((file) => readFileSync(file, 'utf8'));
        for (const file of configs)
          writeFileSync(file, readFileSync(file, 'utf8').replace(/^persistent_peers = .*$/m, 'persistent_peers = ""'));
        const held = await Promise.all(folders.map((folder) => openDataFolder({ folder, crypto })));
        const cities = await Promise.all(
          held.map((folder) => {
            const startEngine = folderEngine({ folder, crypto, onLine });
            assert.ok(startEngine !== undefined);
            return openCity({ folder, crypto, registry: cityRegistry, startEngine });
          }),
        );
        const { client } = cities[0] as OpenCity;
        const executing = execute(client, envelopeOf(client, operatorOf(held[0] as DataFolder), [freshAccount().action]));
        writeFileSync(configs[0] as string, whole);
        assert.equal((await executing).code, 'OK');
        for (const city of cities) await city.close();
        for (const folder of held) folder.release();
      }),
  );
});
