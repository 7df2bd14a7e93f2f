import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { cityRegistry } from '@oppidum/contracts/registry';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { parseHex, toHex } from '@oppidum/formats/bytes';
import { CRASH_FOLDER, killAfter } from '../../../test/support/killed-child.ts';
import { envelopeOf, foundTestCity, freshAccount, inTemporaryFolder, runCity } from '../../../test/support/running-city.ts';
import { readClaim, walkTiles } from '../../../test/support/tile-walk.ts';
import { Application } from './application.ts';
import { type DataFolder, openDataFolder } from './data-folder.ts';
import { NodeStore } from './node-store.ts';

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
        // The first line says that the child is ready.
        for (const id of (await killAfter(import.meta.filename, path, 30 + 61 * Math.min(round, 20))).slice(1)) answered.add(id);
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
