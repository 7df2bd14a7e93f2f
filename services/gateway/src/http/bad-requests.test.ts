import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { fastify } from 'fastify';
import { openDoors, type RunningDoors, withDoors } from '../../../../test/support/running-gateway.ts';
import { AnswerStore } from '../access/answer-store.ts';
import { openAccessDatabase } from '../access/key-store.ts';
import type { App } from './app.ts';
import { addIdempotency } from './idempotency.ts';

let doors: RunningDoors;
before(async () => {
  doors = await openDoors();
});
after(() => doors.close());

/** Opens a connection, sends what `send` sends and collects all answers until the door hangs up. */
function talk(base: string, send: (socket: Socket) => void): Promise<string> {
  const { hostname, port } = new URL(base);
  const socket = connect(Number(port), hostname, () => send(socket));
  return new Promise((resolve) => {
    let text = '';
    socket.setEncoding('latin1').on('data', (part: string) => {
      text += part;
    });
    socket.on('error', () => undefined).on('close', () => resolve(text));
  });
}

/** The codes of all problems in an answer, and its status lines. */
function outcomes(text: string): readonly string[] {
  const found = text.matchAll(/HTTP\/1\.1 ([0-9]{3})|"code":"([A-Z_]+)"/g);
  return [...found].map(([, status, code]) => status ?? code ?? '');
}

const head = (...lines: readonly string[]): string => `${lines.join('\r\n')}\r\n\r\n`;
const POST = ['POST /api/v1/readings HTTP/1.1', 'host: localhost', 'content-type: application/cbor', 'connection: close'];

