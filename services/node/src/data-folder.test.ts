import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { encodeGenesis, type Genesis, genesisHash, genesisPolicy } from '@oppidum/formats/genesis';
import { EDDSA } from '@oppidum/formats/ids';
import { encodePolicy } from '@oppidum/formats/policy';
import { nodeCrypto as crypto } from '../../../test/support/crypto.ts';
import { namedSigner } from '../../../test/support/signers.ts';
import { createDataFolder, openDataFolder } from './data-folder.ts';
import { readSeedFile, writeSeedFile } from './key-files.ts';

const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'oppidum-data-'));
  folders.push(folder);
  return folder;
}

const id = (n: number): Uint8Array => new Uint8Array(32).fill(n);
const genesisOf = (nonce: number): Genesis => ({
  version: 1,
  name: 'test.oppidum.example',
  nonce: new Uint8Array(16).fill(nonce),
  createdMs: 1_700_000_000_000,
  validators: [{ name: 'v1', logKey: namedSigner('log').publicKey, cosignerKey: namedSigner('cosigner').publicKey }],
  accounts: [
    {
      id: id(1),
      holder: 'organisation',
      keys: [{ key: { algorithm: EDDSA, publicKey: namedSigner('account').publicKey }, class: 'full' }],
      roles: [],
    },
  ],
  bodies: [{ id: id(2), name: 'council', threshold: 1, members: [id(1)] }],
  council: id(2),
});
const genesis = genesisOf(1);

async function makeCity(): Promise<string> {
  const folder = join(makeFolder(), 'city', 'data');
  (await createDataFolder({ folder, crypto, genesis })).release();
  return folder;
}

describe('data folder', () => {
  test('a new one holds genesis, policy, keys, and its marker last', async () => {
    const folder = makeFolder();
    const made = await createDataFolder({
      folder,
      crypto,
      genesis,
      fill: async (paths) => {
        assert.ok(!existsSync(paths.marker));
        await writeSeedFile(paths.key('log'), id(7));
      },
    });
    assert.deepEqual(readSeedFile(join(folder, 'keys/log.seed')), id(7));
    assert.equal(statSync(made.paths.keys).mode & 0o777, 0o700);
    assert.deepEqual(new Uint8Array(readFileSync(made.paths.genesis)), encodeGenesis(genesis));
    assert.deepEqual(new Uint8Array(readFileSync(made.paths.policy)), encodePolicy(crypto, genesisPolicy(crypto, genesis)));
    assert.equal(made.paths.shard(3), join(folder, 'shards/3'));
    await assert.rejects(openDataFolder({ folder, crypto }), { code: 'DATA_FOLDER_LOCKED' });
    made.release();
    const opened = await openDataFolder({ folder, crypto, genesisHash: genesisHash(crypto, genesis) });
    assert.deepEqual(opened.genesis, genesis);
    assert.deepEqual(opened.genesisHash, genesisHash(crypto, genesis));
    opened.release();
  });

  test('a folder that failed to be filled is not one, and free again', async () => {
    const folder = makeFolder();
    const fill = async (): Promise<void> => {
      throw new Error('no key');
    };
    await assert.rejects(createDataFolder({ folder, crypto, genesis, fill }), /no key/);
    await assert.rejects(openDataFolder({ folder, crypto }), { code: 'DATA_FOLDER_FOREIGN' });
    assert.ok(!existsSync(join(folder, 'lock')));
  });

  test('what is not the data folder of this city is refused', async () => {
    const foreign = { code: 'DATA_FOLDER_FOREIGN' };
    const folder = await makeCity();
    const other = genesisHash(crypto, genesisOf(2));
    await assert.rejects(openDataFolder({ folder, crypto, genesisHash: other }), foreign);
    await assert.rejects(createDataFolder({ folder, crypto, genesis }), foreign);
    writeFileSync(join(folder, 'genesis.cbor'), encodeGenesis(genesisOf(2)));
    await assert.rejects(openDataFolder({ folder, crypto }), foreign);
    writeFileSync(join(folder, 'oppidum.json'), '{"format":"other"}');
    await assert.rejects(openDataFolder({ folder, crypto }), foreign);
    for (const marker of ['', '[]', 'null', '7']) {
      writeFileSync(join(folder, 'oppidum.json'), marker);
      await assert.rejects(openDataFolder({ folder, crypto }), foreign);
    }
    const stranger = makeFolder();
    writeFileSync(join(stranger, 'thesis.txt'), 'mine');
    await assert.rejects(openDataFolder({ folder: stranger, crypto }), foreign);
    await assert.rejects(createDataFolder({ folder: stranger, crypto, genesis }), foreign);
    await assert.rejects(openDataFolder({ folder: join(stranger, 'thesis.txt'), crypto }), foreign);
    assert.equal(readFileSync(join(stranger, 'thesis.txt'), 'utf8'), 'mine');
  });

  test('nothing there is no city', async () => {
    const folder = makeFolder();
    await assert.rejects(openDataFolder({ folder, crypto }), { code: 'DATA_FOLDER_MISSING' });
    await assert.rejects(openDataFolder({ folder: join(folder, 'none'), crypto }), { code: 'DATA_FOLDER_MISSING' });
  });

  test('another version is left alone', async () => {
    const folder = await makeCity();
    const marker = join(folder, 'oppidum.json');
    writeFileSync(marker, readFileSync(marker, 'utf8').replace('"version": 1', '"version": 2'));
    await assert.rejects(openDataFolder({ folder, crypto }), { code: 'DATA_FOLDER_VERSION' });
  });

  test('blocks, state and read model are for no other user of the machine, also of a city that was founded before', {
    skip: process.platform === 'win32' ? 'no modes on Windows' : false,
  }, async () => {
    const folder = await makeCity();
    const parts = ['node', 'gateway'].map((name) => join(folder, name));
    for (const part of parts) {
      assert.equal(statSync(part).mode & 0o777, 0o700, part);
      chmodSync(part, 0o755);
    }
    (await openDataFolder({ folder, crypto })).release();
    // A group is somebody's decision.
    for (const part of parts) assert.equal(statSync(part).mode & 0o777, 0o750, part);
  });

  test('wrong modes are refused', { skip: process.platform === 'win32' ? 'no modes on Windows' : false }, async () => {
    const folder = await makeCity();
    chmodSync(join(folder, 'keys'), 0o755);
    await assert.rejects(openDataFolder({ folder, crypto }), { code: 'DATA_FOLDER_PERMISSIONS' });
    const closed = makeFolder();
    mkdirSync(join(closed, 'in'));
    chmodSync(closed, 0o000);
    // Whoever is root may do everything.
    if (process.getuid?.() !== 0)
      await assert.rejects(openDataFolder({ folder: join(closed, 'in'), crypto }), { code: 'DATA_FOLDER_PERMISSIONS' });
    chmodSync(closed, 0o700);
  });
});
