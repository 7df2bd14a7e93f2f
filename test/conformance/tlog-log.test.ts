import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { runTlogLogSuite } from '@oppidum/cli/conformance/tlog-log';
import { encodeUint32 } from '@oppidum/formats/bytes';
import { signCheckpoint } from '@oppidum/formats/checkpoint';
import { nobleCrypto as crypto } from '@oppidum/formats/noble-crypto';
import { encodeVerifierKey } from '@oppidum/formats/verifier-key';
import { TileLog } from '@oppidum/node/tile-log';
import { flipFile } from '../support/damaged-city.ts';
import { namedSigner } from '../support/signers.ts';

const ORIGIN = 'example.com/log';
const SIZES = [0, 1, 255, 256, 300, 700];

/** A static log in a folder of its own: heads of several sizes, the newest one as `checkpoint`, and its key. */
async function makeLog(dir: string): Promise<void> {
  const log = TileLog.open({ folder: join(dir, 'a'), crypto });
  for (const size of SIZES) {
    log.append(Array.from({ length: size - log.size }, (_, i) => encodeUint32(log.size + i)));
    const head = await log.persist();
    const note = signCheckpoint(crypto, namedSigner('static log'), { origin: ORIGIN, ...head });
    for (const name of ['checkpoint', `checkpoint.${size}`]) if (size > 0) writeFileSync(join(dir, 'a', name), note);
  }
  log.close();
  const key = { name: ORIGIN, algorithm: 'log', publicKey: namedSigner('static log').publicKey } as const;
  writeFileSync(join(dir, 'example.vkey'), `${encodeVerifierKey(crypto, key)}\n`);
}

async function inLog(use: (dir: string) => Promise<void>): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'oppidum-tlog-log-'));
  try {
    await makeLog(dir);
    await use(dir);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

test('a static log passes: every head, tile and bundle is a case', () =>
  inLog(async (dir) => {
    const { passed, failures, skips } = await runTlogLogSuite(dir);
    assert.deepEqual([failures, skips], [[], []]);
    const tiles = readdirSync(join(dir, 'a', 'tile'), { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
    assert.equal(passed, tiles.length + SIZES.length);
  }));

test('without entries the lowest tiles are the log; without a key heads are skipped', () =>
  inLog(async (dir) => {
    rmSync(join(dir, 'a/tile/entries'), { recursive: true });
    rmSync(join(dir, 'example.vkey'));
    const { failed, skips } = await runTlogLogSuite(dir);
    assert.equal(failed, 0);
    assert.deepEqual(
      skips.map(({ file }) => file.replace(/\.\d+$/, '')),
      ['a/tile/entries', ...SIZES.map(() => 'a/checkpoint')],
    );
  }));

const DAMAGES: readonly (readonly [what: string, file: string, damage: (dir: string) => unknown])[] = [
  ['a bit of a full tile', 'a/tile/0/001', flipFile('a/tile/0/001', 100)],
  ['a bit of a partial tile', 'a/tile/0/002.p/188', flipFile('a/tile/0/002.p/188', 100)],
  ['a bit of an outgrown tile', 'a/tile/0/001.p/44', flipFile('a/tile/0/001.p/44', 100)],
  ['a bit of the tile above', 'a/tile/1/000.p/2', flipFile('a/tile/1/000.p/2', 40)],
  ['a tile gone', 'a/tile/1/000.p/2', (dir) => rmSync(join(dir, 'a/tile/1/000.p/2'))],
  ['a full tile gone', 'a/tile/0/000', (dir) => rmSync(join(dir, 'a/tile/0/000'))],
  ['a bit of an entry', 'a/tile/0/001', flipFile('a/tile/entries/001', 5)],
  ['a bit of the size of an entry', 'a/tile/entries/001', flipFile('a/tile/entries/001', 0)],
  ['a bundle gone', 'a/tile/entries/002.p/188', (dir) => rmSync(join(dir, 'a/tile/entries/002.p/188'))],
  ['a bit of a signature', 'a/checkpoint', flipFile('a/checkpoint', -20)],
  ['a head that says nothing', 'a/checkpoint', (dir) => writeFileSync(join(dir, 'a/checkpoint'), 'no note')],
  ['the size of a head', 'a/checkpoint.300', (dir) => editHead(dir, 'a/checkpoint.300', '300', '299')],
  ['the root of a head', 'a/checkpoint.300', (dir) => copyRoot(dir)],
  ['the origin of a head', 'a/checkpoint.300', (dir) => editHead(dir, 'a/checkpoint.300', ORIGIN, 'example.com/fog')],
  ['a key of somebody else', 'a/checkpoint', (dir) => writeFileSync(join(dir, 'example.vkey'), 'none')],
];

function editHead(dir: string, file: string, from: string, to: string): void {
  writeFileSync(join(dir, file), readFileSync(join(dir, file), 'utf8').replace(from, to));
}

function copyRoot(dir: string): void {
  const [, , root] = readFileSync(join(dir, 'a/checkpoint.255'), 'utf8').split('\n');
  const [, , own] = readFileSync(join(dir, 'a/checkpoint.300'), 'utf8').split('\n');
  editHead(dir, 'a/checkpoint.300', own as string, root as string);
}

for (const [what, file, damage] of DAMAGES) {
  test(`${what} fails`, () =>
    inLog(async (dir) => {
      await damage(dir);
      const { failures } = await runTlogLogSuite(dir);
      assert.ok(
        failures.some((failure) => failure.file === file),
        JSON.stringify(failures),
      );
    }));
}

test('what is no tile of the log is skipped and named', () =>
  inLog(async (dir) => {
    writeFileSync(join(dir, 'a/tile/0/x000'), 'what');
    copyFileSync(join(dir, 'a/tile/0/000'), join(dir, 'a/tile/0/009'));
    const { failures, skips } = await runTlogLogSuite(dir);
    assert.deepEqual(failures, []);
    assert.deepEqual(skips.map(({ file }) => file).sort(), ['a/tile/0/009', 'a/tile/0/x000']);
  }));
