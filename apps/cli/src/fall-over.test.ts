/** Several gateways of one city: the command line asks the next one when one is away, and shows its API key to the first alone. */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { runCommand } from '../../../test/support/command-line.ts';

const folder = mkdtempSync(join(tmpdir(), 'oppidum-fall-over-'));
const servers: Server[] = [];
after(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  rmSync(folder, { recursive: true });
});

const ID = '3'.repeat(64);
const transaction = {
  ...{ id: ID, height: 1, position: 0, index: 1, timeMs: 0, code: 'OK', signers: [], kinds: [] },
  ...{ details: {}, validUntil: 0, actions: [], events: [], envelopeSize: 1 },
};

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const says =
  (status: number, value: object, asked: string[] = []): RequestListener =>
  (request, response) => {
    asked.push(request.headers.authorization ?? 'nobody');
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  };
const show = (api: string, ...more: readonly string[]) =>
  runCommand(['transaction', 'show', ID, '--json', '--api', api, ...more], { cwd: folder });

test('the next gateway answers when the first is gone, or says that its engine is: ENGINE_AWAY', async () => {
  const there = await serve(says(200, transaction));
  const silent = await serve((request) => request.socket.destroy());
  const cutOff = await serve(says(503, { code: 'ENGINE_AWAY', detail: 'no quorum' }));
  for (const away of ['http://127.0.0.1:1', silent, cutOff]) {
    const { code, stdout, stderr } = await show(`${away},${there}/`);
    assert.equal(code, 0, stderr);
    assert.equal((JSON.parse(stdout) as { id: string }).id, ID);
  }
  const none = await show(`${there.replace(/\d+$/, '1')},${cutOff}`);
  assert.equal(none.code, 5);
  assert.match(none.stderr, /"code":"ENGINE_AWAY"/);
});

test('a refusal is an answer, wherever else the city could be asked', async () => {
  const asked: string[] = [];
  const there = await serve(says(200, transaction, asked));
  const refuses = await serve(says(404, { code: 'TRANSACTION_UNKNOWN', detail: 'no such transaction' }));
  const { stderr } = await show(`${refuses},${there}`);
  assert.match(stderr, /"code":"TRANSACTION_UNKNOWN"/);
  assert.deepEqual(asked, []);
});

test('the API key is shown to the first gateway alone: the others would only learn it', async () => {
  const key = `opk_${'0'.repeat(16)}_${'1'.repeat(72)}`;
  writeFileSync(join(folder, 'api.key'), key, { mode: 0o600 });
  const [first, second]: [string[], string[]] = [[], []];
  const api = `${await serve(says(503, { code: 'NOT_READY', detail: 'x' }, first))},${await serve(says(200, transaction, second))}`;
  const { code, stderr } = await show(api, '--key-file', 'api.key');
  assert.equal(code, 0, stderr);
  assert.deepEqual([first, second], [[`Bearer ${key}`], ['nobody']]);
});

test('what is no address is refused before anybody is asked', async () => {
  for (const api of ['http://127.0.0.1:1,ftp://a.example', ',', 'nowhere']) {
    const { code, stderr } = await show(api);
    assert.equal(code, 2, api);
    assert.match(stderr, /--api is an address such as/);
  }
});
