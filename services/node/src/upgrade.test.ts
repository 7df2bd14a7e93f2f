import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { cityRegistry } from '@oppidum/contracts/registry';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { FormatError } from '@oppidum/formats/errors';
import { at } from '@oppidum/formats/state-layout';
import { rulesVersionKind } from '@oppidum/formats/state-upgrades';
import type { Registry } from '@oppidum/ledger/action';
import {
  actionOf,
  envelopeOf,
  execute,
  foundTestCity,
  freshAccount,
  freshBytes,
  inTemporaryFolder,
  type RunningCity,
  runCity,
} from '../../../test/support/running-city.ts';
import { openDataFolder } from './data-folder.ts';
import { waitsForUpgrade } from './waiting-upgrade.ts';

/** The rules of a program from before there was a second version. */
const OLDER: Registry = { ...cityRegistry, migrations: new Map() };

const create = ({ client, operator }: RunningCity) => execute(client, envelopeOf(client, operator, [freshAccount().action]));

function plan({ client, operator, folder }: RunningCity, height: number) {
  const proposal = {
    id: freshBytes(32),
    body: folder.genesis.council,
    actions: [actionOf('upgrade/plan', { version: 2, height })],
    expiresMs: client.head().timeMs + 600_000,
  };
  return execute(client, envelopeOf(client, operator, [actionOf('proposal/create', proposal)]));
}

/** Why a node stopped. */
function ending(): { readonly onFailure: (error: Error) => void; readonly why: Promise<Error> } {
  const { promise, resolve } = Promise.withResolvers<Error>();
  return { onFailure: resolve, why: promise };
}

const codeOf = (error: Error): string | null => (error instanceof FormatError ? error.code : null);

describe('an upgrade under the embedded engine', () => {
  test('the older program stops after the last block it knows, and does not start; the newer one goes on there', () =>
    inTemporaryFolder(async (path) => {
      assert.equal(await waitsForUpgrade(path, crypto), false, 'there is nothing yet');
      const { onFailure, why } = ending();
      const old = await runCity(await foundTestCity(path, Date.now(), 1), { registry: OLDER, onFailure });
      assert.equal((await plan(old, 3)).code, 'OK');
      assert.equal((await create(old)).height, 2);
      const error = await why;
      assert.equal(codeOf(error), 'UPGRADE_NEEDED');
      assert.match(error.message, /rules that this program does not know.*height: 3, version: 2, have: 1/);
      assert.equal(old.client.head().height, 2);
      await old.stop();
      assert.equal(await waitsForUpgrade(path, crypto), true, 'it says what it waits for');
      const held = await openDataFolder({ folder: path, crypto });
      await assert.rejects(runCity(held, { registry: OLDER }), { code: 'UPGRADE_NEEDED' });
      held.release();

      const newer = await runCity(await openDataFolder({ folder: path, crypto }));
      assert.equal((await create(newer)).height, 3);
      assert.deepEqual(newer.client.read(at(rulesVersionKind)), { version: 2, from: 3 });
      await newer.stop();
      assert.equal(await waitsForUpgrade(path, crypto), false, 'once it has happened nobody waits');
      const again = await openDataFolder({ folder: path, crypto });
      await assert.rejects(runCity(again, { registry: OLDER }), {
        code: 'UPGRADE_NEEDED',
        details: { height: 4, version: 2, have: 1 },
      });
      again.release();
    }));

  test('a program that does not know the rules by which a city begins makes no block of it', () =>
    inTemporaryFolder(async (path) => {
      const founded = await foundTestCity(path);
      const details = { height: 0, version: 2, have: 1 };
      await assert.rejects(runCity(founded, { registry: OLDER }), { code: 'UPGRADE_NEEDED', details });
      founded.release();
    }));

  test('--halt-height: the node stops after that block, as it was told', () =>
    inTemporaryFolder(async (path) => {
      const { onFailure, why } = ending();
      const city = await runCity(await foundTestCity(path), { onFailure, haltHeight: 2 });
      await create(city);
      await create(city);
      assert.equal(codeOf(await why), 'HALT_HEIGHT');
      assert.equal(city.client.head().height, 2);
      await city.stop();
      const on = await runCity(await openDataFolder({ folder: path, crypto }), { haltHeight: 9 });
      assert.equal((await create(on)).height, 3);
      await on.stop();
    }));
});
