/**
 * A city of four validators with two gateways. One is killed while a device and a command line hand things in: nothing acknowledged is
 * lost, nothing is done twice, and what only the killed one can take waits for it.
 */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect as connectTcp, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { cityRegistry } from '@oppidum/contracts/registry';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { createManufacturer, makeTransaction } from '@oppidum/device/actions';
import { CityApi } from '@oppidum/device/city-api';
import { Device } from '@oppidum/device/device';
import { enrolDevices } from '@oppidum/device/enrol';
import { HttpLink } from '@oppidum/device/http-link';
import { openOutbox } from '@oppidum/device/outbox';
import { ProvenRecords } from '@oppidum/device/proven-records';
import { openShardKeys } from '@oppidum/device/shard-keys';
import { toHex } from '@oppidum/formats/bytes';
import { deviceIdOf } from '@oppidum/formats/ids';
import type { Gateway } from '@oppidum/gateway/server';
import { cometEngine } from '@oppidum/node/comet-engine';
import { type DataFolder, openDataFolder } from '@oppidum/node/data-folder';
import type { StartEngine } from '@oppidum/node/engine';
import { cometPlaces } from '@oppidum/node/found-cluster';
import { type OpenCity, openCity } from '@oppidum/node/open-city';
import type { OpenShard } from '@oppidum/telemetry/open-shard';
import { foundTestCluster, type RunningComet, startComet } from '../support/comet.ts';
import { runCommand } from '../support/command-line.ts';
import { skipWithout } from '../support/programs.ts';
import { freshAccount, freshBytes, type RunningCity, runCity } from '../support/running-city.ts';
import { runGateway, runShard } from '../support/running-gateway.ts';

type Node = { readonly folder: DataFolder; readonly comet: RunningComet; readonly city: OpenCity };

async function openFolder(path: string): Promise<{ folder: DataFolder; comet: RunningComet; startEngine: StartEngine }> {
  const folder = await openDataFolder({ folder: path, crypto });
  const { app: listen, rpc } = cometPlaces(path);
  const { genesis, genesisHash } = folder;
  const startEngine = cometEngine({ crypto, genesis, genesisHash, listen, rpc });
  return { folder, comet: startComet(cometPlaces(path)), startEngine };
}

async function startNode(path: string): Promise<Node> {
  const { folder, comet, startEngine } = await openFolder(path);
  return { folder, comet, city: await openCity({ folder, crypto, registry: cityRegistry, startEngine }) };
}

/** The validator with the shard and the operator's key. */
type First = { readonly city: RunningCity; readonly comet: RunningComet; readonly shard: OpenShard; readonly gateway: Gateway };

async function startFirst(path: string): Promise<First> {
  const { folder, comet, startEngine } = await openFolder(path);
  const city = await runCity(folder, { startEngine });
  const shard = await runShard(city, {});
  return { city, comet, shard, gateway: await runGateway(city, { shards: [shard.client] }) };
}

/** The network before a gateway: cut, every connection ends in the middle of what it says. */
class Cable {
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  target: string | null = null;
  port = 0;

  constructor() {
    this.#server = createServer((socket) => {
      if (this.target === null) return void socket.destroy();
      const far = connectTcp({ host: '127.0.0.1', port: Number(new URL(this.target).port) });
      for (const each of [socket, far]) {
        this.#sockets.add(each);
        each.on('error', () => undefined);
        each.on('close', () => {
          this.#sockets.delete(each);
          socket.destroy();
          far.destroy();
        });
      }
      socket.pipe(far).pipe(socket);
    });
  }

  async open(target: string): Promise<string> {
    this.target = target;
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    this.port = address.port;
    return `http://127.0.0.1:${address.port}`;
  }

  cut(): void {
    this.target = null;
    for (const socket of this.#sockets) socket.destroy();
  }

  close(): void {
    this.cut();
    this.#server.close();
  }
}

