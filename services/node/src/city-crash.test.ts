import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { cityRegistry } from '@oppidum/contracts/registry';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { parseHex, toHex } from '@oppidum/formats/bytes';
import { envelopeOf, foundTestCity, freshAccount, inTemporaryFolder, runCity } from '../../../test/support/running-city.ts';
import { readClaim, walkTiles } from '../../../test/support/tile-walk.ts';
import { Application } from './application.ts';
import { type DataFolder, openDataFolder } from './data-folder.ts';
import { NodeStore } from './node-store.ts';

const CRASH_FOLDER = process.env['OPPIDUM_TEST_CRASH_FOLDER'];

/** Submits as fast as it can and says the id of everything that was answered. */
async function submitUntilKilled(path: string): Promise<void> {
  const { client, operator } = await runCity(await openDataFolder({ folder: path, crypto }), { gatherMsMax: 3 });
  process.stdout.write('open\n');
  for (;;) {
    const batch = Array.from({ length: 7 }, () => client.submit(envelopeOf(client, operator, [freshAccount().action])));
    for (const answer of await Promise.all(batch)) {
      if ('executed' in answer) process.stdout.write(`${toHex(answer.executed.id)}\n`);
    }
  }
}

/** Runs a child on the folder, kills it after a while and gives the ids it had answered. */
async function killAfter(path: string, delayMs: number): Promise<string[]> {
  const child = spawn(process.execPath, [import.meta.filename], {
    env: { ...process.env, OPPIDUM_TEST_CRASH_FOLDER: path, NODE_TEST_CONTEXT: '' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => {
    if (output === '') setTimeout(() => child.kill('SIGKILL'), delayMs);
    output += String(chunk);
  });
  await new Promise((done) => child.on('close', done));
  // The last line may be cut off.
  return output.split('\n').slice(1, -1);
}

/** Every stored block executed again in an empty store: each must give the app hash it gave before. */
async function replay(folder: DataFolder, from: NodeStore, into: string): Promise<string> {
  const { genesis, genesisHash } = folder;
  const store = NodeStore.open({ folder: into, crypto, genesisHash });
  const application = new Application({ store, rules: { crypto, registry: cityRegistry, genesis: genesisHash }, genesis });
  application.info();
  application.initChain();
  for (let height = 1; height <= (from.head?.height ?? 0); height++) {
    const block = from.block(height);
    assert.ok(block !== null, `block ${height} is stored`);
    const transactions = block.outcomes.map((outcome) => ('executed' in outcome ? outcome.executed.envelope : outcome.envelope));
    application.finalizeBlock({ height, timeMs: block.timeMs, transactions });
    assert.deepEqual(application.commit().leaves, block.leaves, `leaves of block ${height}`);
  }
  const appHash = toHex(application.info().appHash);
  await store.close();
  return appHash;
}

if (CRASH_FOLDER !== undefined) await submitUntilKilled(CRASH_FOLDER);
else {
  test('killed at any point: everything answered is kept, tiles and checkpoint follow, and a replay gives the same app hash', () =>
    inTemporaryFolder(async (path) => {
      (await foundTestCity(path)).release();
      const answered = new Set<string>();
      // A slow machine needs more rounds to get as far.
      for (let round = 0; round < 5 || (answered.size <= 30 && round < 100); round++) {
        for (const id of await killAfter(path, 30 + 61 * Math.min(round, 20))) answered.add(id);
        const folder = await openDataFolder({ folder: path, crypto });
        const store = NodeStore.open({ folder: folder.paths.node, crypto });
        for (const id of answered) assert.ok(store.transaction(parseHex(id)) !== null, `${id} was answered and is gone`);
        const { head } = store;
        await store.close();

        const city = await runCity(folder);
        assert.deepEqual(city.client.head(), head);
        await city.client.checkpointOf(head!.logSize);
        const claim = readClaim(city.logFolder);
        assert.equal(claim!.root.toString('hex'), toHex(head!.appHash));
        assert.deepEqual(walkTiles(city.logFolder, head!.logSize), claim!.root);
        await city.stop();
      }
      assert.ok(answered.size > 30, `only ${answered.size} were answered`);

      const folder = await openDataFolder({ folder: path, crypto });
      const store = NodeStore.open({ folder: folder.paths.node, crypto });
      const again = join(path, '..', 'replayed');
      assert.ok(!existsSync(again));
      assert.equal(await replay(folder, store, again), toHex(store.head!.appHash));
      await store.close();
      folder.release();
    }));
}
