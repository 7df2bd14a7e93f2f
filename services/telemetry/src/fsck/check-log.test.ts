import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { encodeBase64 } from '@oppidum/formats/bytes';
import { type Case, cutFile, flip, flipFile, removeFile, testDamage } from '../../../../test/support/damaged-city.ts';

/** The newest partial tile of a level. */
const widest = (log: string, level: string, change: (path: string) => (folder: string) => void) => (folder: string) => {
  const tiles = join(log, 'tile', level);
  const partials = readdirSync(join(folder, tiles)).filter((name) => name.endsWith('.p'));
  const path = join(tiles, partials.sort().at(-1)!);
  change(join(path, String(Math.max(...readdirSync(join(folder, path)).map(Number)))))(folder);
};

const record = (log: string, text: (origin: string, size: string) => string) => (folder: string) => {
  const path = join(folder, log, 'last-signed');
  const [origin, size] = readFileSync(path, 'utf8').split('\n') as [string, string];
  writeFileSync(path, text(origin, size));
};

/** What can happen to the files of a log. */
const casesOf = (log: string): readonly Case[] => {
  const [lastSigned, frontier, checkpoint] = [`${log}/last-signed`, `${log}/frontier`, `${log}/checkpoint`];
  const emptyRoot = encodeBase64(crypto.sha256(new Uint8Array(0)));
  const [tiles, bundles] = [new RegExp(`^${log}/tile/0/`), new RegExp(`^${log}/tile/entries/`)];
  const forge = (folder: string) => {
    const path = join(folder, frontier);
    const content = flip(new Uint8Array(readFileSync(path).subarray(0, -32)), -1);
    writeFileSync(path, Buffer.concat([content, crypto.sha256(content)]));
  };
  return [
    ['last-signed gone', 'LAST_SIGNED_LOST', lastSigned, removeFile(lastSigned)],
    ['last-signed cut off', 'LAST_SIGNED_LOST', lastSigned, cutFile(lastSigned)],
    ['last-signed of an older time', 'LAST_SIGNED_CONFLICT', lastSigned, record(log, (origin) => `${origin}\n0\n${emptyRoot}\n`)],
    [
      'another root signed',
      'LAST_SIGNED_CONFLICT',
      lastSigned,
      record(log, (origin, size) => `${origin}\n${size}\n${emptyRoot}\n`),
    ],
    [
      'more signed than is stored',
      'LAST_SIGNED_CONFLICT',
      lastSigned,
      record(log, (origin) => `${origin}\n9999\n${emptyRoot}\n`),
    ],
    [
      'the record of another log',
      'LAST_SIGNED_CONFLICT',
      lastSigned,
      record(log, (_, size) => `foreign\n${size}\n${emptyRoot}\n`),
    ],
    ['frontier gone', 'FRONTIER_DAMAGED', frontier, removeFile(frontier)],
    ['a bit of frontier', 'FRONTIER_DAMAGED', frontier, flipFile(frontier, 20)],
    ['frontier cut off', 'FRONTIER_DAMAGED', frontier, cutFile(frontier)],
    ['another edge with its own digest', 'FRONTIER_DAMAGED', frontier, forge],
    ['checkpoint gone', 'CHECKPOINT_DAMAGED', checkpoint, removeFile(checkpoint)],
    ['checkpoint cut off', 'CHECKPOINT_DAMAGED', checkpoint, cutFile(checkpoint)],
    ['a bit of a signature', 'CHECKPOINT_DAMAGED', checkpoint, flipFile(checkpoint, -20)],
    ['a partial tile gone', 'TILE_MISSING', tiles, widest(log, '0', removeFile)],
    ['a bit of a partial tile', 'TILE_DAMAGED', tiles, widest(log, '0', (path) => flipFile(path, 7))],
    ['a partial tile cut off', 'TILE_DAMAGED', tiles, widest(log, '0', cutFile)],
    ['a bundle gone', 'TILE_MISSING', bundles, widest(log, 'entries', removeFile)],
    ['a bit of a bundle', 'TILE_DAMAGED', bundles, widest(log, 'entries', (path) => flipFile(path, 9))],
    ['a bundle cut off', 'TILE_DAMAGED', bundles, widest(log, 'entries', cutFile)],
  ];
};

const copy = (from: string, to: string) => (folder: string) => copyFileSync(join(folder, from), join(folder, to));
const LOG = 'shards/0/log';
const FULL_TILES: readonly Case[] = [
  ['a full tile gone', 'TILE_MISSING', `${LOG}/tile/0/000`, removeFile(`${LOG}/tile/0/000`)],
  ['a bit of a full tile', 'TILE_DAMAGED', `${LOG}/tile/0/000`, flipFile(`${LOG}/tile/0/000`, 8000)],
  ['a bit of the tile above', 'TILE_DAMAGED', `${LOG}/tile/1/000.p/1`, flipFile(`${LOG}/tile/1/000.p/1`, 31)],
  ['a full bundle gone', 'TILE_MISSING', `${LOG}/tile/entries/000`, removeFile(`${LOG}/tile/entries/000`)],
  ['tiles exchanged', 'TILE_DAMAGED', `${LOG}/tile/entries/000`, copy(`${LOG}/tile/0/000`, `${LOG}/tile/entries/000`)],
  ['the checkpoint of another log', 'CHECKPOINT_DAMAGED', `${LOG}/checkpoint`, copy('log/checkpoint', `${LOG}/checkpoint`)],
];

testDamage('files of the block log', casesOf('log'));
testDamage('files of a shard’s log', [...casesOf(LOG), ...FULL_TILES]);
