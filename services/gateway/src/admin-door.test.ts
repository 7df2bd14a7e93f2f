import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { toHex } from '@oppidum/formats/bytes';
import { formatError } from '@oppidum/formats/errors';
import { type Logger, pino } from 'pino';
import { freshBytes, inTemporaryFolder } from '../../../test/support/running-city.ts';
import { openDoors } from '../../../test/support/running-gateway.ts';
import { type AdminDoor, openAdminDoor } from './admin-door.ts';

type Answer = {
  readonly status: number;
  readonly type: string;
  readonly body: { readonly code?: string; readonly traceId?: string };
};

/** One request at the socket. */
function call(socketPath: string, method: string, path: string, body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath, method, path }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => {
        const type = String(response.headers['content-type']);
        resolve({ status: response.statusCode ?? 0, type, body: JSON.parse(text) as Answer['body'] });
      });
    });
    sent.on('error', reject).end(body);
  });
}

/** A logger of warnings, and what it was told. */
function listen(): { readonly logger: Logger; readonly lines: string[] } {
  const lines: string[] = [];
  return { logger: pino({ level: 'warn' }, { write: (line: string) => lines.push(line) }), lines };
}

/** Opens a door over no shard and gives what it logged. */
async function tryOpen(path: string): Promise<{ readonly door: AdminDoor | null; readonly log: string }> {
  const { logger, lines } = listen();
  const door = await openAdminDoor({ path, shards: [], logger });
  return { door, log: lines.join('') };
}

const skip = process.platform === 'win32' && 'there is none on Windows';