describe('requests that mean two things, or nothing', () => {
  const refused: readonly (readonly [what: string, request: string, ...outcome: string[]])[] = [
    ['two lengths', head(...POST, 'content-length: 1', 'content-length: 2'), '400', 'REQUEST_INVALID'],
    [
      'a length and chunks',
      `${head(...POST, 'content-length: 4', 'transfer-encoding: chunked')}0\r\n\r\n`,
      '400',
      'REQUEST_INVALID',
    ],
    ['chunks that are not the last coding', head(...POST, 'transfer-encoding: chunked, identity'), '400', 'REQUEST_INVALID'],
    ['a coding nobody knows', head(...POST, 'transfer-encoding: xchunked'), '400', 'REQUEST_INVALID'],
    ['a length with a sign', head(...POST, 'content-length: +1'), '400', 'REQUEST_INVALID'],
    ['a length in hex', head(...POST, 'content-length: 0x1'), '400', 'REQUEST_INVALID'],
    ['a chunk size that is none', `${head(...POST, 'transfer-encoding: chunked')}zz\r\n`, '400', 'REQUEST_INVALID'],
    ['a folded header', head(...POST, 'x: 1', ' transfer-encoding: chunked'), '400', 'REQUEST_INVALID'],
    ['a space before the colon', head(...POST, 'content-length : 1'), '400', 'REQUEST_INVALID'],
    ['a bare line feed', 'GET /livez HTTP/1.1\nhost: localhost\n\n', '400', 'REQUEST_INVALID'],
    ['two types', head(...POST, 'content-type: application/cose', 'content-length: 0'), '400', 'REQUEST_INVALID'],
    [
      'two keys',
      head('GET /livez HTTP/1.1', 'host: localhost', 'authorization: Bearer a', 'authorization: Bearer b', 'connection: close'),
      '400',
      'REQUEST_INVALID',
    ],
    ['another protocol', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', '400', 'REQUEST_INVALID'],
    ['a foreign host', head('GET /livez HTTP/1.1', 'host: evil.example', 'connection: close'), '403', 'HOST_FOREIGN'],
    ['a head without end', head('GET /livez HTTP/1.1', 'host: localhost', `x: ${'y'.repeat(9_000)}`), '431', 'HEAD_TOO_LARGE'],
    [
      'a thousand headers',
      head('GET /livez HTTP/1.1', 'host: localhost', ...Array.from({ length: 1_000 }, (_, i) => `x${i}: yyyy`)),
      '431',
      'HEAD_TOO_LARGE',
    ],
    [
      'a method nobody has here',
      head('DELETE /api/v1/city HTTP/1.1', 'host: localhost', 'connection: close'),
      '405',
      'METHOD_WRONG',
    ],
    [
      'TRACE, which would tell headers to scripts',
      head('TRACE /livez HTTP/1.1', 'host: localhost', 'connection: close'),
      '405',
      'METHOD_WRONG',
    ],
  ];
  for (const [what, request, ...outcome] of refused)
    test(`${what}: ${outcome.join(' ')}`, async () => {
      const answer = await talk(doors.gateway.http, (socket) => socket.write(request, 'latin1'));
      assert.deepEqual(outcomes(answer), outcome, answer);
    });

  test('what follows a refused request on its connection is not read', async () => {
    const smuggled = `${head(...POST, 'content-length: 4', 'transfer-encoding: chunked')}0\r\n\r\n${head('GET /livez HTTP/1.1', 'host: localhost')}`;
    assert.deepEqual(outcomes(await talk(doors.gateway.http, (socket) => socket.write(smuggled))), ['400', 'REQUEST_INVALID']);
  });

  test('requests that come at once are answered one after the other', async () => {
    const get = (path: string, last = false): string =>
      head(`GET ${path} HTTP/1.1`, 'host: localhost', ...(last ? ['connection: close'] : []));
    const all = `${get('/livez')}${get('/nothing')}${get('/livez')}${get('/api/v1/devices?limit=0', true)}`;
    const answer = await talk(doors.gateway.http, (socket) => socket.write(all));
    assert.deepEqual(outcomes(answer), ['200', '404', 'ROUTE_UNKNOWN', '200', '400', 'REQUEST_INVALID']);
  });

  test('the methods that an address takes are named', async () => {
    const response = await fetch(`${doors.gateway.http}/api/v1/transactions`, { method: 'PUT' });
    assert.deepEqual([response.status, response.headers.get('allow')], [405, 'GET, HEAD, POST']);
    const one = await fetch(`${doors.gateway.http}/api/v1/transactions/${'ab'.repeat(32)}`, { method: 'POST' });
    assert.deepEqual([one.status, one.headers.get('allow')], [405, 'GET, HEAD']);
  });
});

describe('bodies', () => {
  const send = async (body: Buffer, headers: Record<string, string>): Promise<readonly [number, string, string | null]> => {
    const response = await fetch(`${doors.gateway.http}/api/v1/readings`, { method: 'POST', body: body as never, headers });
    const { code } = (await response.json()) as { code: string };
    return [response.status, code, response.headers.get('accept-encoding')];
  };

  for (const encoding of ['gzip', 'br', 'deflate', 'zstd', 'gzip, identity'])
    test(`a bomb under ${encoding} is not opened: ENCODING_UNSUPPORTED`, async () => {
      const bomb = gzipSync(Buffer.alloc(8 * 1024 * 1024));
      const headers = { 'content-type': 'application/cbor', 'content-encoding': encoding };
      assert.deepEqual(await send(bomb, headers), [415, 'ENCODING_UNSUPPORTED', 'identity']);
    });

  test('without a type, or of one that nobody reads: MEDIA_TYPE_WRONG', async () => {
    for (const type of ['application/json', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'x'])
      assert.equal((await send(Buffer.from('{}'), { 'content-type': type }))[1], 'MEDIA_TYPE_WRONG', type);
  });

  test('larger than their length says, or in chunks beyond the limit: TOO_LARGE', async () => {
    const base = ['POST /api/v1/transactions HTTP/1.1', 'host: localhost', 'content-type: application/cose', 'connection: close'];
    const declared = head(...base, 'content-length: 99999999');
    assert.deepEqual(outcomes(await talk(doors.gateway.http, (socket) => socket.write(declared))), ['413', 'TOO_LARGE']);
    const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`;
    const chunked = `${head(...base, 'transfer-encoding: chunked')}${chunk.repeat(5)}0\r\n\r\n`;
    assert.deepEqual(outcomes(await talk(doors.gateway.http, (socket) => socket.write(chunked))), ['413', 'TOO_LARGE']);
  });
});

describe('slow senders', () => {
  test('of a head or of a body are told and hung up on, while others are served: REQUEST_TOO_SLOW', () =>
    withDoors(
      async ({ gateway }) => {
        const slowHead = talk(gateway.http, (socket) => socket.write('GET /livez HTTP/1.1\r\nhost: local'));
        const slowBody = talk(gateway.http, (socket) => socket.write(`${head(...POST, 'content-length: 100')}x`));
        assert.equal((await fetch(`${gateway.http}/livez`)).status, 200);
        assert.deepEqual(outcomes(await slowHead), ['408', 'REQUEST_TOO_SLOW']);
        assert.deepEqual(outcomes(await slowBody), ['408', 'REQUEST_TOO_SLOW']);
      },
      { headTimeoutMs: 100, requestTimeoutMs: 200 },
    ));
});

describe('connections that say nothing', () => {
  test('do not hold up a stop', async () => {
    const { gateway, close } = await openDoors();
    const { hostname, port } = new URL(gateway.http);
    const open = connect(Number(port), hostname);
    const gone = new Promise((resolve) => open.once('close', resolve).on('error', () => undefined));
    await new Promise((resolve) => open.once('connect', resolve));
    await fetch(`${gateway.http}/livez`).then((response) => response.text());
    const late = new AbortController();
    // Node would wait for its keep-alive time, half a minute.
    const isLate = sleep(25_000, true, { signal: late.signal }).catch(() => false);
    assert.equal(await Promise.race([close().then(() => false), isLate]), false);
    late.abort();
    await gone;
  });
});

describe('a request under way', () => {
  test('is not begun a second time: IDEMPOTENCY_KEY_BUSY', async () => {
    const refused: string[] = [];
    const { access } = doors.gateway;
    const folder = join(doors.city.folder.paths.folder, 'other-access');
    const answers = new AnswerStore(openAccessDatabase(folder), Date.now);
    const app = fastify() as unknown as App;
    let goOn = (): void => undefined;
    const begun = new Promise<void>((isBegun) => {
      addIdempotency(app, { access, answers, metrics: { countRefusedRequest: (code) => refused.push(code) } });
      app.post('/api/v1/keys', async () => {
        isBegun();
        await new Promise<void>((resolve) => {
          goOn = resolve;
        });
        return { done: true };
      });
    });
    const request = { method: 'POST', url: '/api/v1/keys', headers: { 'idempotency-key': 'k' } } as const;
    const first = app.inject(request).then((response) => response.json() as object);
    await begun;
    const second = await app.inject(request);
    assert.deepEqual([second.statusCode, (second.json() as { code: string }).code], [409, 'IDEMPOTENCY_KEY_BUSY']);
    assert.equal(second.headers['retry-after'], '1');
    goOn();
    assert.deepEqual(await first, { done: true });
    assert.deepEqual(refused, ['IDEMPOTENCY_KEY_BUSY']);
    assert.deepEqual((await app.inject(request)).json(), { done: true }, 'and then its answer is given again');
    await app.close();
  });
});
