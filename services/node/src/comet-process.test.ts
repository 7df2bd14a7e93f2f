import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { foundTestCluster } from '../../../test/support/comet.ts';
import { foundTestCity, inTemporaryFolder } from '../../../test/support/running-city.ts';
import { folderEngine } from './comet-process.ts';
import { openDataFolder } from './data-folder.ts';

const onLine = (): void => undefined;

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
});
