import assert from 'node:assert/strict';
import { chmodSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { toHex } from '@oppidum/formats/bytes';
import { FormatError } from '@oppidum/formats/errors';
import { inFolder } from '../../../test/support/folder.ts';
import { readDeviceKey, readEnrolled, readMaker, readTown, writeEnrolled, writeTown } from './city-folder.ts';

const rejects = (code: string) => (error: unknown) => error instanceof FormatError && error.code === code;
const SEED = `${'ab'.repeat(32)}\n`;
const id = (digit: string): string => digit.repeat(64);

test('the maker is who the folder says', () =>
  inFolder(
    { 'manufacturer.json': JSON.stringify({ manufacturer: id('1'), account: id('2'), keyNumber: 3 }), 'manufacturer.seed': SEED },
    async (folder) => {
      chmodSync(join(folder, 'manufacturer.seed'), 0o600);
      const { manufacturer, by } = await readMaker(folder);
      assert.deepEqual([toHex(manufacturer), toHex(by.account), by.keyNumber], [id('1'), id('2'), 3]);
    },
  ));

const BAD: readonly (readonly [what: string, text: string | null])[] = [
  ['nothing', null],
  ['no JSON', '{'],
  ['a list', '[]'],
  ['a short id', JSON.stringify({ manufacturer: '1', account: id('2') })],
  ['a key number that is none', JSON.stringify({ manufacturer: id('1'), account: id('2'), keyNumber: 'first' })],
];

for (const [what, text] of BAD) {
  test(`MAKER_FILE_INVALID for ${what}`, () =>
    inFolder({ 'manufacturer.seed': SEED, ...(text === null ? {} : { 'manufacturer.json': text }) }, (folder) =>
      assert.rejects(readMaker(folder), rejects('MAKER_FILE_INVALID')),
    ));
}

test('a seed of the maker that others can read is refused', () =>
  inFolder(
    { 'manufacturer.json': JSON.stringify({ manufacturer: id('1'), account: id('2') }), 'manufacturer.seed': SEED },
    async (folder) => {
      chmodSync(join(folder, 'manufacturer.seed'), 0o644);
      await assert.rejects(readMaker(folder), rejects('KEY_FILE_PERMISSIONS'));
    },
  ));

test('keys, the town and the labels of enrolled devices survive, each city its own', () =>
  inFolder({}, async (folder) => {
    const signer = await readDeviceKey(folder, 'street-light-01');
    assert.deepEqual((await readDeviceKey(folder, 'street-light-01')).publicKey, signer.publicKey);
    assert.deepEqual(readdirSync(join(folder, 'keys')), ['street-light-01.seed']);
    assert.equal(statSync(join(folder, 'keys', 'street-light-01.seed')).mode & 0o777, 0o600);
    const city = new Uint8Array(32).fill(1);
    assert.deepEqual(await readEnrolled(folder, city), new Set());
    const labels = new Set(['street-light-01', 'tram-01']);
    await writeEnrolled(folder, city, labels);
    assert.deepEqual(await readEnrolled(folder, city), labels);
    assert.deepEqual(await readEnrolled(folder, new Uint8Array(32).fill(2)), new Set());
    assert.equal(await readTown(folder), null);
    const town = { seed: 7, speed: 60, townMs: 1_800_000_000_000, utcMs: 1_790_000_000_000 };
    await writeTown(folder, town);
    assert.deepEqual(await readTown(folder), town);
  }));
