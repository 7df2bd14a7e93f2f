import assert from 'node:assert/strict';
import { linkSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { foundTestCluster } from '../../../test/support/comet.ts';
import { foundTestCity, inTemporaryFolder } from '../../../test/support/running-city.ts';
import { readConsensusKey } from './consensus-key.ts';
import { identifyDataFolder } from './data-folder.ts';
import { cometPlaces } from './found-cluster.ts';
import { readSeedFile } from './key-files.ts';
import { destroyKeys, localKeys, makeNextKeys, presentKeys } from './validator-keys.ts';

const withValidator = (use: (places: ReturnType<typeof identifyDataFolder>) => Promise<void>): Promise<void> =>
  inTemporaryFolder(async (folder) => {
    await foundTestCluster([folder]);
    await use(identifyDataFolder({ folder, crypto }));
  });

const publicKeyIn = (file: string) => ed25519Signer(readSeedFile(file)).publicKey;

test('a validator has one key of each use, and its genesis names them', () =>
  withValidator(async ({ paths, genesis }) => {
    const [validator] = genesis.validators;
    assert.deepEqual(presentKeys(paths), {
      log: validator?.logKey,
      cosigner: validator?.cosignerKey,
      consensus: validator?.consensusKey,
    });
    assert.equal(localKeys(paths).length, 3);
  }));

test('a city without consensus has no keys of a validator to hand over', () =>
  inTemporaryFolder(async (folder) => {
    const { paths, release } = await foundTestCity(folder);
    assert.throws(() => presentKeys(paths), { code: 'DATA_FOLDER_FOREIGN' });
    release();
  }));

test('next keys are secret files beside the present ones, which stay', () =>
  withValidator(async ({ paths }) => {
    const present = presentKeys(paths);
    const next = await makeNextKeys(paths);
    assert.deepEqual(presentKeys(paths), present);
    assert.equal(localKeys(paths).length, 6);
    const files = readdirSync(paths.keys).filter((name) => /^(log|cosigner|consensus)-[a-z]{8}\.seed$/.test(name));
    assert.equal(files.length, 3);
    for (const name of files) assert.equal(statSync(join(paths.keys, name)).mode & 0o777, 0o600);
    assert.notDeepEqual(next, present);
    assert.notDeepEqual(await makeNextKeys(paths), next);
  }));

test('retired keys are overwritten and gone; the next ones take their place, and a node still starts', () =>
  withValidator(async ({ paths }) => {
    const old = presentKeys(paths);
    const next = await makeNextKeys(paths);
    const seed = readFileSync(paths.key('log'));
    // Whoever holds the file by another name sees that it was overwritten, not only unlinked.
    linkSync(paths.key('log'), join(paths.folder, 'held'));
    const destroyed = await destroyKeys(paths, crypto, [old.log, old.cosigner]);
    assert.deepEqual(
      destroyed.map(({ use }) => use),
      ['log', 'cosigner'],
    );
    const held = readFileSync(join(paths.folder, 'held'));
    assert.ok(held.length === seed.length && !held.equals(seed));
    assert.deepEqual(publicKeyIn(paths.key('log')), next.log);
    assert.deepEqual(publicKeyIn(paths.key('cosigner')), next.cosigner);
    assert.deepEqual(presentKeys(paths).consensus, old.consensus, 'what is not retired stays');
    assert.deepEqual(await destroyKeys(paths, crypto, [old.log]), []);
  }));

test('who was removed gets keys that nobody has named, so that its node goes on reading', () =>
  withValidator(async ({ paths }) => {
    const old = presentKeys(paths);
    const { home } = cometPlaces(paths.folder);
    assert.equal((await destroyKeys(paths, crypto, [old.log, old.cosigner, old.consensus])).length, 3);
    const fresh = presentKeys(paths);
    for (const use of ['log', 'cosigner', 'consensus'] as const) assert.notDeepEqual(fresh[use], old[use]);
    assert.deepEqual(readConsensusKey(home), fresh.consensus);
  }));
