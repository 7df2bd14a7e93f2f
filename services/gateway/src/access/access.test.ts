import assert from 'node:assert/strict';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { freshBytes, inTemporaryFolder } from '../../../../test/support/running-city.ts';
import { Access, type AccessOptions } from './access.ts';
import { AnswerStore, type Request } from './answer-store.ts';
import { isHere } from './caller.ts';
import { openAccessDatabase } from './key-store.ts';
import { holdsKey, makeKeyText, parseKeyText, withoutKeys } from './key-text.ts';

const OWNER = { owner: 'mayor' };

function open(folder: string, options: Partial<AccessOptions> = {}): Access {
  return new Access({
    database: openAccessDatabase(folder),
    anonymous: 'here',
    clock: () => 1_000,
    randomBytes: freshBytes,
    onWriteFailure: (error) => assert.fail(error),
    ...options,
  });
}

const wanted = {
  name: 'x',
  rights: ['readings:read', 'personal:read'],
  devices: null,
  deviceTypes: null,
  expiresMs: 9_000,
} as const;

describe('the text of a key', () => {
  test('is parsed back, and any one digit changed is no key', () => {
    const { id, text } = makeKeyText(freshBytes);
    assert.deepEqual(parseKeyText(text), { id, text });
    for (let i = 0; i < text.length; i++) {
      const changed = `${text.slice(0, i)}${text[i] === '0' ? '1' : '0'}${text.slice(i + 1)}`;
      assert.equal(parseKeyText(changed), null, `character ${i}`);
    }
  });

  test('is found in other texts and cut down to its id', () => {
    const { id, text } = makeKeyText(freshBytes);
    assert.equal(withoutKeys(`a ${text} b ${text}`), `a opk_${id}_… b opk_${id}_…`);
    assert.equal(holdsKey(`/x?y=${text}`), true);
    assert.equal(holdsKey('/x?y=opk_1'), false);
  });
});

describe('what outlives the process', () => {
  test('keys, revocations, times of last use and the log', () =>
    inTemporaryFolder(async (folder) => {
      const first = open(folder);
      const { key, text } = first.createKey(wanted, OWNER);
      const revoked = first.createKey(wanted, OWNER).key;
      first.revokeKey(revoked.id, OWNER);
      const request = { ip: '127.0.0.1' } as Parameters<Access['authenticate']>[0];
      const caller = { headers: { authorization: `bearer ${text}` }, rawHeaders: [], httpVersion: '1.1', socket: {} };
      assert.equal(first.authenticate(request, caller), null);
      const principal = first.principalOf(request);
      await Promise.all(['a', 'a', 'b'].map((device) => first.recordPersonalRead(principal, device, '/api/v1/readings')));
      await first.recordPersonalRead(principal, 'b', '/api/v1/readings');
      first.close();
      const second = open(folder);
      assert.deepEqual(
        second.keys().map(({ id, revokedMs, lastUsedMs }) => [id, revokedMs, lastUsedMs]),
        [key.id, revoked.id].sort().map((id) => (id === key.id ? [id, null, 1_000] : [id, 1_000, null])),
      );
      const kinds = second.log(100, null).map(({ event }) => event.kind);
      assert.deepEqual(kinds.toReversed().slice(0, 3), ['key-created', 'key-created', 'key-revoked']);
      assert.ok(kinds.filter((kind) => kind === 'personal-read').length >= 2, 'one for each device at least');
      assert.equal(second.authenticate(request, caller), null);
      second.revokeKey(key.id, OWNER);
      assert.equal(second.authenticate(request, caller)?.code, 'API_KEY_REVOKED');
      second.close();
    }));

  test('a file that others could read is closed to them', () =>
    inTemporaryFolder(async (folder) => {
      mkdirSync(folder, { mode: 0o755 });
      const file = join(folder, 'access.sqlite');
      writeFileSync(file, '', { mode: 0o644 });
      open(folder).close();
      assert.equal(statSync(file).mode & 0o777, 0o600);
    }));

  test('there is an end to keys: API_KEY_COUNT', () =>
    inTemporaryFolder(async (folder) => {
      const access = open(folder, { keyCountMax: 1 });
      access.createKey(wanted, OWNER);
      assert.throws(() => access.createKey(wanted, OWNER), { code: 'API_KEY_COUNT' });
      access.close();
    }));
});

