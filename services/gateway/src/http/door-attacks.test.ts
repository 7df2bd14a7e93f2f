/** Attacks on the HTTP door that once went through, or would without a line that is easily lost. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { encodeBase64Url } from '@oppidum/formats/bytes';
import { encodeCbor } from '@oppidum/formats/cbor';
import { enrolDevice, eventually, openDoors, type RunningDoors, withDoors } from '../../../../test/support/running-gateway.ts';
import { isHere } from '../access/caller.ts';
import type { Right } from '../access/principal.ts';

const DAY_MS = 86_400_000;
const OWNER = { owner: 'mayor' };

let doors: RunningDoors;
before(async () => {
  doors = await openDoors();
});
after(() => doors.close());

function makeKey(rights: readonly Right[], devices: string[] | null = null): string {
  const wanted = { name: 'a test', rights, devices, deviceTypes: null, expiresMs: Date.now() + DAY_MS };
  return doors.gateway.access.createKey(wanted, OWNER).text;
}

const ask = (path: string, key: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`${doors.gateway.http}${path}`, { ...init, headers: { authorization: `Bearer ${key}`, ...init.headers } });

const codeOf = async (response: Response): Promise<string> => ((await response.json()) as { code: string }).code;

test('evidence about a person is not kept for a request that may be sent again', async () => {
  const meter = await enrolDevice(doors.city, { personal: true });
  const secret = 'somebody came home';
  const envelope = Buffer.from(meter.reading(1, [{ sensor: 'note', value: secret, timeMs: Date.now() }]));
  const id = createHash('sha256').update(envelope).digest('hex');
  const key = makeKey(['readings:write', 'evidence:read', 'personal:read']);
  const type = { 'content-type': 'application/cose' };
  assert.equal((await ask('/api/v1/readings', key, { method: 'POST', headers: type, body: envelope })).status, 200);
  const prove = (): Promise<Response> =>
    ask(`/api/v1/evidence/${id}`, key, { method: 'POST', headers: { ...type, 'idempotency-key': 'prove' }, body: envelope });
  const first = await eventually(prove, ({ status }) => status === 200);
  assert.ok(Buffer.from(await first.arrayBuffer()).includes(secret));
  const again = await prove();
  assert.deepEqual([again.status, again.headers.get('idempotency-replayed')], [200, null]);
  const { access } = doors.city.folder.paths;
  for (const name of readdirSync(access)) assert.ok(!readFileSync(join(access, name)).includes(secret), name);
});

test('what the API says is kept by no browser: of a person it would outlive an erasure', async () => {
  const meter = await enrolDevice(doors.city, { personal: true });
  const envelope = meter.reading(1);
  await doors.shard.client.ingest(envelope);
  const id = createHash('sha256').update(envelope).digest('hex');
  const key = makeKey(['ledger:read', 'readings:read', 'personal:read']);
  const shown = await ask(`/api/v1/readings/${id}`, key);
  assert.equal(shown.headers.get('cache-control'), 'no-store');
  assert.equal(((await shown.json()) as { readonly records: readonly unknown[] }).records.length, 1);
  for (const path of [`readings?device=${meter.hex}`, `receipts?device=${meter.hex}`, `devices/${meter.hex}`])
    assert.equal((await ask(`/api/v1/${path}`, key)).headers.get('cache-control'), 'no-store', path);
});

test('one IPv6 network has the streams of one caller: LIVE_COUNT', async () => {
  await withDoors(
    async ({ gateway: { app } }) => {
      const listen = (remoteAddress: string) =>
        app.inject({ url: '/api/v1/live', headers: { host: '127.0.0.1' }, remoteAddress, payloadAsStream: true });
      for (let i = 1; i <= 16; i++) assert.equal((await listen(`2001:db8::${i}`)).statusCode, 200);
      const refused = await listen('2001:db8::99');
      assert.equal(
        (JSON.parse(Buffer.concat(await refused.stream().toArray()).toString()) as { code: string }).code,
        'LIVE_COUNT',
      );
      assert.equal((await listen('2001:db8:0:1::1')).statusCode, 200);
    },
    { anonymous: 'anybody' },
  );
});

test('whoever may make keys revokes none that can do more: API_KEY_RIGHT, API_KEY_SCOPE', async () => {
  const lamp = 'ab'.repeat(32);
  const idOf = (key: string): string => key.slice(4, 20);
  const revoke = (by: string, key: string): Promise<Response> => ask(`/api/v1/keys/${idOf(key)}`, by, { method: 'DELETE' });
  const mayor = makeKey(['keys:manage', 'personal:read']);
  const [wide, narrow] = [makeKey(['keys:manage']), makeKey(['keys:manage'], [lamp])];
  assert.equal(await codeOf(await revoke(wide, mayor)), 'API_KEY_RIGHT');
  assert.equal(await codeOf(await revoke(narrow, wide)), 'API_KEY_SCOPE');
  assert.equal((await revoke(mayor, mayor)).status, 200);
  assert.equal((await revoke(wide, narrow)).status, 200);
  assert.equal((await revoke(wide, wide)).status, 200);
});

test('a key that is revoked while its request is still coming does nothing any more: API_KEY_REVOKED', async () => {
  const { access, http } = doors.gateway;
  const thief = makeKey(['keys:manage', 'ledger:read']);
  const body = JSON.stringify({ name: 'heir', rights: ['ledger:read'], expiresMs: Date.now() + DAY_MS / 2 });
  const headers = { authorization: `Bearer ${thief}`, 'content-type': 'application/json', 'content-length': body.length };
  const request = httpRequest(`${http}/api/v1/keys`, { method: 'POST', headers });
  const answered = new Promise<string>((resolve, fail) => {
    request.once('error', fail);
    request.once('response', async (response) => resolve(Buffer.concat(await response.toArray()).toString()));
  });
  request.write(body.slice(0, -1));
  // The time of its last use says that it was let in.
  const used = () => access.keys().find(({ id }) => id === thief.slice(4, 20))?.lastUsedMs ?? null;
  await eventually(
    async () => used(),
    (lastUsedMs) => lastUsedMs !== null,
  );
  access.revokeKey(thief.slice(4, 20), OWNER);
  request.end(body.slice(-1));
  assert.equal((JSON.parse(await answered) as { code?: string }).code, 'API_KEY_REVOKED');
  assert.ok(!access.keys().some(({ name }) => name === 'heir'));
});

test('a cursor with numbers that no sequence number is: CURSOR_INVALID', async () => {
  const device = await enrolDevice(doors.city);
  const key = makeKey(['readings:read']);
  for (const number of [Number.MAX_SAFE_INTEGER, -2, -Number.MAX_SAFE_INTEGER]) {
    const cursor = encodeBase64Url(encodeCbor(['receipts', number]));
    const answer = await ask(`/api/v1/receipts?device=${device.hex}&cursor=${cursor}`, key);
    assert.deepEqual([answer.status, await codeOf(answer)], [400, 'CURSOR_INVALID'], String(number));
  }
});

test('whatever header says that a request was passed on, it is from nobody here', () => {
  const from = (headers: Record<string, string>, httpVersion = '1.1'): boolean =>
    isHere({ headers: { host: 'localhost', ...headers }, rawHeaders: [], httpVersion, socket: { remoteAddress: '::1' } });
  assert.equal(from({}), true);
  assert.equal(from({}, '1.0'), false, 'a proxy that says nothing speaks an older HTTP than browsers do');
  for (const name of [
    'x-forwarded-port',
    'x-forwarded-server',
    'x-forwarded',
    'cf-connecting-ip',
    'true-client-ip',
    'x-client-ip',
    'x-original-forwarded-for',
    'x-original-host',
    'x-envoy-external-address',
    'x-azure-clientip',
    'x-appengine-user-ip',
    'fastly-client-ip',
    'fly-client-ip',
  ])
    assert.equal(from({ [name]: '192.0.2.7' }), false, name);
});
