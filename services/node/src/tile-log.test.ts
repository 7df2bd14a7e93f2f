import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { queryObjects } from 'node:v8';
import { type Bytes, encodeUtf8, toHex } from '@oppidum/formats/bytes';
import type { ErrorCode } from '@oppidum/formats/errors';
import { checkConsistency, checkInclusion } from '@oppidum/proofs/merkle';
import { leafHash } from '@oppidum/proofs/merkle-hash';
import { CompactTree } from '@oppidum/proofs/merkle-tree';
import fc from 'fast-check';
import { nodeCrypto as crypto } from '../../../test/support/crypto.ts';
import { walkTiles } from '../../../test/support/tile-walk.ts';
import { TileLog } from './tile-log.ts';

const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'oppidum-log-'));
  folders.push(folder);
  return folder;
}

const openLog = (folder: string): TileLog => TileLog.open({ folder, crypto });
const entryOf = (index: number): Bytes => encodeUtf8(`entry ${index} ${'.'.repeat(index % 7)}`);
const entriesOf = (from: number, to: number): Bytes[] => Array.from({ length: to - from }, (_, i) => entryOf(from + i));

function rootOf(size: number): string {
  const tree = new CompactTree(crypto);
  for (const entry of entriesOf(0, size)) tree.append(leafHash(crypto, entry));
  return toHex(tree.root());
}

/** What the log says about itself holds: roots, entries, proofs at some places. */
function assertLog(log: TileLog, places: readonly number[]): void {
  const { size } = log;
  assert.equal(toHex(log.root()), rootOf(size));
  for (const place of places) {
    if (size === 0) return;
    const index = place % size;
    assert.deepEqual(log.entry(index), entryOf(index));
    const leaf = log.leafHash(index);
    assert.deepEqual(leaf, leafHash(crypto, entryOf(index)));
    const claim = { index, size, leafHash: leaf, proof: log.proveInclusion(index, size), root: log.root() };
    assert.equal(checkInclusion(crypto, claim), null);
    const size1 = index + 1;
    const [root1, root2] = [log.root(size1), log.root(size)];
    assert.equal(toHex(root1), rootOf(size1));
    assert.equal(checkConsistency(crypto, { size1, size2: size, root1, root2, proof: log.proveConsistency(size1, size) }), null);
  }
}

const step = fc.record({
  count: fc.oneof(fc.nat(3), fc.nat(300), fc.constantFrom(255, 256, 257, 600)),
  what: fc.constantFrom('append', 'persist', 'persist', 'overlap', 'reopen'),
  place: fc.nat(),
});

