import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import type { Bytes } from '@oppidum/formats/bytes';
import { RequestFinalizeBlock } from 'cosmjs-types/tendermint/abci/types';
import { AbciClient } from '../../../test/support/abci-client.ts';
import { envelopeOf, foundTestCity, freshAccount, inTemporaryFolder, runCity } from '../../../test/support/running-city.ts';
import { cometEngine } from './comet-engine.ts';
import { chainIdOf } from './comet-genesis.ts';
import type { DataFolder } from './data-folder.ts';

type Waiting = {
  readonly folder: DataFolder;
  readonly app: string;
  readonly rpc: string;
  readonly start: ReturnType<typeof cometEngine>;
};

const withFolder = (use: (waiting: Waiting, path: string) => Promise<void>): Promise<void> =>
  inTemporaryFolder(async (path) => {
    const folder = await foundTestCity(path);
    const app = join(path, 'abci.sock');
    const rpc = `unix://${join(path, 'rpc.sock')}`;
    await use(
      {
        folder,
        app,
        rpc,
        start: cometEngine({
          crypto,
          genesis: folder.genesis,
          genesisHash: folder.genesisHash,
          listen: `unix://${app}`,
          rpc,
          awayMsMax: 0,
        }),
      },
      path,
    );
    folder.release();
  });

/** Connects as soon as somebody listens there. */
async function connectTo(path: string): Promise<AbciClient> {
  for (;;) {
    try {
      return await AbciClient.open({ path });
    } catch {
      await new Promise(setImmediate);
    }
  }
}

/** Ends a connection; resolves when the other end has, too. */
async function hangUp(comet: AbciClient): Promise<void> {
  comet.end();
  assert.equal(await comet.next(), null);
}

const initChain = (chainId: string) => ({
  initChain: { chainId, initialHeight: 1n, time: { seconds: 0n, nanos: 0 }, validators: [], appStateBytes: new Uint8Array(0) },
});
const nowStamp = () => ({ seconds: BigInt(Math.floor(Date.now() / 1_000)), nanos: 0 });
const info = { info: { version: '', blockVersion: 0n, p2pVersion: 0n, abciVersion: '' } };

/** The next CometBFT: it comes when the former one's connections are closed. */
async function informedAgain(app: string): Promise<AbciClient> {
  await sleep(100);
  const comet = await connectTo(app);
  await comet.call(info);
  return comet;
}

