import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pino } from 'pino';
import {
  enrolDevice,
  openDoors,
  type RunningDoors,
  type TestDevice,
  withDoors,
} from '../../../../test/support/running-gateway.ts';
import { chainHash } from '../access/key-store.ts';
import { makeKeyText } from '../access/key-text.ts';
import type { Right } from '../access/principal.ts';
import type { AccessLogPageJson, ApiKeyJson, NewApiKeyJson } from '../api/access.ts';

const DAY_MS = 86_400_000;
const OWNER = { owner: 'mayor' };

type Answer = { readonly status: number; readonly code: string | null; readonly body: unknown; readonly headers: Headers };

/** A clock that tests set, one city for all of them, and its devices. */
let [doors, nowMs, log]: [RunningDoors, number, string[]] = [null as never, Date.now(), []];
let lamp: TestDevice;

before(async () => {
  const logger = pino({ level: 'trace', redact: ['*.authorization'] }, { write: (line: string) => log.push(line) });
  doors = await openDoors({ clock: () => nowMs, logger });
  lamp = await enrolDevice(doors.city);
});
after(() => doors.close());

function makeKey(rights: readonly Right[], limits: { devices?: string[]; deviceTypes?: string[]; days?: number } = {}): string {
  const { devices = null, deviceTypes = null, days = 30 } = limits;
  const wanted = { name: 'a test', rights, devices, deviceTypes, expiresMs: nowMs + days * DAY_MS };
  return doors.gateway.access.createKey(wanted, OWNER).text;
}

/** Asks with a key; without one as somebody who came through a proxy, so not from this machine. */
async function ask(path: string, key: string | null, init: RequestInit = {}): Promise<Answer> {
  const who = key === null ? { 'x-forwarded-for': '192.0.2.7' } : { authorization: `Bearer ${key}` };
  const response = await fetch(`${doors.gateway.http}${path}`, { ...init, headers: { ...who, ...init.headers } });
  const text = await response.text();
  const body = /json/.test(response.headers.get('content-type') ?? '') ? (JSON.parse(text) as { code?: string }) : text;
  return {
    status: response.status,
    code: typeof body === 'string' ? null : (body.code ?? null),
    body,
    headers: response.headers,
  };
}

const codeOf = async (path: string, key: string | null, init: RequestInit = {}): Promise<readonly [number, string | null]> => {
  const { status, code } = await ask(path, key, init);
  return [status, code];
};

const post = (body: object | string, headers: Record<string, string> = {}): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', ...headers },
  body: typeof body === 'string' ? body : JSON.stringify(body),
});

const idOf = (key: string): string => key.slice(4, 20);

