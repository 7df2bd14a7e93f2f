import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  type Case,
  checkFolder,
  copyCity,
  cutFile,
  flipFile,
  removeFile,
  testDamage,
} from '../../../../test/support/damaged-city.ts';

const setMode = (path: string, mode: number) => (folder: string) => chmodSync(join(folder, path), mode);
const copy = (from: string, to: string) => (folder: string) => copyFileSync(join(folder, from), join(folder, to));
/** Something done to the one file in a folder. */
const only = (path: string, change: (file: string) => (folder: string) => void) => (folder: string) =>
  change(join(path, readdirSync(join(folder, path))[0]!))(folder);

const FILES: readonly Case[] = [
  ['a marker gone', 'FILE_MISSING', 'oppidum.json', removeFile('oppidum.json')],
  ['a marker cut off', 'FILE_DAMAGED', 'oppidum.json', (folder) => writeFileSync(join(folder, 'oppidum.json'), '{')],
  ['genesis gone', 'FILE_MISSING', 'genesis.cbor', removeFile('genesis.cbor')],
  ['a bit of genesis', 'FILE_DAMAGED', 'genesis.cbor', flipFile('genesis.cbor', -1)],
  ['genesis cut off', 'FILE_DAMAGED', 'genesis.cbor', cutFile('genesis.cbor')],
  ['a policy gone', 'POLICY_DAMAGED', 'city.policy', removeFile('city.policy')],
  ['a bit of the policy', 'POLICY_DAMAGED', 'city.policy', flipFile('city.policy', 40)],
  ['a bit of evidence', 'POLICY_DAMAGED', /^policies\/\d+\.evidence$/, only('policies', (path) => flipFile(path, -9))],
  ['evidence cut off', 'POLICY_DAMAGED', /^policies\/\d+\.evidence$/, only('policies', cutFile)],
  ['keys open to all', 'KEY_FILE_PERMISSIONS', 'keys', setMode('keys', 0o755)],
  ['a key open to its group', 'KEY_FILE_PERMISSIONS', 'keys/log.seed', setMode('keys/log.seed', 0o640)],
  ['a key gone', 'KEY_FILE_MISSING', 'keys/log.seed', removeFile('keys/log.seed')],
  [
    'a key cut off',
    'KEY_FILE_INVALID',
    'keys/cosigner.seed',
    (folder) => writeFileSync(join(folder, 'keys/cosigner.seed'), 'ab'),
  ],
  ['keys exchanged', 'KEY_FILE_FOREIGN', 'keys/log.seed', copy('keys/cosigner.seed', 'keys/log.seed')],
  ['a key of another account', 'KEY_FILE_FOREIGN', 'keys/telemetry.seed', copy('keys/operator.seed', 'keys/telemetry.seed')],
  ['the accounts gone', 'FILE_MISSING', 'keys/accounts.json', removeFile('keys/accounts.json')],
  [
    'the accounts cut off',
    'FILE_DAMAGED',
    'keys/accounts.json',
    (folder) => writeFileSync(join(folder, 'keys/accounts.json'), '{'),
  ],
  [
    'an account nobody has',
    'FILE_DAMAGED',
    'keys/accounts.json',
    (folder) => {
      const path = join(folder, 'keys/accounts.json');
      writeFileSync(path, readFileSync(path, 'utf8').replace(/"[0-9a-f]{64}"/, `"${'0'.repeat(64)}"`));
    },
  ],
  [
    'keys of a shard exchanged',
    'KEY_FILE_FOREIGN',
    'shards/0/keys/receipt.seed',
    copy('shards/0/keys/log.seed', 'shards/0/keys/receipt.seed'),
  ],
  ['subjects open to all', 'KEY_FILE_PERMISSIONS', 'shards/0/subject-keys', setMode('shards/0/subject-keys', 0o755)],
  [
    'a subject open',
    'KEY_FILE_PERMISSIONS',
    /subject-keys\/[0-9a-f]+\.key$/,
    only('shards/0/subject-keys', (path) => setMode(path, 0o644)),
  ],
  ['a subject gone', 'ENTRY_DAMAGED', 'shards/0/vault/envelopes', only('shards/0/subject-keys', removeFile)],
  [
    'the key of a subject replaced',
    'ENTRY_DAMAGED',
    'shards/0/vault/envelopes',
    only('shards/0/subject-keys', (path) => copy('keys/log.seed', path)),
  ],
];

test('nothing is found in a city that stopped, and everything was compared', async () => {
  const { damages, events, checked } = await checkFolder(copyCity());
  assert.deepEqual(damages, []);
  const kinds = [
    'state records',
    'transactions',
    'readings',
    'receipts',
    'decisions',
    'clones',
    'anchors',
    'erasures',
    'key files',
  ];
  for (const kind of kinds) assert.ok((checked[kind] ?? 0) > 0, kind);
  const skips = events.flatMap((event) => ('skip' in event ? [[event.skip.what, event.skip.count]] : []));
  assert.deepEqual(skips, [['readings', 1]], 'the erased one');
});

test('what a crash leaves behind is no damage', async () => {
  const folder = copyCity();
  const log = join(folder, 'shards/0/log/tile/0');
  writeFileSync(join(log, '000.new'), 'torn');
  mkdirSync(join(log, '001.p'), { recursive: true });
  writeFileSync(join(log, '001.p/255'), 'beyond the frontier');
  writeFileSync(join(log, '007'), 'beyond everything');
  writeFileSync(join(log, 'stranger'), 'what is this');
  const { damages, events } = await checkFolder(folder);
  assert.deepEqual(damages, []);
  const notes = events.flatMap((event) => ('note' in event ? [event.note.file] : []));
  assert.deepEqual(
    notes.sort(),
    ['000.new', '001.p/255', '007', 'stranger'].map((name) => `shards/0/log/tile/0/${name}`),
  );
});

test('a folder of something else is refused', async () => {
  const folder = copyCity();
  await assert.rejects(checkFolder(join(folder, 'nothing')), { code: 'DATA_FOLDER_MISSING' });
  await assert.rejects(checkFolder(join(folder, 'keys')), { code: 'DATA_FOLDER_FOREIGN' });
});

testDamage('files of a data folder', FILES);
