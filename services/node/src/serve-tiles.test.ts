import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { encodeUtf8 } from '@oppidum/formats/bytes';
import { signCheckpoint } from '@oppidum/formats/checkpoint';
import { nodeCrypto as crypto } from '../../../test/support/crypto.ts';
import { namedSigner } from '../../../test/support/signers.ts';
import { serveTiles } from './serve-tiles.ts';
import { TileLog } from './tile-log.ts';

const folder = mkdtempSync(join(tmpdir(), 'oppidum-serve-'));
after(() => rmSync(folder, { recursive: true, force: true }));

test('serves no tile that was cut off: a cache would keep it', async () => {
  const damaged = mkdtempSync(join(folder, 'damaged-'));
  const log = TileLog.open({ folder: damaged, crypto });
  log.append(Array.from({ length: 3 }, (_, i) => encodeUtf8(`entry ${i}`)));
  await log.persist();
  const checkpoint = { origin: 'log', size: 3, root: log.root() };
  writeFileSync(join(damaged, 'checkpoint'), signCheckpoint(crypto, namedSigner('log'), checkpoint));
  const serve = serveTiles(damaged);
  for (const path of ['/tile/0/000.p/3', '/tile/entries/000.p/3']) {
    assert.equal((await serve(path)).status, 200, path);
    truncateSync(join(damaged, path), 20);
    const { status, cacheControl } = await serve(path);
    assert.deepEqual([status, cacheControl], [404, 'no-store'], path);
  }
});

test('serves exactly what the published checkpoint covers', async () => {
  const serve = serveTiles(folder);
  const log = TileLog.open({ folder, crypto });
  const append = (count: number): void => {
    log.append(Array.from({ length: count }, (_, i) => encodeUtf8(`entry ${log.size + i}`)));
  };
  append(300);
  await log.persist();
  assert.equal((await serve('/checkpoint')).status, 404, 'nothing is published yet');
  assert.equal((await serve('/tile/0/000')).status, 404);
  const checkpoint = { origin: 'log', size: 300, root: log.root() };
  writeFileSync(join(folder, 'checkpoint'), signCheckpoint(crypto, namedSigner('log'), checkpoint));
  for (let i = 0; i < 2; i++) {
    append(150);
    await log.persist();
  }

  const head = await serve('/checkpoint');
  assert.deepEqual([head.status, head.contentType], [200, 'text/plain; charset=utf-8']);
  assert.deepEqual(Buffer.from(head.bytes), readFileSync(join(folder, 'checkpoint')));
  assert.match(head.cacheControl, /^max-age=[0-5]$/);
  // 0/001 is full on disk by now and its partial tiles are gone: they are cut from it.
  for (const [path, size] of [
    ['/tile/0/000', 8192],
    ['/tile/0/001.p/44', 44 * 32],
    ['/tile/0/001.p/3', 96],
    ['/tile/1/000.p/1', 32],
  ] as const) {
    const answer = await serve(path);
    assert.deepEqual([answer.status, answer.bytes.length], [200, size], path);
    assert.equal(answer.contentType, 'application/octet-stream');
    assert.match(answer.cacheControl, /immutable/);
  }
  const bundle = await serve('/tile/entries/001.p/2');
  assert.equal(Buffer.from(bundle.bytes).toString(), '\0\tentry 256\0\tentry 257');
  const outside = [
    '/tile/0/001',
    '/tile/0/001.p/45',
    '/tile/0/002.p/1',
    '/tile/1/000.p/2',
    '/tile/2/000.p/1',
    '/tile/entries/001',
  ];
  const wrong = [
    '',
    '/',
    '/frontier',
    '/checkpoint/',
    '/tile',
    '/tile/0/0',
    '/tile/0/000.p/256',
    '/tile/0/x000/000',
    '/tile/00/000',
  ];
  const rude = ['/tile/0/../../frontier', '//checkpoint', '/tile/0/000?x', '/tile/0/%30%30%30', 'tile/0/000', '/tile/0/000\0'];
  for (const path of [...outside, ...wrong, ...rude]) {
    const answer = await serve(path);
    assert.deepEqual([answer.status, answer.cacheControl], [404, 'no-store'], path);
  }
});
