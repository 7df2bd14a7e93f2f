import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { cityRegistry } from '@oppidum/contracts/registry';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { allowPeer, isAllowedPeer } from '@oppidum/node/allowed-peers';
import { cometEngine } from '@oppidum/node/comet-engine';
import { nodeIdOf } from '@oppidum/node/comet-home';
import { CometRpc } from '@oppidum/node/comet-rpc';
import { openDataFolder } from '@oppidum/node/data-folder';
import { cometPlaces } from '@oppidum/node/found-cluster';
import { openCity } from '@oppidum/node/open-city';
import { foundTestCluster, startComet } from '../support/comet.ts';
import { skipWithout } from '../support/programs.ts';
import { freshBytes } from '../support/running-city.ts';

type Running = { readonly asked: string[]; readonly peers: () => Promise<readonly string[]>; readonly stop: () => Promise<void> };

/** A node with its CometBFT; `asked`: of which ids it was asked whether they may be peers. */
async function startNode(path: string): Promise<Running> {
  const folder = await openDataFolder({ folder: path, crypto });
  const places = cometPlaces(path);
  const asked: string[] = [];
  const mayBePeer = (id: string): boolean => {
    asked.push(id);
    return isAllowedPeer(places.home, id);
  };
  const { genesis, genesisHash } = folder;
  const at = { listen: places.app, rpc: places.rpc, genesis, genesisHash };
  const comet = startComet(places);
  const city = await openCity({ folder, crypto, registry: cityRegistry, startEngine: cometEngine({ crypto, mayBePeer, ...at }) });
  const rpc = new CometRpc(places.rpc);
  const peers = async (): Promise<readonly string[]> => {
    const { peers: listed } = (await rpc.ask('net_info')) as {
      readonly peers: readonly { readonly node_info: { id: string } }[];
    };
    return listed.map(({ node_info }) => node_info.id);
  };
  const stop = async (): Promise<void> => {
    rpc.close();
    await comet.stop();
    await city.close();
    folder.release();
  };
  return { asked, peers, stop };
}

describe('a stranger who knows genesis and address', { skip: skipWithout('cometbft'), timeout: 180_000 }, () => {
  const root = mkdtempSync(join(tmpdir(), 'oppidum-stranger-'));
  after(() => rmSync(root, { recursive: true, force: true }));

  test('is no peer, until its node id is allowed, for which no validator starts again', async () => {
    const [own, other] = [join(root, 'own'), join(root, 'other')];
    // The third validator stays away: it is only there because a city has one, three or more.
    await foundTestCluster([own, other, join(root, 'third')]);
    // The same chain, the same application, and a node key that nobody here has heard of.
    const seed = freshBytes(32);
    const stranger = nodeIdOf(crypto, seed);
    const value = Buffer.from([...seed, ...ed25519Signer(seed).publicKey]).toString('base64');
    const key = JSON.stringify({ priv_key: { type: 'tendermint/PrivKeyEd25519', value } });
    writeFileSync(join(cometPlaces(other).home, 'config', 'node_key.json'), key);
    const first = await startNode(own);
    let second = await startNode(other);
    try {
      while (!first.asked.includes(stranger)) await sleep(50);
      assert.deepEqual(await first.peers(), []);
      await allowPeer(cometPlaces(own).home, { id: stranger, note: 'a new validator' });
      // CometBFT may not dial again where it was sent away.
      await second.stop();
      second = await startNode(other);
      while ((await first.peers()).length === 0) await sleep(50);
      assert.deepEqual(await first.peers(), [stranger]);
    } finally {
      await Promise.all([first.stop(), second.stop()]);
    }
  });
});
