/** Attacks on the HTTP door that once went through, or would without a line that is easily lost. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { encodeBase64Url } from '@oppidum/formats/bytes';
import { encodeCbor } from '@oppidum/formats/cbor';
import { enrolDevice, eventually, openDoors, type RunningDoors } from '../../../../test/support/running-gateway.ts';
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