describe('who may do what', () => {
  test('a stranger from elsewhere is asked for a key: API_KEY_MISSING; health and description are for everybody', async () => {
    for (const path of ['/api/v1/city', '/api/v1/readings', '/metrics', '/log/checkpoint', '/checkpoint', '/tile/0/000.p/1']) {
      const { status, code, headers } = await ask(path, null);
      assert.deepEqual([status, code, headers.get('www-authenticate')], [401, 'API_KEY_MISSING', 'Bearer realm="oppidum"'], path);
    }
    for (const path of ['/livez', '/readyz', '/openapi.json', '/docs/errors'])
      assert.equal((await ask(path, null)).status, 200, path);
    assert.deepEqual(await codeOf('/api/v1/keys', null), [401, 'API_KEY_MISSING']);
  });

  test('who is on this machine reads what is not about people, and manages no keys', async () => {
    const read = await fetch(`${doors.gateway.http}/api/v1/city`);
    assert.equal(read.status, 200);
    const keys = await fetch(`${doors.gateway.http}/api/v1/keys`);
    assert.deepEqual([keys.status, ((await keys.json()) as { code: string }).code], [401, 'API_KEY_MISSING']);
  });

  test('signed readings are taken from everybody; a key without the right takes them not: API_KEY_RIGHT', async () => {
    const send = (sequence: number): RequestInit => ({
      method: 'POST',
      headers: { 'content-type': 'application/cose' },
      body: Buffer.from(lamp.reading(sequence)),
    });
    assert.equal((await ask('/api/v1/readings', null, send(1))).status, 200);
    assert.deepEqual(await codeOf('/api/v1/readings', makeKey(['readings:read']), send(2)), [403, 'API_KEY_RIGHT']);
    assert.equal((await ask('/api/v1/readings', makeKey(['readings:write']), send(2))).status, 200);
  });

  test('a key has its rights and no others, and the answer says which one it would take', async () => {
    const key = makeKey(['readings:read']);
    assert.equal((await ask('/api/v1/readings', key)).status, 200);
    const { status, code, headers } = await ask('/api/v1/city', key);
    assert.deepEqual([status, code], [403, 'API_KEY_RIGHT']);
    assert.match(headers.get('www-authenticate') ?? '', /error="insufficient_scope", scope="ledger:read"/);
  });

  test('no key, a mistyped, a foreign, an expired and a revoked one are told apart', async () => {
    const key = makeKey(['ledger:read'], { days: 1 });
    const other = makeKeyText(() => new Uint8Array(32)).text;
    for (const wrong of ['x', `${key}0`, key.toUpperCase(), key.replace(/.$/, (c) => (c === '0' ? '1' : '0')), other]) {
      const { status, code, headers } = await ask('/api/v1/city', wrong);
      assert.deepEqual([status, code], [401, 'API_KEY_INVALID'], wrong);
      assert.match(headers.get('www-authenticate') ?? '', /error="invalid_token"/);
    }
    const basic = { headers: { authorization: `Basic ${Buffer.from('a:b').toString('base64')}` } };
    const response = await fetch(`${doors.gateway.http}/livez`, basic);
    assert.equal(response.status, 401, 'whoever shows something that is no key is not taken for a stranger');
    nowMs += DAY_MS;
    assert.deepEqual(await codeOf('/api/v1/city', key), [401, 'API_KEY_EXPIRED']);
    const fresh = makeKey(['ledger:read']);
    assert.equal((await ask('/api/v1/city', fresh)).status, 200);
    doors.gateway.access.revokeKey(idOf(fresh), OWNER);
    assert.deepEqual(await codeOf('/api/v1/city', fresh), [401, 'API_KEY_REVOKED']);
  });

  test('a key in an address is refused, and no answer repeats it: API_KEY_IN_ADDRESS', async () => {
    const key = makeKey(['ledger:read']);
    for (const path of [`/api/v1/city?access_token=${key}`, `/api/v1/city?x=${key}`, '/api/v1/city?api_key=abc', `/${key}`]) {
      const { status, code, body } = await ask(path, null);
      assert.deepEqual([status, code], [400, 'API_KEY_IN_ADDRESS'], path);
      assert.ok(!JSON.stringify(body).includes(key.slice(21)), 'the secret is not in the answer');
    }
  });

  test('a key for some devices reads these and nothing that could be of others: API_KEY_SCOPE', async () => {
    const other = await enrolDevice(doors.city);
    const key = makeKey(['ledger:read', 'readings:read', 'evidence:read'], { devices: [lamp.hex] });
    assert.equal((await ask(`/api/v1/readings?device=${lamp.hex}`, key)).status, 200);
    assert.deepEqual(await codeOf('/api/v1/readings', key), [403, 'API_KEY_SCOPE']);
    assert.deepEqual(await codeOf(`/api/v1/readings?device=${other.hex}`, key), [403, 'API_KEY_SCOPE']);
    const send = { method: 'POST', headers: { 'content-type': 'application/cose' }, body: Buffer.from(other.reading(1)) };
    const { body } = await ask('/api/v1/readings', makeKey(['readings:write']), send);
    assert.ok(body !== null);
    const foreign = (await (await fetch(`${doors.gateway.http}/api/v1/readings?device=${other.hex}`)).json()) as {
      items: { id: string }[];
    };
    for (const { id } of foreign.items) {
      assert.deepEqual(await codeOf(`/api/v1/readings/${id}`, key), [403, 'API_KEY_SCOPE']);
      assert.deepEqual(await codeOf(`/api/v1/evidence/${id}`, key), [403, 'API_KEY_SCOPE']);
    }
    const ofType = makeKey(['readings:read'], { deviceTypes: ['street-light'] });
    assert.equal((await ask(`/api/v1/readings?device=${other.hex}`, ofType)).status, 200);
    assert.deepEqual(await codeOf(`/api/v1/readings?device=${'ab'.repeat(32)}`, ofType), [403, 'API_KEY_SCOPE']);
  });

  test('a stream ends with API_KEY_REVOKED when its key is revoked, one of another key goes on', async () => {
    const [key, other] = [makeKey(['readings:read']), makeKey(['readings:read'])];
    const stop = new AbortController();
    const open = (shown: string): Promise<Response> =>
      fetch(`${doors.gateway.http}/api/v1/live`, { headers: { authorization: `Bearer ${shown}` }, signal: stop.signal });
    const [ended, goesOn] = await Promise.all([open(key), open(other)]);
    assert.deepEqual([ended.status, goesOn.status], [200, 200]);
    doors.gateway.access.revokeKey(idOf(key), OWNER);
    assert.match(await ended.text(), /API_KEY_REVOKED/);
    const reader = goesOn.body!.getReader();
    await ask('/api/v1/readings', null, {
      method: 'POST',
      headers: { 'content-type': 'application/cose' },
      body: Buffer.from(lamp.reading(40)),
    });
    let text = '';
    while (!text.includes('event: readings')) text += Buffer.from((await reader.read()).value ?? []).toString();
    assert.ok(!text.includes('API_KEY_REVOKED'));
    stop.abort();
  });

  test('values about people are for keys with personal:read, and that they were read is recorded before', async () => {
    const meter = await enrolDevice(doors.city, { personal: true });
    const envelope = meter.reading(1);
    const send = { method: 'POST', headers: { 'content-type': 'application/cose' }, body: Buffer.from(envelope) };
    assert.equal((await ask('/api/v1/readings', null, send)).status, 200);
    const id = createHash('sha256').update(envelope).digest('hex');
    const [plain, privileged] = [
      makeKey(['readings:read', 'evidence:read']),
      makeKey(['readings:read', 'evidence:read', 'personal:read']),
    ];
    type Shown = { personal: boolean; records: unknown[]; envelope: string | null };
    const recordsOf = async (key: string): Promise<Shown> => (await ask(`/api/v1/readings/${id}`, key)).body as Shown;
    const hidden = await recordsOf(plain);
    assert.deepEqual([hidden.personal, hidden.records.length, hidden.envelope], [true, 0, null]);
    assert.equal((await ask(`/api/v1/evidence/${id}`, plain)).code, 'PERSONAL_DATA');
    const shown = await recordsOf(privileged);
    assert.deepEqual([shown.personal, shown.records.length], [true, 1]);
    assert.ok(shown.envelope !== null);
    const [last] = doors.gateway.access.log(1, null);
    const event = { kind: 'personal-read', by: { key: idOf(privileged) }, device: meter.hex, path: '/api/v1/readings/:id' };
    assert.deepEqual(last?.event, event);
    const evidence = await ask(`/api/v1/evidence/${id}`, privileged);
    assert.ok(evidence.status === 200 || evidence.code === 'NOT_ANCHORED', JSON.stringify(evidence.body));
  });

  test('whoever holds a key of something long-lived is told when it is revoked', () => {
    const [first, second] = [makeKey(['readings:read']), makeKey(['readings:read'])];
    const { access } = doors.gateway;
    const told: string[] = [];
    const stop = access.onRevoked((id) => told.push(id));
    const principal = { kind: 'key', id: idOf(first), rights: new Set(['readings:read'] as const), scope: null } as const;
    assert.equal(access.stillMay(principal, 'readings:read'), true);
    access.revokeKey(idOf(first), OWNER);
    assert.equal(access.stillMay(principal, 'readings:read'), false);
    access.revokeKey(idOf(first), OWNER);
    stop();
    access.revokeKey(idOf(second), OWNER);
    assert.deepEqual(told, [idOf(first)]);
  });
});

