import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import { type RunningDoors, withDoors } from '../../../../test/support/running-gateway.ts';

/** Sends raw bytes and collects the answer until the server hangs up. */
function talk({ gateway }: RunningDoors, text: string): Promise<string> {
  const { hostname, port } = new URL(gateway.http);
  const socket = connect(Number(port), hostname, () => socket.write(text));
  return new Promise((resolve) => {
    let answer = '';
    socket.on('data', (data) => {
      answer += data.toString();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(answer));
  });
}

const codeOf = async (response: Response): Promise<string> => ((await response.json()) as { code: string }).code;

describe('limits of the HTTP door', () => {
  test('who asks too often waits: RATE_LIMITED', () =>
    withDoors(
      async ({ gateway }) => {
        for (let i = 0; i < 3; i++) assert.equal((await fetch(`${gateway.http}/livez`)).status, 200);
        const response = await fetch(`${gateway.http}/livez`);
        assert.deepEqual([response.status, await codeOf(response)], [429, 'RATE_LIMITED']);
        assert.match(response.headers.get('retry-after') ?? '', /^[0-9]+$/);
      },
      { requestsPerMinute: 3 },
    ));

  test('what is not HTTP, and headers without end, get a problem and the door', () =>
    withDoors(async (doors) => {
      assert.match(await talk(doors, 'hello\r\n\r\n'), /^HTTP\/1\.1 400 [\s\S]*"code":"REQUEST_INVALID"/);
      const long = `GET /livez HTTP/1.1\r\nhost: localhost\r\nx: ${'y'.repeat(10_000)}\r\n\r\n`;
      assert.match(await talk(doors, long), /^HTTP\/1\.1 431 /);
      assert.match(await talk(doors, 'GET /livez HTTP/1.1\r\nconnection: close\r\n\r\n'), /^HTTP\/1\.1 400 /, 'no host');
      const twice = 'GET /livez HTTP/1.1\r\nhost: evil.example\r\nhost: localhost\r\nconnection: close\r\n\r\n';
      assert.match(await talk(doors, twice), /^HTTP\/1\.1 400 [\s\S]*"code":"REQUEST_INVALID"/, 'two hosts');
      const absolute = 'GET http://localhost/livez HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n';
      assert.match(await talk(doors, absolute), /^HTTP\/1\.1 403 /, 'an absolute address does not replace the host');
      assert.equal((await fetch(`${doors.gateway.http}/livez`)).status, 200, 'others are served');
    }));

  test('what breaks inside is said without its insides: INTERNAL_FAULT', () =>
    withDoors(async ({ gateway }) => {
      await gateway.readModel.close();
      const response = await fetch(`${gateway.http}/api/v1/devices`);
      const text = await response.text();
      assert.deepEqual([response.status, (JSON.parse(text) as { code: string }).code], [500, 'INTERNAL_FAULT']);
      assert.ok(!/sqlite|database|stack|\.ts/i.test(text), text);
    }));

  test('where no shard takes readings, senders are told to come again: NOT_READY', () =>
    withDoors(
      async ({ gateway }) => {
        const headers = { 'content-type': 'application/cose' };
        const response = await fetch(`${gateway.http}/api/v1/readings`, { method: 'POST', headers, body: Buffer.from([0xd2]) });
        assert.deepEqual([response.status, await codeOf(response)], [503, 'NOT_READY']);
        assert.equal(response.headers.get('retry-after'), '2');
      },
      { shards: [] },
    ));

  test('a trace id that a caller brings is kept', () =>
    withDoors(async ({ gateway }) => {
      const traceparent = `00-${'4b'.repeat(16)}-${'00'.repeat(7)}01-01`;
      const response = await fetch(`${gateway.http}/nothing`, { headers: { traceparent } });
      assert.equal(((await response.json()) as { traceId: string }).traceId, '4b'.repeat(16));
    }));
});
