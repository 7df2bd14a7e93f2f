import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { copyFileSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { cityRegistry } from '@oppidum/contracts/registry';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { openDataFolder } from '@oppidum/node/data-folder';
import { restoreSnapshot, writeSnapshot } from '@oppidum/node/snapshot-folder';
import { runCommand } from '../support/command-line.ts';
import { checkFolder, copyCity } from '../support/damaged-city.ts';
import { freshBytes } from '../support/running-city.ts';

const fsck = (data: string, ...args: string[]) => runCommand(['fsck', '--data', data, ...args]);

describe('oppidum fsck', () => {
  test('ends with 0 over a city that stopped, and changes none of its files', async () => {
    const folder = copyCity();
    const before = statSync(join(folder, 'node/data.mdb')).mtimeMs;
    const { code, stdout } = await fsck(folder);
    assert.equal(code, 0);
    assert.match(stdout, /^\d+ checked, 0 damaged, 1 skipped\n$/);
    assert.equal(statSync(join(folder, 'node/data.mdb')).mtimeMs, before);
  });

  test('names what is damaged and what to do, and ends with 3', async () => {
    const folder = copyCity();
    rmSync(join(folder, 'log/frontier'));
    const { code, stdout } = await fsck(folder);
    assert.equal(code, 3);
    assert.match(stdout, /^FRONTIER_DAMAGED {2}log\/frontier: missing\. With the city stopped, remove .*anew\.\n/);
    const plain = await fsck(folder, '--plain');
    assert.equal(plain.stdout.split('\n')[0]?.split('\t')[1], 'log/frontier');
  });

  test('with --json every line is an event', async () => {
    const folder = copyCity();
    rmSync(join(folder, 'city.policy'));
    const { code, stdout } = await fsck(folder, '--json');
    const events = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, { readonly code?: string }>);
    assert.equal(code, 3);
    assert.deepEqual(new Set(events.map((event) => Object.keys(event)[0])), new Set(['stage', 'damage', 'skip', 'summary']));
    assert.equal(events.find((event) => 'damage' in event)?.['damage']?.code, 'POLICY_DAMAGED');
  });

  test('a city in use, a missing folder and a foreign one are refused', async () => {
    const folder = copyCity();
    const held = await openDataFolder({ folder, crypto });
    assert.equal((await fsck(folder)).code, 5);
    held.release();
    assert.equal((await fsck(join(folder, 'nothing'))).code, 1);
    assert.equal((await fsck(join(folder, 'keys'))).code, 1);
  });
});

describe('databases damaged below their rows', () => {
  /** Damage to a file that LMDB maps into memory may end the process that reads it. */
  const cases: readonly (readonly [string, string, (path: string) => unknown])[] = [
    ['gone', 'node/data.mdb', (path) => rmSync(path)],
    ['all zeroes', 'shards/0/vault/data.mdb', (path) => writeFileSync(path, Buffer.alloc(statSync(path).size))],
    ['cut in half', 'node/data.mdb', (path) => truncateSync(path, Math.floor(statSync(path).size / 2))],
    ['a text', 'shards/0/vault/data.mdb', (path) => writeFileSync(path, 'no database')],
    ['that of the vault', 'node/data.mdb', (path) => copyFileSync(join(path, '../../shards/0/vault/data.mdb'), path)],
  ];
  for (const [what, file, damage] of cases) {
    test(`${file} ${what}`, async () => {
      const folder = copyCity();
      damage(join(folder, file));
      const { code, stdout, stderr } = await fsck(folder);
      assert.equal(code, 3, stderr);
      const found = stdout.split('\n').map((line) => line.split(' ')[0] as string);
      const codes = what === 'that of the vault' ? ['INDEX_DAMAGED', 'LAST_SIGNED_CONFLICT'] : ['DATABASE_UNREADABLE'];
      assert.ok(
        codes.some((one) => found.includes(one)),
        stdout,
      );
    });
  }

  test('a page of zeroes anywhere is found, or held nothing', async () => {
    const clean = (await fsck(copyCity(), '--json')).stdout.trimEnd().split('\n').at(-1);
    for (const file of ['node/data.mdb', 'shards/0/vault/data.mdb']) {
      for (let round = 0; round < 4; round++) {
        const folder = copyCity();
        const data = readFileSync(join(folder, file));
        // The first two pages say which of them counts: without one of them LMDB goes back to an older state.
        const page = randomInt(2, data.length / 4096);
        data.fill(0, page * 4096, (page + 1) * 4096);
        writeFileSync(join(folder, file), data);
        const { code, stdout } = await fsck(folder, '--json');
        const isSame = stdout.trimEnd().split('\n').at(-1) === clean;
        assert.ok(code === 3 || (code === 0 && isSame), `page ${page} of ${file}: exit code ${code}`);
        rmSync(folder, { recursive: true });
      }
    }
  });
});

test('a city restored from a snapshot is checked from its oldest kept state on', async () => {
  const source = await openDataFolder({ folder: copyCity(), crypto });
  const [out, folder] = [join(source.paths.folder, 'snapshot'), join(source.paths.folder, 'restored')];
  await writeSnapshot({ folder: source, crypto, out });
  const policy = new Uint8Array(readFileSync(source.paths.policy));
  source.release();
  const restored = await restoreSnapshot({ from: out, folder, crypto, registry: cityRegistry, policy, randomBytes: freshBytes });
  restored.release();
  const { damages, checked } = await checkFolder(folder);
  assert.deepEqual(damages, []);
  assert.ok((checked['state records'] ?? 0) > 0);
});