describe('keys over HTTP', () => {
  const wanted = (rights: readonly Right[]) => ({ name: 'gift', rights, expiresMs: nowMs + DAY_MS });

  test('made with its secret shown once, listed without it, revoked at once; all of it is recorded in a chain', async () => {
    const manager = makeKey(['keys:manage', 'ledger:read', 'audit:read']);
    const made = await ask('/api/v1/keys', manager, post(wanted(['ledger:read'])));
    assert.equal(made.status, 200, JSON.stringify(made.body));
    const { key, secret } = made.body as NewApiKeyJson;
    assert.match(secret ?? '', new RegExp(`^opk_${key.id}_[0-9a-f]{72}$`));
    assert.equal(made.headers.get('cache-control'), 'no-store');
    assert.equal((await ask('/api/v1/city', secret)).status, 200);
    const list = (await ask('/api/v1/keys', manager)).body as { items: ApiKeyJson[] };
    const listed = list.items.find(({ id }) => id === key.id);
    assert.deepEqual([listed?.state, listed?.lastUsedMs], ['in-force', nowMs]);
    assert.ok(!JSON.stringify(list).includes((secret ?? '').slice(21)));
    const revoked = await ask(`/api/v1/keys/${key.id}`, manager, { method: 'DELETE' });
    assert.equal((revoked.body as ApiKeyJson).state, 'revoked');
    assert.deepEqual(await codeOf('/api/v1/city', secret), [401, 'API_KEY_REVOKED']);
    assert.deepEqual(await codeOf(`/api/v1/keys/${'0'.repeat(16)}`, manager, { method: 'DELETE' }), [404, 'API_KEY_UNKNOWN']);

    const { items, next } = (await ask('/api/v1/audit?limit=1000', manager)).body as AccessLogPageJson;
    assert.equal(next, null);
    assert.deepEqual(
      items.slice(0, 2).map(({ event }) => [event.kind, event.by]),
      [
        ['key-revoked', { key: idOf(manager) }],
        ['key-created', { key: idOf(manager) }],
      ],
    );
    let hash: Uint8Array = new Uint8Array(32);
    for (const { number, timeMs, event, hash: shown } of items.toReversed()) {
      hash = chainHash(hash, { number, timeMs, text: JSON.stringify(event) });
      assert.equal(Buffer.from(hash).toString('hex'), shown, `entry ${number}`);
    }
  });

  test('nobody gives what he has not: API_KEY_RIGHT, API_KEY_SCOPE', async () => {
    const manager = makeKey(['keys:manage', 'readings:read'], { devices: [lamp.hex] });
    assert.deepEqual(await codeOf('/api/v1/keys', manager, post(wanted(['personal:read']))), [403, 'API_KEY_RIGHT']);
    assert.deepEqual(await codeOf('/api/v1/keys', manager, post(wanted(['readings:read']))), [403, 'API_KEY_SCOPE']);
    const foreign = post({ ...wanted(['readings:read']), devices: ['ab'.repeat(32)] });
    assert.deepEqual(await codeOf('/api/v1/keys', manager, foreign), [403, 'API_KEY_SCOPE']);
    assert.equal((await ask('/api/v1/keys', manager, post({ ...wanted(['readings:read']), devices: [lamp.hex] }))).status, 200);
  });

  const long = 'x'.repeat(101);
  const bodies: readonly (readonly [what: string, body: string | Buffer, status: number, code: string])[] = [
    ['no JSON', '{', 400, 'REQUEST_INVALID'],
    ['nothing', '', 400, 'REQUEST_INVALID'],
    ['bytes that are no UTF-8', Buffer.from([0x22, 0xff, 0x22]), 400, 'REQUEST_INVALID'],
    ['a prototype', '{"__proto__":{"rights":["audit:read"]},"name":"x"}', 400, 'REQUEST_INVALID'],
    ['a constructor', '{"constructor":{"prototype":{}},"name":"x"}', 400, 'REQUEST_INVALID'],
    ['JSON without an end', `${'['.repeat(60_000)}`, 400, 'TOO_DEEP'],
    ['brackets in a text', JSON.stringify('['.repeat(100)), 400, 'REQUEST_INVALID'],
    ['an unknown right', JSON.stringify({ name: 'x', rights: ['all'], expiresMs: 1 }), 400, 'REQUEST_INVALID'],
    ['no right', JSON.stringify({ name: 'x', rights: [], expiresMs: 1 }), 400, 'REQUEST_INVALID'],
    ['a long name', JSON.stringify({ name: long, rights: ['ledger:read'], expiresMs: 1 }), 400, 'REQUEST_INVALID'],
    ['a name of two lines', JSON.stringify({ name: 'a\nb', rights: ['ledger:read'], expiresMs: 1 }), 400, 'REQUEST_INVALID'],
    ['a time that is over', JSON.stringify({ name: 'x', rights: ['ledger:read'], expiresMs: 1 }), 400, 'REQUEST_INVALID'],
    ['a life without end', JSON.stringify({ name: 'x', rights: ['ledger:read'], expiresMs: 2 ** 52 }), 400, 'REQUEST_INVALID'],
    ['more than there is room for', Buffer.alloc(131_073, 0x20), 413, 'TOO_LARGE'],
  ];
  for (const [what, body, status, code] of bodies) {
    test(`refuses ${what}: ${code}`, async () => {
      const manager = makeKey(['keys:manage', 'ledger:read']);
      const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: body as string };
      assert.deepEqual(await codeOf('/api/v1/keys', manager, init), [status, code]);
    });
  }

  test('refuses text as JSON: MEDIA_TYPE_WRONG', async () => {
    const manager = makeKey(['keys:manage', 'ledger:read']);
    const text = post(wanted(['ledger:read']), { 'content-type': 'text/plain' });
    assert.deepEqual(await codeOf('/api/v1/keys', manager, text), [415, 'MEDIA_TYPE_WRONG']);
  });
});

