import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatError } from '@oppidum/formats/errors';
import { keepPeers } from './comet-peers.ts';

const id = (digit: number): string => String(digit).repeat(40);

/** What a CometBFT is asked that has these peers, until it has been looked at so often. */
async function asked(named: () => readonly string[], peers: readonly string[], looks: number): Promise<readonly string[][]> {
  const dialled: string[][] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  let count = 0;
  const ask = async (method: string, params?: object) => {
    if (method === 'dial_peers') dialled.push((params as { peers: string[] }).peers);
    else if (++count > looks) resolve();
    if (count === 1 && method === 'net_info') throw formatError('ENGINE_AWAY', { why: 'it starts' });
    return { peers: peers.map((each) => ({ node_info: { id: each } })) };
  };
  const leave = keepPeers({ rpc: { ask }, named, lookMs: 1 });
  await promise;
  leave();
  const before = count;
  await sleep(20);
  assert.equal(count, before, 'it looks no more');
  return dialled;
}

/** A port of this machine at which somebody listens. */
async function withListener(use: (port: number) => Promise<void>): Promise<void> {
  const server = createServer((socket) => socket.destroy());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  try {
    await use((server.address() as AddressInfo).port);
  } finally {
    server.close();
  }
}

describe('the peers of a CometBFT', () => {
  test('who is named, missing twice in a row and listens is dialled; who is there or does not listen is not', () =>
    withListener(async (port) => {
      const closed = createServer();
      await once(closed.listen(0, '127.0.0.1'), 'listening');
      const { port: nobody } = closed.address() as AddressInfo;
      await once(closed.close(), 'close');
      const lost = `${id(1)}@127.0.0.1:${port}`;
      const named = [lost, `${id(2)}@127.0.0.1:${port}`, `${id(3)}@127.0.0.1:${nobody}`, `${id(4)}@[::1]:70000`, 'no peer'];
      const dialled = await asked(() => named, [id(2)], 6);
      assert.ok(dialled.length > 0 && dialled.length < 6);
      for (const each of dialled) assert.deepEqual(each, [lost]);
    }));

  test('a peer that is missing once is left to CometBFT, and settings that cannot be read name nobody', () =>
    withListener(async (port) => {
      let isNamed = false;
      const flickering = (): readonly string[] => {
        isNamed = !isNamed;
        return isNamed ? [`${id(1)}@127.0.0.1:${port}`] : [];
      };
      assert.deepEqual(await asked(flickering, [], 6), []);
      const unreadable = (): never => {
        throw new Error('no such file');
      };
      assert.deepEqual(await asked(unreadable, [], 3), []);
    }));
});
