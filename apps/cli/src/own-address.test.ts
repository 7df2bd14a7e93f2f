import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Command } from 'commander';
import { type CommandResult, runCommand } from '../../../test/support/command-line.ts';
import { inTemporaryFolder } from '../../../test/support/running-city.ts';
import { openDoors, type RunningDoors } from '../../../test/support/running-gateway.ts';
import { useOwnAddress } from './own-address.ts';

const skip = process.platform === 'win32' && 'there is no admin door on Windows';

describe('two cities on one machine', { skip }, () => {
  let own: RunningDoors;
  let other: RunningDoors;
  let door: Server;
  let data: string;

  before(async () => {
    [own, other] = await Promise.all([openDoors(), openDoors()]);
    data = own.city.folder.paths.folder;
    door = await listenAt(data, ({ url }, response) => {
      response.writeHead(url === '/doors' ? 200 : 404).end(JSON.stringify({ http: own.gateway.http }));
    });
  });
  after(async () => {
    door.close();
    await Promise.all([own.close(), other.close()]);
  });

  const show = (env: Readonly<Record<string, string>> = {}): Promise<CommandResult> =>
    runCommand(['upgrade', 'show', '--data', data, '-v'], { env });

  test('the one in the data folder is asked where no address is named', async () => {
    const { code, stdout, stderr } = await show();
    assert.equal(code, 0, stderr);
    assert.match(stdout, /in force/);
  });

  test('where the other one answers, it is named, and what to do', async () => {
    const { code, stderr } = await show({ OPPIDUM_API: other.gateway.http });
    assert.equal(code, 3);
    assert.ok(stderr.includes(`At ${other.gateway.http} another city answers, ${other.city.client.origin}`), stderr);
    assert.ok(stderr.includes(`than your policy is of, ${own.city.client.origin}`), stderr);
    assert.match(stderr, /Name the address of yours with --api.*\n?.*EVIDENCE_REFUSED/s);
  });

  test('an address that was named is kept', async () => {
    assert.equal(await addressOf(['--data', data]), own.gateway.http);
    assert.equal(await addressOf(['--data', data, '--api', 'http://127.0.0.1:1']), 'http://127.0.0.1:1');
  });
});

test('a folder without a city, and what is no admin door of one, change nothing', { skip }, () =>
  inTemporaryFolder(async (data) => {
    assert.equal(await addressOf(['--data', data]), undefined);
    mkdirSync(data);
    const answers: readonly RequestListener[] = [
      (_, response) => void response.writeHead(404).end('{"code":"ROUTE_UNKNOWN"}'),
      (_, response) => void response.end('nothing'),
      (_, response) => void response.end('{}'),
    ];
    for (const answer of answers) {
      const door = await listenAt(data, answer);
      assert.equal(await addressOf(['--data', data]), undefined);
      await new Promise((resolve) => door.close(resolve));
    }
    writeFileSync(join(data, 'admin.sock'), '');
    assert.equal(await addressOf(['--data', data]), undefined);
  }),
);

/** An admin door that answers so. */
async function listenAt(data: string, answer: RequestListener): Promise<Server> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(join(data, 'admin.sock'), resolve));
  return server;
}

/** The address that a command line asks at, where it is not the usual one. */
async function addressOf(words: readonly string[]): Promise<string | undefined> {
  const program = new Command().option('--api <urls>').option('--data <dir>');
  const command = program.command('look').action(() => undefined);
  program.parse(['look', ...words], { from: 'user' });
  await useOwnAddress(command);
  return command.optsWithGlobals<{ readonly api?: string }>().api;
}