describe('requests that are sent again', () => {
  test('get the first answer without its secret; another request with the key is refused: IDEMPOTENCY_KEY_REUSED', async () => {
    const manager = makeKey(['keys:manage', 'ledger:read']);
    const body = { name: 'once', rights: ['ledger:read'], expiresMs: nowMs + DAY_MS };
    const again = post(body, { 'idempotency-key': 'key-1' });
    const first = (await ask('/api/v1/keys', manager, again)).body as NewApiKeyJson;
    const second = await ask('/api/v1/keys', manager, again);
    assert.deepEqual([second.status, second.headers.get('idempotency-replayed')], [200, 'true']);
    assert.deepEqual(second.body, { key: first.key, secret: null }, 'the same key, and no second one');
    const other = post({ ...body, name: 'twice' }, { 'idempotency-key': 'key-1' });
    assert.deepEqual(await codeOf('/api/v1/keys', manager, other), [422, 'IDEMPOTENCY_KEY_REUSED']);
    assert.equal(
      (await ask('/api/v1/keys', makeKey(['keys:manage', 'ledger:read']), other)).status,
      200,
      'others have their own',
    );
    assert.deepEqual(await codeOf('/api/v1/keys', manager, post(body, { 'idempotency-key': 'a b' })), [400, 'REQUEST_INVALID']);
    nowMs += 2 * DAY_MS;
    const late = makeKey(['keys:manage', 'ledger:read']);
    assert.equal(
      (await ask('/api/v1/keys', late, post({ ...body, expiresMs: nowMs + DAY_MS }, { 'idempotency-key': 'key-1' }))).status,
      200,
    );
  });

  test('a transaction and its retry get the same answer; another one under its key does not', async () => {
    const send = (bytes: readonly number[]): RequestInit => ({
      method: 'POST',
      headers: { 'content-type': 'application/cose', 'idempotency-key': 'tx' },
      body: Buffer.from(bytes),
    });
    const first = await ask('/api/v1/transactions', null, send([0xd8, 0x62, 0x84]));
    const second = await ask('/api/v1/transactions', null, send([0xd8, 0x62, 0x84]));
    assert.deepEqual([second.status, second.code], [first.status, first.code]);
    assert.deepEqual(await codeOf('/api/v1/transactions', null, send([0xd8])), [422, 'IDEMPOTENCY_KEY_REUSED']);
  });
});

