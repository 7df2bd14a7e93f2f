import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { openDoors } from '../../../../test/support/running-gateway.ts';

describe('pages', async () => {
  const pages = mkdtempSync(join(tmpdir(), 'oppidum-pages-'));
  const doors = await openDoors({ pages, map: join(pages, 'streets.geojson') });
  after(async () => {
    await doors.close();
    rmSync(pages, { recursive: true });
  });

  test('before it is built, the verifier is not there yet', async () => {
    const answer = await fetch(`${doors.gateway.http}/verify`);
    assert.equal(answer.status, 503);
    assert.equal(((await answer.json()) as { readonly code: string }).code, 'PAGE_NOT_BUILT');
  });

  test('the verifier is served as it was built, under the policy that it names, and framed by nobody', async () => {
    const page = `<meta http-equiv="content-security-policy" content="default-src 'none'; script-src 'sha256-x'">é`;
    writeFileSync(join(pages, 'verify.html'), page);
    const answer = await fetch(`${doors.gateway.http}/verify`);
    assert.equal(await answer.text(), page);
    assert.equal(
      answer.headers.get('content-security-policy'),
      "default-src 'none'; script-src 'sha256-x'; frame-ancestors 'none'",
    );
    assert.match(answer.headers.get('content-type') ?? '', /^text\/html; charset=utf-8/);
  });

  test('the console and what it loads come from here alone; nothing beside them can be named', async () => {
    mkdirSync(join(pages, 'console/assets'), { recursive: true });
    writeFileSync(join(pages, 'console/index.html'), 'console');
    writeFileSync(join(pages, 'console/assets/index-x.js'), '1;');
    const page = await fetch(`${doors.gateway.http}/`);
    assert.equal(await page.text(), 'console');
    assert.match(
      page.headers.get('content-security-policy') ?? '',
      /default-src 'none'; script-src 'self'; .*frame-ancestors 'none'/,
    );
    const script = await fetch(`${doors.gateway.http}/assets/index-x.js`);
    assert.equal(await script.text(), '1;');
    assert.match(script.headers.get('content-type') ?? '', /^text\/javascript/);
    for (const [name, status] of [
      ['nothing.js', 503],
      ['..%2Findex.html', 400],
      ['..%2F..%2Fsecret.json', 400],
      ['index.html', 400],
    ] as const)
      assert.equal((await fetch(`${doors.gateway.http}/assets/${name}`)).status, status, name);
  });

  test('who takes compressed files is sent them, and nobody else', async () => {
    const page = 'x'.repeat(2_000);
    writeFileSync(join(pages, 'console/assets/big-x.js'), page);
    writeFileSync(join(pages, 'console/assets/big-x.js.gz'), gzipSync(page));
    writeFileSync(join(pages, 'console/assets/big-x.js.br'), brotliCompressSync(page));
    for (const [accepted, coding] of [
      ['gzip, deflate, br, zstd', 'br'],
      ['gzip, br;q=0', 'gzip'],
      ['GZIP;q=0.5', 'gzip'],
      ['gzip;q=0.0', null],
      ['identity', null],
      ['brotli', null],
    ] as const) {
      const answer = await fetch(`${doors.gateway.http}/assets/big-x.js`, { headers: { 'accept-encoding': accepted } });
      assert.equal(answer.headers.get('content-encoding'), coding, accepted);
      assert.equal(answer.headers.get('vary'), 'accept-encoding');
      assert.equal(await answer.text(), page);
    }
    assert.equal((await fetch(`${doors.gateway.http}/assets/big-x.js.gz`)).status, 400);
  });

  test('the map below the devices is the operator’s file, and empty where there is none', async () => {
    const empty = await fetch(`${doors.gateway.http}/map.geojson`);
    assert.deepEqual(await empty.json(), { type: 'FeatureCollection', features: [] });
    const streets = { type: 'FeatureCollection', features: [{ type: 'Feature', properties: {}, geometry: null }] };
    writeFileSync(join(pages, 'streets.geojson'), JSON.stringify(streets));
    const answer = await fetch(`${doors.gateway.http}/map.geojson`);
    assert.deepEqual(await answer.json(), streets);
    assert.match(answer.headers.get('content-type') ?? '', /^application\/geo\+json/);
  });
});