describe('tile log', () => {
  test('is the RFC 6962 log of its entries through persists and restarts, and so are its files', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        const folder = makeFolder();
        let log = openLog(folder);
        for (const { count, what, place } of steps) {
          assert.equal(log.append(entriesOf(log.size, log.size + count)), log.size - count);
          if (what === 'persist') {
            const head = await log.persist();
            assert.deepEqual([head.size, toHex(head.root)], [log.size, rootOf(log.size)]);
          }
          if (what === 'overlap') {
            const heads = [log.persist(), log.append(entriesOf(log.size, log.size + 100)), log.persist()] as const;
            assert.equal((await heads[0]).size + 100, (await heads[2]).size);
          }
          if (what === 'reopen') {
            const { persistedSize } = log;
            log.close();
            log = openLog(folder);
            assert.deepEqual([log.size, log.persistedSize], [persistedSize, persistedSize]);
          }
          assertLog(log, [0, place, log.persistedSize - 1 + log.size]);
          assert.equal(walkTiles(folder, log.persistedSize).toString('hex'), rootOf(log.persistedSize));
        }
        rmSync(folder, { recursive: true });
      }),
      { numRuns: 25 },
    );
  });

  test('a log of 70,000 has the files of the specification’s example, and full ones are never written again', async () => {
    const folder = makeFolder();
    const log = openLog(folder);
    log.append(entriesOf(0, 70_000));
    await log.persist();
    assert.equal(walkTiles(folder, 70_000).toString('hex'), toHex(log.root()));
    const full = readdirSync(join(folder, 'tile/0'), { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
    assert.equal(full.length, 273 + 1);
    for (const path of ['0/273.p/112', '1/000', '1/001.p/17', '2/000.p/1', 'entries/272', 'entries/273.p/112'])
      assert.ok(existsSync(join(folder, 'tile', path)), path);
    const identity = () => [statSync(join(folder, 'tile/0/272')).ino, statSync(join(folder, 'tile/0/272')).mtimeMs];
    const before = identity();
    log.append(entriesOf(70_000, 70_200));
    await log.persist();
    const again = openLog(folder);
    assertLog(again, [0, 255, 256, 65_535, 65_536, 70_199]);
    assert.deepEqual(identity(), before);
    assert.ok(existsSync(join(folder, 'tile/0/273')));
    assert.ok(existsSync(join(folder, 'tile/0/273.p/112')), 'until the next size, partial tiles stay: somebody may be reading');
    again.append(entriesOf(70_200, 70_201));
    await again.persist();
    assert.ok(!existsSync(join(folder, 'tile/0/273.p')), 'the full tile replaced its partial ones');
    assert.ok(existsSync(join(folder, 'tile/1/001.p/17')), 'a level that did not fill up keeps its partial tiles');
  });

  test('what stands beyond the frontier is written over', async () => {
    const folder = makeFolder();
    const log = openLog(folder);
    log.append(entriesOf(0, 700));
    await log.persist();
    mkdirSync(join(folder, 'tile/0/003.p'), { recursive: true });
    for (const path of ['0/002', '0/002.p/200', '0/003.p/1', '1/000.p/3', 'entries/002', 'frontier.new'])
      writeFileSync(join(folder, 'tile', path), 'torn');
    const again = openLog(folder);
    assert.equal(again.size, 700);
    again.append(entriesOf(700, 769));
    await again.persist();
    assert.equal(walkTiles(folder, 769).toString('hex'), rootOf(769));
  });

  test('without its frontier the log is empty, and appended again it is the same', async () => {
    const folder = makeFolder();
    const log = openLog(folder);
    log.append(entriesOf(0, 600));
    await log.persist();
    rmSync(join(folder, 'frontier'));
    const again = openLog(folder);
    assert.equal(again.size, 0);
    again.append(entriesOf(0, 600));
    await again.persist();
    assert.equal(walkTiles(folder, 600).toString('hex'), rootOf(600));
  });

  test('an altered, cut or missing file is refused, never proven with', async () => {
    const sound = makeFolder();
    const log = openLog(sound);
    log.append(entriesOf(0, 70_000));
    await log.persist();
    const use = (damaged: TileLog): void => {
      damaged.proveInclusion(3, 70_000);
      damaged.entry(3);
    };
    const flip = (file: Buffer): Buffer => Buffer.from(file.map((byte, i) => (i === 40 ? byte ^ 1 : byte)));
    const cut = (file: Buffer): Buffer => file.subarray(0, -1);
    const paths = ['tile/0/000', 'tile/1/000', 'tile/entries/000'];
    const edges = ['frontier', 'tile/0/273.p/112', 'tile/1/001.p/17', 'tile/entries/273.p/112'];
    for (const path of [...paths, ...edges, 'tile/2/000.p/1']) {
      for (const damage of [flip, cut, null]) {
        if (path === 'frontier' && damage === null) continue;
        const folder = makeFolder();
        cpSync(sound, folder, { recursive: true });
        const file = join(folder, path);
        const bytes = readFileSync(file);
        if (damage === null) rmSync(file);
        else if (path.startsWith('tile/2') && damage === flip) writeFileSync(file, Buffer.from(bytes.map((byte) => byte ^ 1)));
        else writeFileSync(file, damage(bytes));
        assert.throws(() => use(openLog(folder)), { code: 'LOG_DAMAGED' }, path);
        rmSync(folder, { recursive: true });
      }
    }
  });

  test('refusals', async () => {
    const log = openLog(makeFolder());
    log.append(entriesOf(0, 10));
    const table: readonly [() => unknown, ErrorCode][] = [
      [() => log.entry(10), 'NUMBER_RANGE'],
      [() => log.entry(-1), 'NUMBER_RANGE'],
      [() => log.leafHash(0.5), 'NUMBER_RANGE'],
      [() => log.root(11), 'NUMBER_RANGE'],
      [() => log.proveInclusion(0, 11), 'NUMBER_RANGE'],
      [() => log.proveInclusion(10, 10), 'NUMBER_RANGE'],
      [() => log.proveConsistency(0, 10), 'NUMBER_RANGE'],
      [() => log.proveConsistency(10, 11), 'NUMBER_RANGE'],
      [() => log.append([entryOf(10), new Uint8Array(65_536)]), 'TOO_LARGE'],
    ];
    for (const [call, code] of table) assert.throws(call, { code });
    assert.equal(log.size, 10, 'an append that is refused appends nothing');
    assert.equal(log.append([new Uint8Array(65_535), new Uint8Array(0)]), 10);
    assert.equal((await log.persist()).size, 12);
    log.close();
    assert.throws(() => log.append([entryOf(0)]), /closed/);
  });

  test('entries are copied: what the caller does with its buffer later changes nothing', async () => {
    const folder = makeFolder();
    const log = openLog(folder);
    const buffer = Uint8Array.from(entryOf(0));
    log.append([buffer]);
    buffer.fill(0);
    log.entry(0).fill(0);
    log.root().fill(0);
    await log.persist();
    assertLog(openLog(folder), [0]);
  });

  test('entries that are durable leave memory, and those read from files stay only up to a bound that counts what they really take', async () => {
    const log = openLog(makeFolder());
    const arraysOf = (): number => queryObjects(Uint8Array, { format: 'count' });
    const [count, before] = [100_000, arraysOf()];
    log.append(Array.from({ length: count }, () => new Uint8Array(32)));
    await log.persist();
    assert.ok(arraysOf() - before < 2_000, 'of what was written only the last bundle and some tiles are left');
    for (let index = 0; index < count; index += 256) log.entry(index);
    const kept = arraysOf() - before;
    assert.ok(kept > 20_000 && kept < 80_000, `16 MiB are 72,000 entries of 32 bytes: ${kept}`);
  });

  test('after a failed write the log refuses to go on', async () => {
    const folder = makeFolder();
    writeFileSync(join(folder, 'tile'), 'in the way');
    const log = openLog(folder);
    log.append(entriesOf(0, 3));
    await assert.rejects(log.persist(), { code: 'ENOTDIR' });
    rmSync(join(folder, 'tile'));
    assert.throws(() => log.append([entryOf(3)]), { code: 'ENOTDIR' });
    assert.throws(() => log.persist(), { code: 'ENOTDIR' });
    assert.equal(openLog(folder).size, 0);
  });
});
