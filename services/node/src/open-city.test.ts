import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { toHex } from '@oppidum/formats/bytes';
import { encodeEvidence } from '@oppidum/formats/evidence';
import { parsePolicy } from '@oppidum/formats/policy';
import { accountKind } from '@oppidum/formats/state-governance';
import { at } from '@oppidum/formats/state-layout';
import { verifyEvidence } from '@oppidum/proofs/verify-evidence';
import {
  envelopeOf,
  execute,
  foundTestCity,
  freshAccount,
  inTemporaryFolder,
  type RunningCity,
  runCity,
} from '../../../test/support/running-city.ts';
import { walkTiles } from '../../../test/support/tile-walk.ts';
import type { CommittedBlock, NodeClient } from './client.ts';
import { openDataFolder } from './data-folder.ts';
import { EmbeddedEngine } from './embedded.ts';
import type { StartEngine } from './engine.ts';
import { stateEvidence, transactionEvidence } from './evidence.ts';

const withCity = (use: (city: RunningCity, path: string) => Promise<void>): Promise<void> =>
  inTemporaryFolder(async (path) => {
    const city = await runCity(await foundTestCity(path));
    await use(city, path);
  });

const trust = (client: NodeClient) => ({ policy: parsePolicy(crypto, client.policyFile()) });

describe('open city', () => {
  test('what fails while the engine starts ends the node as what fails later: once, and whoever opened it is told', () =>
    inTemporaryFolder(async (path) => {
      const failures: string[] = [];
      const startEngine: StartEngine = async (parts) => {
        const engine = await EmbeddedEngine.start(parts);
        for (const why of ['it diverged', 'and fell']) parts.onFailure(new Error(why));
        return engine;
      };
      const city = await runCity(await foundTestCity(path), { startEngine, onFailure: ({ message }) => failures.push(message) });
      assert.deepEqual(failures, ['it diverged']);
      assert.equal(city.client.isAlive(), false);
      await city.stop();
    }));

  test('a transaction is executed, kept, proven and survives a restart', () =>
    withCity(async (city, path) => {
      const { client, operator } = city;
      assert.equal(client.head().height, 0);
      const blocks: CommittedBlock[] = [];
      client.onBlock((block) => blocks.push(block));
      const account = freshAccount();
      const envelope = envelopeOf(client, operator, [account.action]);
      const done = await execute(client, envelope);
      assert.deepEqual([done.code, done.height, done.position], ['OK', 1, 0]);
      assert.equal(done.events[0]?.kind, 'account/created');
      assert.equal(client.read(at(accountKind, account.id))?.keyCount, 1);
      assert.deepEqual(client.transaction(done.id), done);
      assert.deepEqual(client.block(1), blocks[0]);
      assert.deepEqual(await execute(client, envelope), done, 'a retry gets the first answer');

      const evidence = await transactionEvidence(client, crypto, done.id);
      const report = verifyEvidence(crypto, encodeEvidence(evidence), trust(client));
      assert.equal(report.verdict, 'OK', JSON.stringify(report));
      const state = await stateEvidence(client, crypto, { kind: 'account', segments: [account.id] });
      const stateReport = verifyEvidence(crypto, encodeEvidence(state), trust(client));
      assert.equal(stateReport.verdict, 'OK', JSON.stringify(stateReport));
      const { appHash, logSize } = client.head();
      assert.equal(walkTiles(city.logFolder, logSize).toString('hex'), toHex(appHash));
      await city.stop();

      const again = await runCity(await openDataFolder({ folder: path, crypto }));
      assert.deepEqual(again.client.head(), { height: 1, timeMs: blocks[0]!.timeMs, logSize, appHash });
      assert.deepEqual(again.client.transaction(done.id), done);
      assert.deepEqual(await execute(again.client, envelope), done);
      assert.deepEqual(new Uint8Array(readFileSync(join(path, 'city.policy'))), again.client.policyFile());
      await again.stop();
    }));
});
