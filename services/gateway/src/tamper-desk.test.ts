import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { get, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { toHex } from '@oppidum/formats/bytes';
import { pino } from 'pino';
import { askDesk, assertDeskHere, assertDeskOfDemo } from '../../../test/support/desks.ts';
import { enrolDevice, eventually, type RunningDoors, runDoors } from '../../../test/support/running-gateway.ts';
import { openAdminDoor } from './admin-door.ts';
import type { TamperDeskJson } from './api/tamper.ts';
import { clearDesk, TamperDesk } from './tamper-desk.ts';

const folder = mkdtempSync(join(tmpdir(), 'oppidum-desk-'));
const data = join(folder, 'city');
const doors = await runDoors(data, true, { tamperData: data });
const plain = await runDoors(join(folder, 'plain'));
after(async () => {
  await doors.close();
  assert.equal(existsSync(join(data, 'demo', 'tamper')), false, 'a city that stops takes the copy with it');
  await plain.close();
  rmSync(folder, { recursive: true, force: true });
});

const PATH = '/api/v1/tamper';
const ask = (from: RunningDoors, method = 'GET', body?: unknown) => askDesk<TamperDeskJson>(from, PATH, method, body);

const NO_DOOR = process.platform === 'win32' && 'there is no admin door on Windows';
const GAME = { reading: '0'.repeat(64), what: 'alter', depth: 'bytes' } as const;

describe('the tamper desk over HTTP', () => {
  test('a city that was not started as a demo has none, and its description does not name it', async () => {
    await assertDeskOfDemo(doors, plain, { path: PATH, begin: GAME });
  });

  test('is only for who is on this machine, and for no page of another site', async () => {
    await assertDeskHere(doors, { path: PATH, begin: GAME });
    assert.equal(await statusFor('evil.example'), 403);
  });

  test('strange requests are refused', async () => {
    for (const body of [{}, { ...GAME, what: 'burn' }, { ...GAME, more: 1 }, { ...GAME, reading: 'x' }, { ...GAME, value: 'x' }])
      assert.equal((await ask(doors, 'POST', body)).body.code, 'REQUEST_INVALID', JSON.stringify(body));
  });

  test('a game is played beside the city, one at a time, and put back', { timeout: 60_000 }, async () => {
    const device = await enrolDevice(doors.city);
    const envelopes = [1, 2, 3].map((sequence) => device.reading(sequence));
    const kept = await Promise.all(envelopes.map((envelope) => doors.shard.client.ingest(envelope)));
    const [first] = kept;
    assert.ok(first?.kind === 'kept');
    await eventually(
      async () => doors.shard.client.status().anchored?.size ?? 0,
      (size) => size >= 3,
    );
    await doors.city.client.checkpointOf(doors.city.client.head().logSize);

    const unknown = await ask(doors, 'POST', GAME);
    assert.equal(unknown.body.state, 'working');
    assert.equal((await ask(doors, 'POST', GAME)).body.code, 'DESK_BUSY');
    const failed = await played();
    assert.deepEqual([failed.state, failed.refusal?.code], ['failed', 'READING_UNKNOWN']);
    assert.equal(existsSync(join(data, 'demo', 'tamper')), false, 'nothing is left of a game that failed');

    await ask(doors, 'POST', { ...GAME, reading: toHex(first.digest), value: -7 });
    const done = await played();
    assert.equal(done.state, 'done', JSON.stringify(done.refusal));
    assert.deepEqual(
      done.fsck?.damages.map(({ code }) => code),
      ['ENTRY_DAMAGED'],
    );
    assert.equal(existsSync(join(done.folder ?? '', 'oppidum.json')), true);
    // The city went on meanwhile.
    assert.equal((await doors.shard.client.ingest(device.reading(4))).kind, 'kept');
    assert.equal(await abandonedGame(first.digest), 1, 'a game ends when the city that asked for it was killed');
    const cleared = await ask(doors, 'DELETE');
    assert.equal(cleared.body.state, 'empty');
    assert.equal(existsSync(join(data, 'demo', 'tamper')), false);
  });

  test('what is erased is gone from the copy as well, and from one that is being made', {
    skip: NO_DOOR,
    timeout: 60_000,
  }, async () => {
    const badge = await enrolDevice(doors.city, { personal: true });
    const kept = await doors.shard.client.ingest(badge.reading(1));
    assert.ok(kept.kind === 'kept');
    const path = join(folder, 'door.sock');
    const { tamperDesk } = doors.gateway;
    const door = await openAdminDoor({ path, shards: [doors.shard], tamperDesk, logger: pino({ level: 'silent' }) });
    assert.equal((await ask(doors, 'POST', { ...GAME, reading: toHex(kept.digest) })).body.state, 'working');
    const erased = await new Promise<number | undefined>((resolve, reject) => {
      request({ socketPath: path, method: 'POST', path: '/erase' }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      })
        .on('error', reject)
        .end(JSON.stringify({ device: badge.hex, legalBasis: 'request' }));
    });
    assert.equal(erased, 200);
    assert.equal((await ask(doors)).body.state, 'empty');
    assert.equal(existsSync(join(data, 'demo', 'tamper')), false);
    await door?.close();
  });

  test('a game that is put back in the middle leaves nothing, and the next one waits for that', { timeout: 60_000 }, async () => {
    const { tamperDesk } = doors.gateway;
    assert.ok(tamperDesk !== null);
    for (let i = 0; i < 3; i++) {
      tamperDesk.begin(GAME);
      await eventually(
        async () => existsSync(join(data, 'demo', 'tamper')),
        (isThere) => isThere,
      );
      const cleared = tamperDesk.clear();
      assert.equal(tamperDesk.state().state, 'empty');
      if (i === 2) tamperDesk.begin(GAME);
      await cleared;
      if (i < 2) assert.equal(existsSync(join(data, 'demo', 'tamper')), false);
    }
    assert.equal((await played()).refusal?.code, 'READING_UNKNOWN');
  });

  test('what a crash left on the desk goes with the next start', async () => {
    const left = join(folder, 'crashed');
    mkdirSync(join(left, 'demo', 'tamper', 'city', 'keys'), { recursive: true });
    writeFileSync(join(left, 'demo', 'tamper', 'city', 'keys', 'log.seed'), 'secret');
    const desk = await TamperDesk.open({ data: left, logger: pino({ level: 'silent' }) });
    assert.equal(desk.state().state, 'empty');
    assert.equal(existsSync(join(left, 'demo', 'tamper')), false);
  });

  test('a link in the place of a copy goes, and what it names stays', async () => {
    const left = join(folder, 'linked');
    const keys = join(folder, 'keys-elsewhere');
    for (const made of [join(left, 'demo'), keys]) mkdirSync(made, { recursive: true });
    writeFileSync(join(keys, 'log.seed'), 'secret');
    symlinkSync(keys, join(left, 'demo', 'tamper'));
    await clearDesk(left);
    assert.equal(existsSync(join(left, 'demo', 'tamper')), false);
    assert.equal(readFileSync(join(keys, 'log.seed'), 'utf8'), 'secret');
  });
});

/** How a game ends whose asker goes as soon as it has begun: the longest of them, that it is not over before. */
async function abandonedGame(digest: Uint8Array): Promise<number | null> {
  const program = fileURLToPath(import.meta.resolve('@oppidum/telemetry/tamper-main'));
  const desk = join(folder, 'abandoned');
  mkdirSync(desk);
  const game = ['--data', data, '--desk', desk, '--reading', toHex(digest), '--what', 'alter', '--depth', 'city'];
  const child = spawn(process.execPath, [program, ...game], { stdio: ['ignore', 'pipe', 'ignore', 'ipc'] });
  const ended = once(child, 'exit') as Promise<[number | null]>;
  await once(child.stdout as Readable, 'data');
  child.stdout?.resume();
  child.disconnect();
  return (await ended)[0];
}

/** `fetch` sends the host of the address whatever it is told. */
function statusFor(host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    get(`${doors.gateway.http}/api/v1/tamper`, { headers: { host } }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    }).on('error', reject);
  });
}

const played = async (): Promise<TamperDeskJson> =>
  (
    await eventually(
      () => ask(doors),
      ({ body }) => body.state !== 'working',
    )
  ).body;