describe('who is here', () => {
  const caller = (remoteAddress: string, headers: Record<string, string>) => ({
    headers,
    rawHeaders: [],
    httpVersion: '1.1',
    socket: { remoteAddress },
  });
  const cases: readonly (readonly [what: string, address: string, headers: Record<string, string>, here: boolean])[] = [
    ['this machine', '127.0.0.1', { host: '127.0.0.1:8420' }, true],
    ['this machine by name', '::1', { host: 'localhost:8420' }, true],
    ['this machine over IPv6 as IPv4', '::ffff:127.0.0.1', { host: '[::1]:8420' }, true],
    ['another machine', '192.0.2.7', { host: 'localhost' }, false],
    ['another that looks alike', '2001:db8::127.0.0.1', { host: 'localhost' }, false],
    ['a proxy here', '127.0.0.1', { host: 'localhost', 'x-forwarded-for': '192.0.2.7' }, false],
    ['a proxy that says so by the standard', '127.0.0.1', { host: 'localhost', forwarded: 'for=192.0.2.7' }, false],
    ['a proxy that only says that it is one', '127.0.0.1', { host: 'localhost', via: '1.1 x' }, false],
    ['a proxy that keeps the name it was called by', '127.0.0.1', { host: 'city.example' }, false],
    ['nobody known', '', { host: 'localhost' }, false],
  ];
  for (const [what, address, headers, here] of cases)
    test(`${what}: ${here ? 'here' : 'elsewhere'}`, () => assert.equal(isHere(caller(address, headers)), here));
});

describe('first answers', () => {
  const request = (key: string, digest: number, repeats = false, principal = 'p'): Request => ({
    ...{ principal, key, digest: new Uint8Array(32).fill(digest), repeats },
  });
  const answer = { status: 200, type: 'text/plain', body: new Uint8Array([1]) };

  test('are kept for a day; under way is busy; another request is reused; a failure may be tried again', () =>
    inTemporaryFolder(async (folder) => {
      let nowMs = 0;
      const database = openAccessDatabase(folder);
      const store = new AnswerStore(database, () => nowMs);
      assert.equal(store.begin(request('a', 1)).kind, 'new');
      assert.equal(store.begin(request('a', 1)).kind, 'busy');
      assert.equal(store.begin(request('a', 2)).kind, 'reused');
      store.end(request('a', 1), answer);
      assert.equal(store.begin(request('a', 1)).kind, 'answered');
      assert.equal(store.begin(request('a', 1, false, 'q')).kind, 'new', 'of another principal');
      store.begin(request('b', 1));
      store.end(request('b', 1), null);
      assert.equal(store.begin(request('b', 2)).kind, 'new');
      assert.equal(new AnswerStore(database, () => nowMs).begin(request('a', 1)).kind, 'answered', 'after a restart');
      nowMs += 86_400_000;
      assert.equal(store.begin(request('a', 2)).kind, 'new');
      database.close();
    }));

  test('what repeats by itself is only compared', () =>
    inTemporaryFolder(async (folder) => {
      const database = openAccessDatabase(folder);
      const store = new AnswerStore(database, () => 0);
      assert.equal(store.begin(request('a', 1, true)).kind, 'new');
      assert.equal(store.begin(request('a', 1, true)).kind, 'new');
      store.end(request('a', 1, true), answer);
      assert.equal(store.begin(request('a', 1, true)).kind, 'new');
      assert.equal(store.begin(request('a', 2, true)).kind, 'reused');
      database.close();
    }));

  test('are bounded in number for each principal, the oldest go', () =>
    inTemporaryFolder(async (folder) => {
      let nowMs = 0;
      const database = openAccessDatabase(folder);
      const store = new AnswerStore(database, () => nowMs++);
      for (let i = 0; i < 1_100; i++) store.begin(request(`k${i}`, 1, true));
      const { count } = database.prepare('SELECT count(*) AS count FROM answers').get() as { count: number };
      assert.ok(count >= 1_000 && count < 1_040, `${count} are kept`);
      assert.equal(store.begin(request('k1099', 2, true)).kind, 'reused');
      assert.equal(store.begin(request('k0', 2, true)).kind, 'new');
      database.close();
    }));
});
