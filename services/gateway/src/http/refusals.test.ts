import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { encodeCbor } from '@oppidum/formats/cbor';
import { openDoors, type RunningDoors } from '../../../../test/support/running-gateway.ts';

describe('what the HTTP API refuses, and how', () => {
  let doors: RunningDoors;
  const url = (path: string): string => `${doors.gateway.http}${path}`;
  before(async () => {
    doors = await openDoors();
  });
  after(() => doors.close());

  const id = 'ab'.repeat(32);
  const refusals: readonly (readonly [what: string, path: string, status: number, code: string, init?: RequestInit])[] = [
    ['an unknown address', '/api/v1/nothing', 404, 'ROUTE_UNKNOWN'],
    ['a wrong method', '/api/v1/city', 405, 'METHOD_WRONG', { method: 'DELETE' }],
    ['limit=0', '/api/v1/devices?limit=0', 400, 'REQUEST_INVALID'],
    ['limit=1001', '/api/v1/readings?limit=1001', 400, 'REQUEST_INVALID'],
    ['a limit that is no number', '/api/v1/blocks?limit=ten', 400, 'REQUEST_INVALID'],
    ['an unknown parameter', '/api/v1/devices?colour=red', 400, 'REQUEST_INVALID'],
    ['a status that is none', '/api/v1/devices?status=happy', 400, 'REQUEST_INVALID'],
    ['a time that is none', '/api/v1/readings?from=yesterday', 400, 'REQUEST_INVALID'],
    ['a broken cursor', '/api/v1/devices?cursor=xx', 400, 'CURSOR_INVALID'],
    ['a cursor with padding', '/api/v1/devices?cursor=gw==', 400, 'CURSOR_INVALID'],
    [
      'a cursor of another list',
      `/api/v1/devices?cursor=${Buffer.from(encodeCbor(['blocks', 1])).toString('base64url')}`,
      400,
      'CURSOR_INVALID',
    ],
    [
      'a cursor of another type',
      `/api/v1/blocks?cursor=${Buffer.from(encodeCbor(['blocks', 'x'])).toString('base64url')}`,
      400,
      'CURSOR_INVALID',
    ],
    ['a cursor that is too long', `/api/v1/blocks?cursor=${'A'.repeat(600)}`, 400, 'REQUEST_INVALID'],
    ['an id in capitals', `/api/v1/devices/${'AB'.repeat(32)}`, 400, 'REQUEST_INVALID'],
    ['an unknown device', `/api/v1/devices/${id}`, 404, 'DEVICE_UNKNOWN'],
    ['an unknown reading', `/api/v1/readings/${id}`, 404, 'READING_UNKNOWN'],
    ['an unknown transaction', `/api/v1/transactions/${id}`, 404, 'TRANSACTION_UNKNOWN'],
    ['an unknown account', `/api/v1/accounts/${id}`, 404, 'ACCOUNT_UNKNOWN'],
    ['an unknown proposal', `/api/v1/proposals/${id}`, 404, 'PROPOSAL_UNKNOWN'],
    ['a block to come', '/api/v1/blocks/999999', 404, 'BLOCK_UNKNOWN'],
    ['a block below genesis', '/api/v1/blocks/-1', 400, 'REQUEST_INVALID'],
    ['a block beyond numbers', '/api/v1/blocks/99999999999999999999', 400, 'REQUEST_INVALID'],
    ['evidence of nothing', `/api/v1/evidence/${id}`, 404, 'FACT_UNKNOWN'],
    [
      'evidence in a type nobody makes',
      `/api/v1/evidence/state?kind=city`,
      406,
      'NOT_ACCEPTABLE',
      { headers: { accept: 'image/png' } },
    ],
    ['evidence of an unknown kind', '/api/v1/evidence/state?kind=cat', 400, 'TEXT_INVALID'],
    ['evidence under a segment too many', `/api/v1/evidence/state?kind=device&segments=${id},1`, 400, 'LENGTH_WRONG'],
    ['evidence under half an id', '/api/v1/evidence/state?kind=device&segments=abcd', 400, 'TEXT_INVALID'],
    ['evidence under a number with a zero', `/api/v1/evidence/state?kind=deviceKey&segments=${id},01`, 400, 'TEXT_INVALID'],
    ['a way out of the tiles', '/log/tile/0/..%2f..%2flast-signed', 404, 'ROUTE_UNKNOWN'],
    ['another way out of the tiles', '/log/..%2fkeys/operator.seed', 404, 'ROUTE_UNKNOWN'],
    ['a way out of the tiles at the root', '/tile/0/..%2f..%2f..%2flast-signed', 404, 'ROUTE_UNKNOWN'],
    ['a second spelling of a tile at the root', '/tile/0/%30%30%30.p/1', 404, 'ROUTE_UNKNOWN'],
    ['a file beside the tiles', '/log/last-signed', 404, 'ROUTE_UNKNOWN'],
    ['a second spelling of a tile', '/log/tile/0/%30%30%30.p/1', 404, 'ROUTE_UNKNOWN'],
    ['a shard that is none', '/shards/1/checkpoint', 404, 'ROUTE_UNKNOWN'],
    ['a shard in another spelling', '/shards/00/checkpoint', 404, 'ROUTE_UNKNOWN'],
    ['an address that is no UTF-8', '/api/v1/readings/%ff%fe', 400, 'REQUEST_INVALID'],
    ['half an escape', '/%', 400, 'REQUEST_INVALID'],
    ['a page of another site', '/api/v1/city', 403, 'HOST_FOREIGN', { headers: { origin: 'http://evil.example' } }],
  ];
  for (const [what, path, status, code, init] of refusals) {
    test(`refuses ${what}: ${code}`, async () => {
      const response = await fetch(url(path), init);
      const problem = (await response.json()) as { code: string; status: number; type: string; traceId: string };
      assert.deepEqual([response.status, problem.code, problem.status], [status, code, status], JSON.stringify(problem));
      assert.equal(response.headers.get('content-type'), 'application/problem+json');
      assert.equal(problem.type, `/docs/errors#${code}`);
      assert.match(problem.traceId, /^[0-9a-f]{32}$/);
    });
  }

  const bodies: readonly (readonly [what: string, path: string, type: string, body: Uint8Array, status: number, code: string])[] =
    [
      ['JSON readings', '/api/v1/readings', 'application/json', Buffer.from('[]'), 415, 'MEDIA_TYPE_WRONG'],
      ['a batch of nothing', '/api/v1/readings', 'application/cbor', encodeCbor([]), 400, 'LENGTH_WRONG'],
      ['a batch of texts', '/api/v1/readings', 'application/cbor', encodeCbor(['x']), 400, 'WRONG_TYPE'],
      [
        'a batch of 1,001',
        '/api/v1/readings',
        'application/cbor',
        encodeCbor(Array.from({ length: 1_001 }, () => Uint8Array.of(1))),
        400,
        'LENGTH_WRONG',
      ],
      ['a truncated batch', '/api/v1/readings', 'application/cbor', Uint8Array.of(0x82, 0x41), 400, 'TRUNCATED'],
      ['an empty batch', '/api/v1/readings', 'application/cbor', new Uint8Array(0), 400, 'REQUEST_INVALID'],
      ['a batch beyond its size', '/api/v1/readings', 'application/cbor', new Uint8Array(4_194_305), 413, 'TOO_LARGE'],
      ['a transaction as CBOR', '/api/v1/transactions', 'application/cbor', Uint8Array.of(0xf6), 415, 'MEDIA_TYPE_WRONG'],
      ['a transaction of nothing', '/api/v1/transactions', 'application/cose', new Uint8Array(0), 400, 'REQUEST_INVALID'],
      ['a truncated transaction', '/api/v1/transactions', 'application/cose', Uint8Array.of(0xd8, 0x62, 0x84), 400, 'TRUNCATED'],
      ['a transaction beyond its size', '/api/v1/transactions', 'application/cose', new Uint8Array(262_145), 413, 'TOO_LARGE'],
    ];
  for (const [what, path, type, body, status, code] of bodies) {
    test(`refuses ${what}: ${code}`, async () => {
      const headers = { 'content-type': type };
      const response = await fetch(url(path), { method: 'POST', headers, body: Buffer.from(body) });
      const problem = (await response.json()) as { code: string };
      assert.deepEqual([response.status, problem.code], [status, code], JSON.stringify(problem));
    });
  }

  test('a request that names two hosts is refused: REQUEST_INVALID; a foreign one also where the address is broken', async () => {
    const ask = (path: string, ...hosts: readonly string[]): Promise<string> =>
      new Promise((resolve, reject) => {
        const { hostname, port } = new URL(doors.gateway.http);
        const socket = connect(Number(port), hostname, () => {
          const lines = hosts.map((host) => `host: ${host}\r\n`).join('');
          socket.end(`GET ${path} HTTP/1.1\r\n${lines}connection: close\r\n\r\n`);
        });
        let text = '';
        socket.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        socket.on('close', () => resolve(text)).on('error', reject);
      });
    assert.match(await ask('/livez', 'localhost'), /^HTTP\/1\.1 200 /);
    assert.match(await ask('/livez', 'localhost', 'evil.example'), /^HTTP\/1\.1 400 [\s\S]*"code":"REQUEST_INVALID"/);
    assert.match(await ask('/%', 'evil.example'), /^HTTP\/1\.1 403 [\s\S]*"code":"HOST_FOREIGN"/);
  });

  test('a foreign Host is refused: HOST_FOREIGN', async () => {
    const response = await doors.gateway.app.inject({ url: '/api/v1/city', headers: { host: 'evil.example' } });
    assert.deepEqual([response.statusCode, (response.json() as { code: string }).code], [403, 'HOST_FOREIGN']);
  });
});
