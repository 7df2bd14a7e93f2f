import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { openDoors } from '../../../../test/support/running-gateway.ts';

type Answer = { readonly headers: Readonly<Record<string, unknown>>; readonly body: Buffer };

/** As it comes over the wire: nothing is decoded. */
function ask(url: string, accepted: string | null, method = 'GET'): Promise<Answer> {
  return new Promise((done, failed) => {
    const headers = accepted === null ? {} : { 'accept-encoding': accepted };
    request(url, { method, headers }, (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.on('end', () => done({ headers: answer.headers, body: Buffer.concat(parts) }));
    })
      .on('error', failed)
      .end();
  });
}

describe('compressed answers', async () => {
  const doors = await openDoors();
  after(() => doors.close());
  const large = `${doors.gateway.http}/openapi.json`;
  const small = `${doors.gateway.http}/api/v1/city`;

  test('a large answer is compressed for whoever takes it, and is the same', async () => {
    const plain = await ask(large, null);
    assert.equal(plain.headers['content-encoding'], undefined);
    assert.match(String(plain.headers['vary']), /accept-encoding/);
    const packed = await ask(large, 'gzip, deflate, br');
    assert.equal(packed.headers['content-encoding'], 'gzip');
    assert.ok(packed.body.length < plain.body.length / 4, `${packed.body.length} of ${plain.body.length}`);
    assert.deepEqual(gunzipSync(packed.body), plain.body);
    assert.equal(packed.headers['content-length'], String(packed.body.length));
  });

  test('nothing else is: small answers, other codings, and what has no body', async () => {
    assert.equal((await ask(small, 'gzip')).headers['content-encoding'], undefined);
    assert.equal((await ask(large, 'br;q=1, gzip;q=0')).headers['content-encoding'], undefined);
    const { headers } = await ask(large, 'gzip', 'HEAD');
    assert.equal(headers['content-encoding'], undefined);
    // A cache that asks by HEAD learns that there is more than one answer.
    assert.match(String(headers['vary']), /accept-encoding/);
  });
});
