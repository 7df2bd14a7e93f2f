import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { deviceIdentity, selfSignedCertificate } from '@oppidum/crypto/certificate';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { type Bytes, toHex } from '@oppidum/formats/bytes';
import { deviceIdOf } from '@oppidum/formats/ids';
import { at } from '@oppidum/formats/state-layout';
import { deviceTrustKind } from '@oppidum/formats/state-trust';
import { GATEWAY_USER, TestBroker } from '../../../test/support/broker.ts';
import { skipWithout } from '../../../test/support/programs.ts';
import { freshBytes, inTemporaryFolder } from '../../../test/support/running-city.ts';
import { enrolDevice, eventually, type RunningDoors, runDoors } from '../../../test/support/running-gateway.ts';
import { CityApi } from './city-api.ts';
import { Device } from './device.ts';
import { DeviceReports } from './device-reports.ts';
import { type LinkOptions, MqttLink } from './mqtt-link.ts';
import { openOutbox } from './outbox.ts';
import { ProvenRecords } from './proven-records.ts';
import { openShardKeys } from './shard-keys.ts';

const records = [{ sensor: 'level', unit: 'm', value: 1.5, timeMs: 1_700_000_000_000 }];

/** An active device whose seed is known, and how it is linked. */
async function prepare(t: TestContext, { city, gateway }: RunningDoors, seed: Bytes = freshBytes(32)) {
  const api = new CityApi(gateway.http);
  t.after(() => api.close());
  const proven = new ProvenRecords(nativeCrypto, new Uint8Array(readFileSync(city.folder.paths.policy)), api);
  const shardKeys = await openShardKeys(proven, null);
  const { id, hex, signer } = await enrolDevice(city, { seed });
  const outbox = openOutbox({ path: null, crypto: nativeCrypto, audience: proven.audience });
  const device = new Device({ crypto: nativeCrypto, id, keyNumber: 0, signer, outbox, issuers: shardKeys });
  const told: string[] = [];
  const link = (url: string, options: Omit<LinkOptions, 'shardKeys'>): MqttLink => {
    const made = new MqttLink(url, device, { shardKeys, onTrouble: ({ code }) => told.push(code), ...options });
    t.after(() => made.stop());
    made.start();
    return made;
  };
  return { device, hex, seed, told, link, id, signer, proven };
}

const settled = (device: Device): Promise<number> =>
  eventually(
    async () => device.unsettledCount,
    (count) => count === 0,
  );

test('what a device reports of itself goes the way of its readings, and is on the ledger when that is proven', (t) =>
  inTemporaryFolder(async (folder) => {
    const doors = await runDoors(folder);
    const { device, id, signer, proven, link } = await prepare(t, doors);
    const made = new MqttLink('mqtt://127.0.0.1:1', device, { shardKeys: await openShardKeys(proven, null) });
    assert.ok(!made.isOpen);
    await assert.rejects(made.sendReport(id, new Uint8Array(1)), /gave no answer/);
    const open = link(doors.gateway.mqtt, {});
    await device.report(records);
    await settled(device);
    assert.ok(open.isOpen);
    const options = { crypto: nativeCrypto, id, keyNumber: 0, signer, records: proven, link: open, retryMs: 50 };
    const digest = freshBytes(32);
    await new DeviceReports(options).firmware(digest);
    assert.deepEqual(doors.city.client.read(at(deviceTrustKind, id))?.firmware?.digest, digest);
    await open.stop();
    await doors.close();
  }));

test('by TLS: a certificate of its key, or a token; and only to the server that is pinned', (t) =>
  inTemporaryFolder(async (folder) => {
    mkdirSync(folder);
    const file = join(folder, 'mqtt.pem');
    const doors = await runDoors(join(folder, 'city'), true, { mqttTls: { port: 0, file } });
    const { device, hex, seed, told, link } = await prepare(t, doors);
    const url = doors.gateway.mqtts as string;
    const server = readFileSync(file, 'utf8');
    await device.report(records);
    const byCertificate = link(url, { tls: { server, ...deviceIdentity(seed, { commonName: hex, from: new Date(0) }) } });
    await settled(device);
    await byCertificate.stop();
    await device.report(records);
    const byToken = link(url, { tls: { server } });
    await settled(device);
    await byToken.stop();
    assert.deepEqual(told, []);

    await device.report(records);
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const other = selfSignedCertificate(privateKey, { commonName: 'other', hosts: ['127.0.0.1'], from: new Date(0) });
    for (const tls of [{ server: other }, {}]) {
      const astray = link(url, { tls });
      await eventually(
        async () => told.length,
        (count) => count > 0,
      );
      await astray.stop();
      assert.match(told.splice(0).join(), /SELF_SIGNED|UNABLE_TO/);
    }
    assert.equal(device.unsettledCount, 1, 'nothing was given to whom it does not know');
    await doors.close();
  }));

test('by way of a broker that is killed and comes back', { skip: skipWithout('mosquitto') }, (t) =>
  inTemporaryFolder(async (folder) => {
    const city = join(folder, 'city');
    const first = await runDoors(city);
    const genesis = toHex(first.city.client.genesisHash);
    await first.close();
    const seed = freshBytes(32);
    const hex = toHex(deviceIdOf(nativeCrypto, ed25519Signer(seed).publicKey));
    const login = { username: hex, password: 'of the lamp' };
    const broker = await TestBroker.start(folder, genesis, [login]);
    const doors = await runDoors(city, false, { broker: { url: broker.url, login: GATEWAY_USER } });
    const { device, link } = await prepare(t, doors, seed);
    for (let i = 0; i < 20; i++) await device.report(records);
    const made = link(broker.url, { login });
    await eventually(
      async () => device.unsettledCount,
      (count) => count < 20,
    );
    await broker.kill();
    for (let i = 0; i < 20; i++) await device.report(records);
    await broker.again();
    await settled(device);
    await made.stop();
    await broker.kill();
    await doors.close();
  }),
);
