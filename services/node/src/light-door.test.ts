import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import { connect, isIPv4, type Socket } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { askSuccessor, askSuccessors } from './light-client.ts';
import { type LightDoor, openLightDoor } from './light-door.ts';

/** More than the buffers of a socket hold. */
const LARGE = 'x'.repeat(7 * 2 ** 20);
const ASK = '{"jsonrpc":"2.0","id":1,"method":"genesis"}';
const POST = `POST / HTTP/1.1\r\nhost: door\r\ncontent-length: ${ASK.length}\r\n\r\n${ASK}`;

const NO_POLICIES = { successors: async () => [], successor: async () => null };

const elsewhere = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .find(({ address, internal }) => !internal && isIPv4(address))?.address;

describe('the light door', () => {
  const folder = mkdtempSync(join(tmpdir(), 'oppidum-door-'));
  const comet = createServer((_request, response) => response.end(LARGE));
  let door: LightDoor;
  let joinCount = 0;

  before(async () => {
    const rpc = join(folder, 'rpc.sock');
    await once(comet.listen(rpc), 'listening');
    door = await openLightDoor({
      host: '127.0.0.1',
      port: 0,
      rpc: `unix://${rpc}`,
      join: async () => `answer ${++joinCount}\n`,
      checkpoint: () => null,
      ...NO_POLICIES,
      idleMs: 1_000,
    });
  });

  after(async () => {
    await door.close();
    comet.close();
    comet.closeAllConnections();
    rmSync(folder, { recursive: true, force: true });
  });

  test('strangers who ask for much and read nothing lose their places: the door opens to others again', async () => {
    const port = Number(new URL(door.url).port);
    const strangers: Socket[] = [];
    for (let i = 0; i < 64; i++) {
      const socket = connect({ host: '127.0.0.1', port });
      socket.on('error', () => undefined);
      await once(socket, 'connect');
      socket.write(POST);
      // The answer has begun: one after the other, so that none is told that too many ask.
      await once(socket, 'readable');
      strangers.push(socket);
    }
    let status = 0;
    while (status === 0)
      status = await fetch(`${door.url}/join`).then(
        ({ status: got }) => got,
        () => 0,
      );
    assert.equal(status, 200);
    for (const socket of strangers) socket.destroy();
  });

  test('what all newcomers are told is put together once, however many ask at a time', async () => {
    const before = joinCount;
    const startedMs = performance.now();
    const answers = await Promise.all(Array.from({ length: 40 }, () => fetch(`${door.url}/join`).then((got) => got.text())));
    const seconds = 1 + Math.floor((performance.now() - startedMs) / 1_000);
    assert.ok(joinCount - before <= seconds, `${joinCount - before} times in ${seconds} s`);
    assert.match(answers[0] ?? '', /^answer \d+\n$/);
  });

  test('evidence of changes of policy is listed and handed out by height, and nothing else is', async () => {
    const file = Uint8Array.of(1, 2, 3);
    const policies = { successors: async () => [7], successor: async (height: number) => (height === 7 ? file : null) };
    const parts = { rpc: `unix://${join(folder, 'rpc.sock')}`, join: async () => '', checkpoint: () => null, ...policies };
    const other = await openLightDoor({ host: '127.0.0.1', port: 0, ...parts });
    assert.deepEqual(await askSuccessors(other.url), [7]);
    assert.deepEqual(await askSuccessor(other.url, 7), file);
    for (const path of ['/policies/8', '/policies/07', '/policies/7/', '/policies/..%2Fx', '/policies/'])
      assert.equal((await fetch(`${other.url}${path}`)).status, 404, path);
    await assert.rejects(askSuccessor(other.url, 8), { code: 'DOOR_SILENT' });
    await assert.rejects(askSuccessors(`${other.url}/policies`), { code: 'DOOR_SILENT' });
    await other.close();
  });

  test('one network takes four calls at once and sixteen connections, and leaves the rest to others', {
    skip: elsewhere === undefined && 'this machine has no other address than its own',
  }, async () => {
    const held: ServerResponse[] = [];
    const slow = createServer((_request, response) => held.push(response));
    const rpc = join(folder, 'slow.sock');
    await once(slow.listen(rpc), 'listening');
    const host = elsewhere as string;
    const parts = { rpc: `unix://${rpc}`, join: async () => '', checkpoint: () => null, ...NO_POLICIES };
    const other = await openLightDoor({ host: '0.0.0.0', port: 0, ...parts });
    const port = Number(new URL(other.url).port);
    const ask = (at: string): Promise<number> =>
      fetch(`http://${at}:${port}/`, { method: 'POST', body: ASK }).then(({ status }) => status);
    const first = Array.from({ length: 4 }, () => ask(host));
    while (held.length < 4) await once(slow, 'request');
    assert.equal(await ask(host), 429);
    const here = ask('127.0.0.1');
    while (held.length < 5) await once(slow, 'request');
    for (const response of held) response.end('{}');
    assert.deepEqual(await Promise.all([...first, here]), [200, 200, 200, 200, 200]);
    const sockets: Socket[] = [];
    let hungUp = 0;
    for (let i = 0; i < 17; i++) {
      const socket = connect({ host, port }).on('error', () => undefined);
      socket.on('close', () => hungUp++);
      await once(socket, 'connect');
      sockets.push(socket);
    }
    while (hungUp === 0) await new Promise(setImmediate);
    assert.equal(await fetch(`http://127.0.0.1:${port}/join`).then(({ status }) => status), 200);
    for (const socket of sockets) socket.destroy();
    await other.close();
    slow.close();
  });
});