describe('the admin door', { skip }, () => {
  test('refuses, with codes, what is no request of it', () =>
    inTemporaryFolder(async (folder) => {
      mkdirSync(folder);
      const path = join(folder, 'admin.sock');
      const { door } = await tryOpen(path);
      const device = toHex(freshBytes(32));
      const erase = (body: object): string => JSON.stringify({ device, legalBasis: 'request', ...body });
      const refusals: readonly (readonly [method: string, path: string, body: string | undefined, code: string])[] = [
        ['GET', '/', undefined, 'ROUTE_UNKNOWN'],
        ['GET', '/erase', undefined, 'ROUTE_UNKNOWN'],
        ['POST', '/clones', '{}', 'ROUTE_UNKNOWN'],
        ['POST', '/erase?x=1', erase({}), 'ROUTE_UNKNOWN'],
        ['POST', '/reindex', '{}', 'ROUTE_UNKNOWN'],
        ['GET', '/doors', undefined, 'ROUTE_UNKNOWN'],
        ['POST', '/erase', '', 'REQUEST_INVALID'],
        ['POST', '/erase', '{', 'REQUEST_INVALID'],
        ['POST', '/erase', 'null', 'REQUEST_INVALID'],
        ['POST', '/erase', erase({ device: device.toUpperCase().replace(/^./, 'A') }), 'REQUEST_INVALID'],
        ['POST', '/erase', erase({ device: device.slice(1) }), 'REQUEST_INVALID'],
        ['POST', '/erase', erase({ legalBasis: 'boredom' }), 'REQUEST_INVALID'],
        ['POST', '/erase', erase({ everything: true }), 'REQUEST_INVALID'],
        ['POST', '/erase', `${erase({})}${' '.repeat(1_024)}`, 'TOO_LARGE'],
        ['POST', '/erase', erase({}), 'ERASURE_EMPTY'],
      ];
      for (const [method, address, body, code] of refusals) {
        const answer = await call(path, method, address, body);
        assert.deepEqual([answer.body.code, answer.type], [code, 'application/problem+json'], `${method} ${address} ${body}`);
        assert.match(answer.body.traceId ?? '', /^[0-9a-f]{32}$/);
      }
      assert.deepEqual((await call(path, 'GET', '/clones')).body, { items: [] });
      await door?.close();
      assert.ok(!existsSync(path));
    }));

  test('says where the city is asked, whatever else runs on this machine', () =>
    inTemporaryFolder(async (folder) => {
      mkdirSync(folder);
      const path = join(folder, 'admin.sock');
      const door = await openAdminDoor({ path, shards: [], http: 'http://127.0.0.1:9300', logger: listen().logger });
      const { status, body } = await call(path, 'GET', '/doors');
      assert.deepEqual([status, body], [200, { http: 'http://127.0.0.1:9300' }]);
      await door?.close();
    }));

  test('a fault of ours is told by its trace only; a refusal of the shard by its code', async () => {
    const doors = await openDoors();
    const path = join(doors.city.folder.paths.folder, 'admin.sock');
    const { logger, lines } = listen();
    const faults = [new Error('a secret of the inside'), formatError('NOT_AUTHORIZED', { role: 'data-protection' })];
    const erase = async (): Promise<never> => {
      throw faults.shift();
    };
    const door = await openAdminDoor({ path, shards: [{ ...doors.shard, erase }], logger });
    const body = JSON.stringify({ device: toHex(freshBytes(32)), legalBasis: 'request' });
    const fault = await call(path, 'POST', '/erase', body);
    assert.deepEqual([fault.status, fault.body.code], [500, 'INTERNAL_FAULT']);
    assert.ok(!JSON.stringify(fault.body).includes('secret'));
    const log = lines.join('');
    assert.ok(log.includes('a secret of the inside') && log.includes(fault.body.traceId ?? '?'));
    assert.equal((await call(path, 'POST', '/erase', body)).body.code, 'NOT_AUTHORIZED');
    await door?.close();
    await doors.close();
  });

  test('what one shard erased is answered, also where another is away, which is named with its code', async () => {
    const doors = await openDoors();
    const path = join(doors.city.folder.paths.folder, 'admin.sock');
    const { logger } = listen();
    const outcomes: (Error | { readonly id: Uint8Array; readonly count: number })[] = [];
    const erase = async (): Promise<{ readonly id: Uint8Array; readonly count: number }> => {
      const outcome = outcomes.shift();
      if (outcome === undefined || outcome instanceof Error) throw outcome;
      return outcome;
    };
    const id = freshBytes(32);
    const shard = toHex(doors.shard.client.status().id);
    const [away, none] = [formatError('NOT_READY', { part: 'telemetry' }), formatError('READING_UNKNOWN')];
    const three = { ...doors.shard, erase };
    const door = await openAdminDoor({ path, shards: [three, three, three], logger });
    const body = JSON.stringify({ device: toHex(freshBytes(32)), legalBasis: 'request' });
    for (const [first, second, third] of [
      [{ id, count: 7 }, away, none],
      [away, none, { id, count: 7 }],
    ] as const) {
      outcomes.push(first, second, third);
      const { status, body: answer } = await call(path, 'POST', '/erase', body);
      const want = { erasures: [{ shard, id: toHex(id), count: 7 }], missed: [{ shard, code: 'NOT_READY' }] };
      assert.deepEqual([status, answer], [200, want]);
    }
    outcomes.push(none, away, none);
    assert.equal((await call(path, 'POST', '/erase', body)).body.code, 'NOT_READY', 'nothing was erased: no ERASURE_EMPTY');
    outcomes.push({ id, count: 1 }, new Error('a secret of the inside'), none);
    const fault = await call(path, 'POST', '/erase', body);
    assert.deepEqual((fault.body as { missed?: object }).missed, [{ shard, code: 'INTERNAL_FAULT' }]);
    await door?.close();
    await doors.close();
  });

  test('declares a shard once, and says which', async () => {
    const doors = await openDoors();
    const path = join(doors.city.folder.paths.folder, 'admin.sock');
    const { logger } = listen();
    const { id, origin } = doors.shard.client.status();
    const shards: Parameters<typeof openAdminDoor>[0]['shards'][number][] = [];
    const declareShard = async (number: number): Promise<void> => {
      const status = { ...doors.shard.client.status(), number };
      if (shards.length === 0) shards.push({ ...doors.shard, client: { status: () => status } });
    };
    const door = await openAdminDoor({ path, shards, declareShard, logger });
    for (const body of ['{}', '{"number":0}', '{"number":64}', '{"number":1.5}', '{"number":1,"now":true}'])
      assert.equal((await call(path, 'POST', '/shards', body)).body.code, 'REQUEST_INVALID', body);
    for (let n = 0; n < 2; n++)
      assert.deepEqual((await call(path, 'POST', '/shards', '{"number":1}')).body, { shard: toHex(id), number: 1, origin });
    await door?.close();
    await doors.close();
  });

  test('is for its owner alone, and changes nothing else of what this process makes', () =>
    inTemporaryFolder(async (folder) => {
      mkdirSync(folder);
      const umask = process.umask();
      const path = join(folder, 'admin.sock');
      const { door } = await tryOpen(path);
      assert.equal(statSync(path).mode & 0o777, 0o600);
      assert.equal(process.umask(), umask);
      await door?.close();
    }));

  test('stays closed, and says why, where its place is taken or cannot be', () =>
    inTemporaryFolder(async (folder) => {
      mkdirSync(folder);
      const long = await tryOpen(join(folder, 'x'.repeat(100), 'admin.sock'));
      assert.equal(long.door, null);
      assert.match(long.log, /no admin door: its path has \d+ bytes, a socket may have \d+/);

      const file = join(folder, 'file.sock');
      writeFileSync(file, 'kept');
      const taken = await tryOpen(file);
      assert.equal(taken.door, null);
      assert.match(taken.log, /something else has its name/);
      assert.equal(readFileSync(file, 'utf8'), 'kept');

      const path = join(folder, 'admin.sock');
      const other = createServer();
      await new Promise<void>((resolve) => other.listen(path, resolve));
      const alive = await tryOpen(path);
      assert.equal(alive.door, null);
      assert.match(alive.log, /another process listens there/);
      assert.ok(existsSync(path), 'and keeps its socket');
      other.close();

      const missing = await tryOpen(join(folder, 'none', 'admin.sock'));
      assert.equal(missing.door, null);
      assert.match(missing.log, /no admin door/);
    }));
});
