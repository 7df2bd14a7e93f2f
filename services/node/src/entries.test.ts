import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { toHex } from '@oppidum/formats/bytes';
import { encodeGenesis } from '@oppidum/formats/genesis';
import { foundTestCluster } from '../../../test/support/comet.ts';
import {
  envelopeOf,
  execute,
  foundTestCity,
  freshAccount,
  inTemporaryFolder,
  runCity,
} from '../../../test/support/running-city.ts';
import { openDataFolder } from './data-folder.ts';
import { cometPlaces } from './found-cluster.ts';
import { encodeJoinAnswer } from './join-wire.ts';

const run = (entry: string, ...args: readonly string[]) =>
  spawnSync(process.execPath, [join(import.meta.dirname, entry), ...args], { encoding: 'utf8' });

/** A stopped city with some accounts. */
async function makeCity(path: string): Promise<void> {
  const { client, operator, stop } = await runCity(await foundTestCity(path));
  for (let i = 0; i < 3; i++) await execute(client, envelopeOf(client, operator, [freshAccount().action]));
  await client.checkpointOf(client.head().logSize);
  await stop();
}

describe('entry points', () => {
  test('state diff: the same, ahead, different, foreign', () =>
    inTemporaryFolder(async (path) => {
      await makeCity(path);
      const copy = join(path, '..', 'copy');
      cpSync(path, copy, { recursive: true });
      chmodSync(join(copy, 'keys'), 0o700);
      const same = run('state-diff-main.ts', path, copy);
      assert.deepEqual([same.status, same.stdout], [0, 'The same at block 3 (the folders stand at 3 and 3).\n']);

      const ids: string[] = [];
      for (const folder of [path, copy]) {
        const { client, operator, stop } = await runCity(await openDataFolder({ folder, crypto }));
        const account = freshAccount();
        ids.push(toHex(account.id));
        await execute(client, envelopeOf(client, operator, [account.action]));
        await stop();
        if (folder !== path) continue;
        const ahead = run('state-diff-main.ts', path, copy, '--json');
        assert.equal(ahead.status, 0);
        const { areas, ...rest } = JSON.parse(ahead.stdout);
        assert.deepEqual(rest, { heights: [4, 3], height: 3, difference: null });
        assert.ok(areas.length > 0 && areas.every(({ a, b }: { a: string; b: string }) => a === b));
      }
      const different = run('state-diff-main.ts', path, copy);
      const [lowest] = ids.sort();
      assert.equal(different.status, 1, different.stderr);
      assert.match(different.stdout, new RegExp(`governance / account / ${lowest}\n`));
      assert.match(different.stdout, /: absent\n/);
      assert.match(different.stdout, /governance: [0-9a-f]{64} and [0-9a-f]{64}\n {2}devices: the same, [0-9a-f]{64}\n/);
      const facts = JSON.parse(run('state-diff-main.ts', '--json', copy, path).stdout);
      assert.equal(facts.difference.segments, lowest);

      const foreign = await foundTestCity(join(path, '..', 'foreign'));
      foreign.release();
      const refused = run('state-diff-main.ts', path, foreign.paths.folder);
      assert.equal(refused.status, 1);
      assert.match(refused.stderr, /not the data folder of this city/);
      assert.equal(run('state-diff-main.ts', path).status, 2);
      assert.equal(run('state-diff-main.ts', path, join(path, 'no-such')).status, 1);
    }));

  test('snapshot and restore', () =>
    inTemporaryFolder(async (path) => {
      await makeCity(path);
      const [out, into] = [join(path, '..', 'taken'), join(path, '..', 'restored')];
      const taken = run('snapshot-main.ts', 'snapshot', '--data', path, '--out', out);
      assert.equal(taken.status, 0, taken.stderr);
      const restored = run('snapshot-main.ts', 'restore', '--from', out, '--data', into, '--policy', join(path, 'city.policy'));
      assert.equal(restored.status, 0, restored.stderr);
      assert.match(restored.stdout, /Its validator keys are new/);
      assert.equal(run('state-diff-main.ts', path, into).status, 0);
      assert.notDeepEqual(readFileSync(join(path, 'keys', 'log.seed')), readFileSync(join(into, 'keys', 'log.seed')));
      assert.equal(run('snapshot-main.ts', 'restore', '--data', into).status, 2);
      assert.equal(run('snapshot-main.ts', 'snapshot', '--data', join(path, 'no-such'), '--out', out).status, 1);
    }));

  test('a city is founded by its entry point', () =>
    inTemporaryFolder(async (path) => {
      const founded = run('found-main.ts', '--data', path, '--name', 'entry.oppidum.example');
      assert.equal(founded.status, 0, founded.stderr);
      const folder = await openDataFolder({ folder: path, crypto });
      assert.equal(founded.stdout, `${toHex(folder.genesisHash)}\n`);
      folder.release();
      assert.equal(run('found-main.ts', '--data', path).status, 1);
      assert.equal(run('found-main.ts').status, 2);
    }));

  test('what another node said moves no cursor of whoever reads why it was refused', () =>
    inTemporaryFolder(async (path) => {
      await foundTestCluster([join(path, 'city')]);
      const folder = await openDataFolder({ folder: join(path, 'city'), crypto });
      const evil = '\u001b]0;owned\u0007\u009b2J';
      const cometFile = readFileSync(join(cometPlaces(folder.paths.folder).home, 'config', 'genesis.json'), 'utf8');
      const answer = encodeJoinAnswer({
        genesis: encodeGenesis(folder.genesis),
        cometGenesis: JSON.stringify({ ...JSON.parse(cometFile), chain_id: evil }),
        policy: new Uint8Array(readFileSync(folder.paths.policy)),
        ...{ checkpoint: null, trust: null, validators: null, snapshotHeight: null },
        ...{ nodeId: 'ab'.repeat(20), p2p: 'tcp://127.0.0.1:26656' },
      });
      const door = createServer((_request, response) => response.end(answer)).listen(0, '127.0.0.1');
      await once(door, 'listening');
      const url = `http://127.0.0.1:${(door.address() as AddressInfo).port}`;
      const words = ['join', '--data', join(path, 'reader'), '--policy', folder.paths.policy, '--from', url];
      const child = spawn(process.execPath, [join(import.meta.dirname, 'join-main.ts'), ...words]);
      let said = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        said += text;
      });
      await once(child, 'close');
      assert.match(said, /another chain/);
      assert.match(said, /\\u001b\]0;owned\\u0007\\u009b2J/);
      assert.ok(!/\p{Cc}/u.test(said.replaceAll('\n', '')), said);
      door.close();
      folder.release();
    }));
});