describe('two gateways of one city', { skip: skipWithout('cometbft'), timeout: 600_000 }, () => {
  const root = mkdtempSync(join(tmpdir(), 'oppidum-fall-over-'));
  const paths = Array.from({ length: 4 }, (_, i) => join(root, String(i + 1))) as [string, ...string[]];
  const cable = new Cable();
  let first: First;
  let others: Node[] = [];
  let second: Gateway;
  let api = '';

  before(async () => {
    await foundTestCluster(paths);
    const [one, ...rest] = await Promise.all([startFirst(paths[0]), ...paths.slice(1).map(startNode)]);
    [first, others] = [one, rest];
    const { folder, city } = others[0] as Node;
    second = await runGateway({ ...city, folder } as RunningCity);
    api = `${await cable.open(first.gateway.http)},${second.http}`;
  });

  after(async () => {
    cable.close();
    await second.close();
    await stopFirst('SIGKILL');
    for (const { comet, city, folder } of others) {
      await comet.stop('SIGKILL');
      await city.close();
      folder.release();
    }
    rmSync(root, { recursive: true, force: true });
  });

  async function stopFirst(signal: NodeJS.Signals): Promise<void> {
    await first.comet.stop(signal);
    await first.gateway.close();
    await first.shard.close();
    await first.city.stop();
  }

  /** An account for somebody, by the command line with both addresses. */
  const createByCommand = async (name: string): Promise<string> => {
    const words = ['account', 'create', '--name', name, '--new-key', join(root, `${name}.seed`), '--json', '--yes'];
    const { code, stdout, stderr } = await runCommand([...words, '--api', api, '--data', paths[0]]);
    assert.equal(code, 0, stderr);
    const result = JSON.parse(stdout) as { id: string; code: string; proven: boolean };
    assert.deepEqual([result.code, result.proven], ['OK', true]);
    return result.id;
  };

  test('one is killed: transactions go to the other, once each; readings wait for the shard and come to it', async () => {
    const client = new CityApi(api);
    const proven = new ProvenRecords(crypto, first.city.client.policyFile(), client);
    const { operator } = first.city;
    const acknowledged = new Set<string>();
    const submit = async (action: Parameters<typeof makeTransaction>[1][number]): Promise<void> => {
      const { id, code } = await client.submit(makeTransaction(proven.audience, [action], [operator]));
      assert.equal(code, 'OK');
      acknowledged.add(toHex(id));
    };
    const manufacturer = freshBytes(32);
    await submit(createManufacturer(manufacturer, 'Maker', operator.account));
    const signer = ed25519Signer(freshBytes(32));
    const id = deviceIdOf(crypto, signer.publicKey);
    const model = { id: freshBytes(32), name: 'Gauge', deviceType: 'gauge', personal: false, simulated: true };
    const devices = [{ id, model: model.id, signer, grade: 'device' as const }];
    await enrolDevices({ api: client, records: proven, manufacturer, maker: operator, models: [model], devices });

    const shardKeys = await openShardKeys(proven, null);
    const outbox = openOutbox({ path: null, crypto, audience: proven.audience });
    const device = new Device({ crypto, id, keyNumber: 0, signer, outbox, issuers: shardKeys });
    const [settled, troubles]: [Map<string, string | null>, Set<string>] = [new Map(), new Set()];
    const link = new HttpLink(client, [device], {
      shardKeys,
      onSettled: ({ digest, code }) => settled.set(toHex(digest), code),
      onTrouble: ({ code }) => troubles.add(code),
    });
    link.start();
    let reported = 0;
    const report = async (): Promise<void> => {
      await device.report([{ sensor: 'level', unit: 'm', value: reported, timeMs: Date.now() }]);
      reported++;
    };
    for (let i = 0; i < 5; i++) await report();
    await link.settled();
    acknowledged.add(await createByCommand('before'));

    // Killed in the middle of what it was asked: some of these were in its hands.
    const underWay = Array.from({ length: 40 }, () => submit(freshAccount().action));
    await Promise.race(underWay);
    cable.cut();
    await stopFirst('SIGKILL');
    await Promise.all(underWay);
    assert.equal(client.base.href, `${second.http}/`);
    for (let i = 0; i < 5; i++) await Promise.all([report(), submit(freshAccount().action)]);
    acknowledged.add(await createByCommand('meanwhile'));
    while (!troubles.has('NOT_READY') && !troubles.has('CITY_UNREACHABLE')) await sleep(50);
    assert.equal(device.unsettledCount, 5, 'nobody but the shard where its key is at home may take a reading');

    first = await startFirst(paths[0]);
    cable.target = first.gateway.http;
    await link.settled();
    await link.stop();
    client.close();
    outbox.close();
    assert.equal(settled.size, reported);
    assert.deepEqual(new Set(settled.values()), new Set([null]));
    await assertOnce(acknowledged, settled);
  });

  /** Everywhere, each acknowledged transaction stands once, and each reading once in the shard's log. */
  async function assertOnce(ids: ReadonlySet<string>, readings: ReadonlyMap<string, unknown>): Promise<void> {
    const clients = [first.city.client, ...others.map(({ city }) => city.client)];
    const height = Math.max(...clients.map((client) => client.head().height));
    for (const client of clients) {
      while (client.head().height < height) await sleep(50);
      const executed = client.blocks(0, height + 1).flatMap(({ transactions }) => transactions.map(({ id }) => toHex(id)));
      assert.equal(new Set(executed).size, executed.length);
      for (const id of ids) assert.ok(executed.includes(id), id);
    }
    const kept = first.shard.client.readings(0, 100).map(({ digest }) => toHex(digest));
    assert.deepEqual([...kept].sort(), [...readings.keys()].sort());
  }
});