describe('CometBFT as the engine', () => {
  test('a node is open when its chain has begun, and says so when the mempool cannot be reached', () =>
    withFolder(async ({ folder, app, start }) => {
      const opening = runCity(folder, { startEngine: start });
      const comet = await connectTo(app);
      await comet.call(info);
      const begun = await comet.call(initChain(chainIdOf(folder.genesisHash)));
      const city = await opening;
      assert.deepEqual(begun?.initChain?.appHash, city.client.head().appHash);
      const envelope = envelopeOf(city.client, city.operator, [freshAccount().action]);
      await assert.rejects(city.client.submit(envelope), { code: 'ENGINE_AWAY' });
      const refused = await city.client.submit(envelope.slice(1));
      assert.ok('refused' in refused, 'what can be refused here is not even sent');
      comet.close();
      await city.close();
      assert.equal(city.client.isAlive(), false);
      await assert.rejects(city.client.submit(envelope), { code: 'OVERLOADED' });
    }));

  test('with work and no block it is cut off: what is new is refused, what waits goes on, and a block ends it', () =>
    withFolder(async ({ folder, app, rpc }) => {
      const places = { genesis: folder.genesis, genesisHash: folder.genesisHash, listen: `unix://${app}`, rpc };
      // Nobody listens at `rpc`: what is handed in waits as in a mempool that reaches nobody.
      const startEngine = cometEngine({ crypto, ...places, awayMsMax: 600_000, cutOffMs: 500 });
      const opening = runCity(folder, { startEngine });
      const comet = await connectTo(app);
      await comet.call(info);
      await comet.call(initChain(chainIdOf(folder.genesisHash)));
      const city = await opening;
      const { client } = city;
      await sleep(600);
      assert.equal(client.isCutOff(), false, 'silence is no sign');
      const [first, second] = [0, 1].map(() => envelopeOf(client, city.operator, [freshAccount().action])) as [Bytes, Bytes];
      const waits = client.submit(first);
      while (!client.isCutOff()) await sleep(50);
      assert.equal(client.isAlive(), true);
      await assert.rejects(client.submit(second), { code: 'ENGINE_AWAY' });
      const again = client.submit(first);
      await comet.call({ finalizeBlock: RequestFinalizeBlock.fromPartial({ height: 1n, time: nowStamp(), txs: [first] }) });
      await comet.call({ commit: {} });
      for (const answer of [await waits, await again]) assert.ok('executed' in answer && answer.executed.code === 'OK');
      assert.equal(client.isCutOff(), false);
      comet.close();
      await city.close();
    }));

  test('what is no longer admissible when the mempool asks is refused at once, with its facts', () =>
    withFolder(async ({ folder, app, start }, path) => {
      const taking = createServer((_request, response) => response.end('{"jsonrpc":"2.0","id":0,"result":{"code":0}}'));
      await once(taking.listen(join(path, 'rpc.sock')), 'listening');
      const opening = runCity(folder, { startEngine: start });
      const comet = await connectTo(app);
      await comet.call(info);
      await comet.call(initChain(chainIdOf(folder.genesisHash)));
      const city = await opening;
      const until = Date.now() + 1_000;
      const envelope = envelopeOf(city.client, city.operator, [freshAccount().action], until);
      const submitted = city.client.submit(envelope);
      while (Date.now() <= until) await sleep(20);
      const checked = await comet.call({ checkTx: { tx: envelope, type: 0 } });
      assert.equal(checked?.checkTx?.code, 2);
      const answer = await submitted;
      assert.equal('refused' in answer && answer.refused.code, 'EXPIRED');
      comet.close();
      await city.close();
      taking.close();
    }));

  test('a CometBFT that ends between FinalizeBlock and Commit leaves nothing: the next one decides that block anew', () =>
    withFolder(async ({ folder, app, start }) => {
      const faults: Error[] = [];
      const opening = runCity(folder, { startEngine: start, onFailure: (error) => faults.push(error) });
      const former = await connectTo(app);
      await former.call(info);
      await former.call(initChain(chainIdOf(folder.genesisHash)));
      const city = await opening;
      const genesis = city.client.head().appHash;
      const block = { finalizeBlock: RequestFinalizeBlock.fromPartial({ height: 1n, time: nowStamp(), txs: [] }) };
      const decided = (await former.call(block))?.finalizeBlock?.appHash;
      former.close();
      const next = await informedAgain(app);
      assert.deepEqual(city.client.head().appHash, genesis);
      assert.deepEqual((await next.call(block))?.finalizeBlock?.appHash, decided);
      await next.call({ commit: {} });
      assert.deepEqual(city.client.head().appHash, decided);
      assert.equal(city.client.isAlive(), true);
      // The order of calls is as strict as before.
      assert.match((await next.call({ commit: {} }))?.exception?.error ?? '', /called commit while deciding/);
      assert.equal(faults.length, 1);
      await city.close();
    }));

  test('what the mempool of a CometBFT held that ended is handed to the next one, once', () =>
    withFolder(async ({ folder, app, start }, path) => {
      const taken: string[] = [];
      const socket = join(path, 'rpc.sock');
      const listen = async () => {
        const server = createServer((request, response) => {
          request.setEncoding('utf8').on('data', (text: string) => {
            if (text.includes('broadcast_tx_async')) taken.push(text);
          });
          request.on('end', () => response.end('{"jsonrpc":"2.0","id":0,"result":{"code":0}}'));
        });
        await once(server.listen(socket), 'listening');
        return server;
      };
      const end = (server: Awaited<ReturnType<typeof listen>>): void => {
        server.close();
        server.closeAllConnections();
      };
      let rpc = await listen();
      const opening = runCity(folder, { startEngine: start });
      const former = await connectTo(app);
      await former.call(info);
      await former.call(initChain(chainIdOf(folder.genesisHash)));
      const city = await opening;
      const envelope = envelopeOf(city.client, city.operator, [freshAccount().action]);
      const submitted = city.client.submit(envelope);
      while (taken.length < 1) await sleep(10);
      // Of a CometBFT that lives nobody hands anything over again.
      await former.call(info);
      former.close();
      end(rpc);
      const next = await informedAgain(app);
      rpc = await listen();
      while (taken.length < 2) await sleep(10);
      assert.equal(taken[1], taken[0]);
      await next.call(info);
      await next.call({ finalizeBlock: RequestFinalizeBlock.fromPartial({ height: 1n, time: nowStamp(), txs: [envelope] }) });
      await next.call({ commit: {} });
      const answer = await submitted;
      assert.ok('executed' in answer && answer.executed.code === 'OK');
      assert.equal(taken.length, 2);
      next.close();
      await city.close();
      end(rpc);
    }));

  test('a CometBFT that ends alone between FinalizeBlock and Commit undoes what it finalized, also a block with transactions', () =>
    withFolder(async ({ folder, app, start }) => {
      const failures: Error[] = [];
      const opening = runCity(folder, { startEngine: start, onFailure: (error) => failures.push(error) });
      const first = await connectTo(app);
      await first.call(info);
      await first.call(initChain(chainIdOf(folder.genesisHash)));
      const city = await opening;
      const txs = [envelopeOf(city.client, city.operator, [freshAccount().action])];
      const block = { finalizeBlock: RequestFinalizeBlock.fromPartial({ height: 1n, time: nowStamp(), txs }) };
      const lost = await first.call(block);
      await hangUp(first);
      const second = await connectTo(app);
      const told = await second.call(info);
      assert.equal(told?.info?.lastBlockHeight, 0n);
      // As a CometBFT without a committed block does; one with blocks goes on with FinalizeBlock.
      await second.call(initChain(chainIdOf(folder.genesisHash)));
      const again = await second.call(block);
      assert.deepEqual(again, lost);
      assert.equal(again?.finalizeBlock?.txResults[0]?.code, 0);
      await second.call({ commit: {} });
      assert.equal(city.client.head().height, 1);
      // One in which nothing is to be undone.
      const empty = { finalizeBlock: RequestFinalizeBlock.fromPartial({ height: 2n, time: nowStamp(), txs: [] }) };
      await second.call(empty);
      await hangUp(second);
      const third = await connectTo(app);
      await third.call(info);
      assert.equal((await third.call(empty))?.exception, undefined);
      await third.call({ commit: {} });
      assert.equal(city.client.head().height, 2);
      assert.deepEqual([failures, city.client.isAlive()], [[], true]);
      third.close();
      await city.close();
    }));

  test('another chain is told why, and the node does not open', () =>
    withFolder(async ({ folder, app, start }) => {
      const opening = runCity(folder, { startEngine: start });
      const refused = assert.rejects(opening, { code: 'CHAIN_FOREIGN' });
      const comet = await connectTo(app);
      await comet.call(info);
      const answer = await comet.call(initChain('ab'.repeat(20)));
      assert.match(answer?.exception?.error ?? '', /another chain/);
      await refused;
    }));

  test('a peer that speaks no ABCI ends nothing but its own connection', () =>
    withFolder(async ({ folder, app, start }) => {
      const opening = runCity(folder, { startEngine: start });
      const [hostile, comet] = [await connectTo(app), await connectTo(app)];
      hostile.write(Uint8Array.of(3, 0xfa, 0x01, 0x00));
      assert.match((await hostile.next())?.exception?.error ?? '', /^METHOD_UNKNOWN/);
      await comet.call(info);
      await comet.call(initChain(chainIdOf(folder.genesisHash)));
      const city = await opening;
      assert.equal(city.client.isAlive(), true);
      await city.close();
    }));

  test('a place where something else lies is refused', () =>
    withFolder(async ({ folder, app, start }) => {
      writeFileSync(app, '');
      await assert.rejects(runCity(folder, { startEngine: start }), { code: 'SOCKET_REFUSED' });
    }));
});
