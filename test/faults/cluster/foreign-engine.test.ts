/**
 * A CometBFT of another city, with blocks of its own, that somebody points at this city's node, and bytes that are no ABCI at the socket of
 * a running validator. (Where it has more blocks than the city, ABCI would let it replay the next one: a node does not start one whose
 * home is of another chain, see `comet-process.test.ts`.)
 */

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { encodeVarint } from '@oppidum/abci/frames';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { cometEngine } from '@oppidum/node/comet-engine';
import { openDataFolder } from '@oppidum/node/data-folder';
import { cometPlaces } from '@oppidum/node/found-cluster';
import { foundTestCluster, type RunningComet, startComet } from '../../support/comet.ts';
import { skipWithout } from '../../support/programs.ts';
import {
  envelopeOf,
  execute,
  freshAccount,
  freshBytes,
  inTemporaryFolder,
  type RunningCity,
  runCity,
} from '../../support/running-city.ts';

/** The node of a data folder, with whichever CometBFT finds it. */
async function openNode(data: string): Promise<RunningCity> {
  const folder = await openDataFolder({ folder: data, crypto });
  const { app, rpc } = cometPlaces(data);
  return runCity(folder, {
    startEngine: cometEngine({ crypto, genesis: folder.genesis, genesisHash: folder.genesisHash, listen: app, rpc }),
  });
}

async function makeBlocks({ client, operator }: RunningCity, count: number): Promise<void> {
  for (let i = 0; i < count; i++)
    await execute(client, envelopeOf(client, operator, [freshAccount().action], Date.now() + 300_000));
}

/** A city with so many transactions, whose two processes have ended. */
async function liveOnce(data: string, count: number): Promise<void> {
  await foundTestCluster([data]);
  const comet = startComet(cometPlaces(data));
  const city = await openNode(data);
  await makeBlocks(city, count);
  await comet.stop();
  await city.stop();
}

/** The CometBFT of one city, told that another's node is its application. */
function startForeign(data: string, app: string): RunningComet {
  const places = cometPlaces(data);
  const file = join(places.home, 'config', 'config.toml');
  writeFileSync(file, readFileSync(file, 'utf8').replace(/^proxy_app = .*$/m, `proxy_app = ${JSON.stringify(app)}`));
  return startComet(places);
}

test(
  'a CometBFT of another city that finds the node changes nothing, and its own goes on',
  {
    skip: skipWithout('cometbft'),
    timeout: 120_000,
  },
  () =>
    inTemporaryFolder(async (path) => {
      const [data, other] = [join(path, 'ours'), join(path, 'theirs')];
      await liveOnce(data, 6);
      await liveOnce(other, 2);
      const city = await openNode(data);
      const before = city.client.head();
      const foreign = startForeign(other, cometPlaces(data).app);
      await foreign.gone;
      assert.match(foreign.said(), /app block height \(\d+\) is higher than core \(\d+\)/);
      assert.deepEqual(city.client.head(), before);
      assert.equal(city.client.isAlive(), true);
      const comet = startComet(cometPlaces(data));
      await makeBlocks(city, 1);
      await comet.stop();
      await city.stop();
    }),
);

test(
  'bytes that are no ABCI at the socket of a running validator end their own connection',
  {
    skip: skipWithout('cometbft'),
    timeout: 120_000,
  },
  () =>
    inTemporaryFolder(async (data) => {
      await foundTestCluster([data]);
      const places = cometPlaces(data);
      const comet = startComet(places);
      const city = await openNode(data);
      const hostile: readonly Uint8Array[] = [
        freshBytes(5_000),
        encodeVarint(2 ** 34),
        Uint8Array.of(3, 0xfa, 0x01, 0x00),
        new Uint8Array(Buffer.from('GET / HTTP/1.1\r\n\r\n')),
      ];
      const running = makeBlocks(city, 20);
      for (const bytes of hostile) {
        const socket = connect(places.app.replace('unix://', ''));
        const closed = new Promise((resolve) => socket.on('close', resolve));
        socket.on('error', () => undefined);
        socket.resume();
        socket.end(bytes);
        await closed;
        await sleep(20);
      }
      await running;
      assert.equal(city.client.isAlive(), true);
      await comet.stop();
      await city.stop();
    }),
);