describe('what is kept', () => {
  test('keys outlive the process as hashes, in a file of their owner; no secret is on the disk or in a log', async () => {
    const manager = makeKey(['keys:manage', 'ledger:read']);
    const made = (
      await ask(
        '/api/v1/keys',
        manager,
        post({ name: 'disk', rights: ['ledger:read'], expiresMs: nowMs + DAY_MS }, { 'idempotency-key': 'd' }),
      )
    ).body as NewApiKeyJson;
    await ask(`/api/v1/city?key=${made.secret}`, null);
    await ask('/api/v1/nothing', made.secret);
    const folder = doors.city.folder.paths.access;
    assert.equal(statSync(folder).mode & 0o777, 0o700);
    for (const end of ['', '-wal', '-shm']) {
      const file = join(folder, `access.sqlite${end}`);
      assert.equal(statSync(file).mode & 0o777, 0o600, file);
      assert.ok(!readFileSync(file).includes((made.secret ?? '').slice(21)), file);
    }
    assert.ok(!log.join('').includes((made.secret ?? '').slice(21)), 'nor in the log at its most talkative');
    assert.ok(log.length > 0);
  });
});

describe('budgets', () => {
  test('each principal has its own, for reads, writes and evidence, and is told what is left: RATE_LIMITED', () =>
    withDoors(
      async ({ gateway }) => {
        const wanted = { name: 'x', rights: ['ledger:read', 'evidence:read'] as const, devices: null, deviceTypes: null };
        const keys = [1, 2].map(() => gateway.access.createKey({ ...wanted, expiresMs: Date.now() + DAY_MS }, OWNER).text);
        const get = (path: string, key: string) =>
          fetch(`${gateway.http}${path}`, { headers: { authorization: `Bearer ${key}` } });
        const first = await get('/api/v1/city', keys[0]!);
        assert.equal(first.headers.get('ratelimit-policy'), '"reads";q=3;w=60');
        assert.match(first.headers.get('ratelimit') ?? '', /^"reads";r=2;t=60$/);
        for (let i = 0; i < 2; i++) assert.equal((await get('/api/v1/city', keys[0]!)).status, 200);
        const over = await get('/api/v1/city', keys[0]!);
        assert.deepEqual([over.status, ((await over.json()) as { code: string }).code], [429, 'RATE_LIMITED']);
        assert.ok(Number(over.headers.get('retry-after')) >= 1);
        assert.equal((await get('/api/v1/city', keys[1]!)).status, 200, 'another key');
        assert.equal((await get('/api/v1/evidence/state?kind=city', keys[0]!)).status, 200, 'another budget');
        assert.equal((await get('/api/v1/evidence/state?kind=city', keys[0]!)).status, 429);
        assert.equal((await fetch(`${gateway.http}/api/v1/city`)).status, 200, 'who has no key');
      },
      { requestsPerMinute: 3, evidencePerMinute: 1 },
    ));

  test('who tries keys is slowed down; who holds one is not', () =>
    withDoors(async ({ gateway }) => {
      const wanted = { name: 'x', rights: ['ledger:read'] as const, devices: null, deviceTypes: null };
      const key = gateway.access.createKey({ ...wanted, expiresMs: Date.now() + DAY_MS }, OWNER).text;
      const get = (text: string) => fetch(`${gateway.http}/api/v1/city`, { headers: { authorization: `Bearer ${text}` } });
      for (let i = 0; i < 20; i++) assert.equal((await get('nothing')).status, 401);
      const slowed = await get('nothing');
      assert.deepEqual([slowed.status, ((await slowed.json()) as { code: string }).code], [429, 'RATE_LIMITED']);
      assert.equal((await get(key)).status, 200);
    }));
});

describe('who may read without a key', () => {
  for (const [anonymous, headers, status] of [
    ['nobody', {}, 401],
    ['anybody', { via: '1.1 proxy' }, 200],
  ] as const)
    test(`${anonymous}, where it is set so`, () =>
      withDoors(async ({ gateway }) => assert.equal((await fetch(`${gateway.http}/api/v1/city`, { headers })).status, status), {
        anonymous,
      }));
});
