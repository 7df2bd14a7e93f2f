import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { toHex } from '@oppidum/formats/bytes';
import { deviceIdOf } from '@oppidum/formats/ids';
import { actionOf, envelopeOf, execute, freshBytes } from '../../../test/support/running-city.ts';
import { eventually, type RunningDoors, withDoors } from '../../../test/support/running-gateway.ts';
import { createManufacturer, makeTransaction } from './actions.ts';
import { CityApi } from './city-api.ts';
import { Device } from './device.ts';
import { enrolDevices } from './enrol.ts';
import { HttpLink } from './http-link.ts';
import { type LinkOptions, MqttLink } from './mqtt-link.ts';
import { openOutbox } from './outbox.ts';
import { ProvenRecords } from './proven-records.ts';
import { openShardKeys } from './shard-keys.ts';

const records = [{ sensor: 'level', unit: 'm', value: 1.5, timeMs: 1_700_000_000_000 }];

/** An active device in a city, with fresh outboxes and links on demand, and what the links told. */
async function enrolOne(t: TestContext, { city, gateway }: RunningDoors) {
  const api = new CityApi(gateway.http);
  const proven = new ProvenRecords(nativeCrypto, new Uint8Array(readFileSync(city.folder.paths.policy)), api);
  const manufacturer = freshBytes(32);
  const action = createManufacturer(manufacturer, 'Maker', city.operator.account);
  await api.submit(makeTransaction(proven.audience, [action], [city.operator]));
  const signer = ed25519Signer(freshBytes(32));
  const id = deviceIdOf(nativeCrypto, signer.publicKey);
  const model = { id: freshBytes(32), name: 'Gauge', deviceType: 'gauge', personal: false, simulated: true };
  const devices = [{ id, model: model.id, signer, grade: 'device' as const }];
  await enrolDevices({ api, records: proven, manufacturer, maker: city.operator, models: [model], devices });
  const shardKeys = await openShardKeys(proven, null);
  const told: string[] = [];
  const settled = new Map<string, string | null>();
  const options: LinkOptions = {
    shardKeys,
    onTrouble: ({ code }) => told.push(code),
    onSettled: ({ digest, code }) => settled.set(toHex(digest), code),
  };
  const makeDevice = (): Device => {
    const outbox = openOutbox({ path: null, crypto: nativeCrypto, audience: proven.audience });
    return new Device({ crypto: nativeCrypto, id, keyNumber: 0, signer, outbox, issuers: shardKeys });
  };
  const connect = (device: Device, transport: 'mqtt' | 'http'): MqttLink | HttpLink => {
    const link = transport === 'mqtt' ? new MqttLink(gateway.mqtt, device, options) : new HttpLink(api, [device], options);
    t.after(() => link.stop());
    link.start();
    return link;
  };
  t.after(() => api.close());
  const act = async (verb: string): Promise<void> => {
    const body = { id, ...(verb === 'resume' ? {} : { reason: 'test' }) };
    const { code } = await execute(city.client, envelopeOf(city.client, city.operator, [actionOf(`device/${verb}`, body)]));
    assert.equal(code, 'OK');
  };
  return { makeDevice, connect, act, told, settled };
}

for (const transport of ['mqtt', 'http'] as const) {
  test(`${transport}: what a suspended device reports waits until it is resumed, oldest first`, (t) =>
    withDoors(async (doors) => {
      const { makeDevice, connect, act, told, settled } = await enrolOne(t, doors);
      const device = makeDevice();
      await act('suspend');
      const link = connect(device, transport);
      const digests: string[] = [];
      for (let i = 0; i < 3; i++) digests.push(toHex((await device.report(records)).digest));
      await eventually(
        async () => told,
        // Over MQTT it is not even let in, and CONNACK has no words for why.
        (codes) => codes.includes(transport === 'mqtt' ? 'NOT_AUTHORIZED' : 'DEVICE_SUSPENDED'),
      );
      assert.deepEqual([device.unsettledCount, settled.size, device.refused().length], [3, 0, 0]);
      await act('resume');
      await eventually(
        async () => device.unsettledCount,
        (count) => count === 0,
      );
      assert.deepEqual(
        [...settled],
        digests.map((digest) => [digest, null]),
      );
      await link.stop();
    }));

  test(`${transport}: a second device with the same key is refused for good, and keeps the receipt that says so`, (t) =>
    withDoors(async (doors) => {
      const { makeDevice, connect, settled } = await enrolOne(t, doors);
      for (const [round, code] of [null, 'SEQUENCE_REUSED'].entries()) {
        const device = makeDevice();
        const { digest } = await device.report([{ ...records[0]!, value: round }]);
        const link = connect(device, transport);
        await eventually(
          async () => device.unsettledCount,
          (count) => count === 0,
        );
        assert.equal(settled.get(toHex(digest)), code);
        assert.deepEqual(
          device.refused().map((refused) => refused.code),
          code === null ? [] : [code],
        );
        await link.stop();
      }
    }));
}

test('a link that is stopped before it ever connected ends at once, and nothing is lost', async (t) => {
  const outbox = openOutbox({ path: null, crypto: nativeCrypto, audience: new Uint8Array(32) });
  const signer = ed25519Signer(freshBytes(32));
  const id = deviceIdOf(nativeCrypto, signer.publicKey);
  const device = new Device({ crypto: nativeCrypto, id, keyNumber: 0, signer, outbox, issuers: { issuerOf: () => null } });
  await device.report(records);
  const told: string[] = [];
  const link = new MqttLink('mqtt://127.0.0.1:1', device, {
    shardKeys: { learn: () => Promise.resolve(null) },
    onTrouble: ({ code }) => told.push(code),
  });
  t.after(() => link.stop());
  link.start();
  await eventually(
    async () => told.length,
    (count) => count > 1,
  );
  assert.ok(
    told.every((code) => code === 'ECONNREFUSED'),
    told.join(),
  );
  await link.stop();
  assert.equal(device.unsettledCount, 1);
});
