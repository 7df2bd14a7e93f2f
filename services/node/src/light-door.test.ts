import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type LightDoor, openLightDoor } from './light-door.ts';

/** More than the buffers of a socket hold. */
const LARGE = 'x'.repeat(7 * 2 ** 20);
const ASK = '{"jsonrpc":"2.0","id":1,"method":"genesis"}';
const POST = `POST / HTTP/1.1\r\nhost: door\r\ncontent-length: ${ASK.length}\r\n\r\n${ASK}`;

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
});
