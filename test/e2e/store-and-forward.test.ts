import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { Device } from '@oppidum/device/device';
import { enrolDevices } from '@oppidum/device/enrol';
import { HttpLink } from '@oppidum/device/http-link';
import { MqttLink } from '@oppidum/device/mqtt-link';
import { openOutbox } from '@oppidum/device/outbox';
import { openShardKeys } from '@oppidum/device/shard-keys';
import { toHex } from '@oppidum/formats/bytes';
import { deviceIdOf } from '@oppidum/formats/ids';
import { admitMaker, CityProcess, listReadings, type TestMaker, until } from '../support/city-process.ts';
import { freshBytes, inTemporaryFolder } from '../support/running-city.ts';

const DEVICE_COUNT = 5;
const ROUND_COUNT = 6;

/** Devices that are enrolled and active, on one outbox; every settled message is counted by digest. */
async function makeDevices({ api, records, manufacturer, maker }: TestMaker, folder: string) {
  const model = { id: freshBytes(32), name: 'Gauge', deviceType: 'water-gauge', personal: false, simulated: true };
  const entries = Array.from({ length: DEVICE_COUNT }, (_, n) => {
    const signer = ed25519Signer(freshBytes(32));
    const id = deviceIdOf(nativeCrypto, signer.publicKey);
    return { id, model: model.id, signer, grade: 'device' as const, label: `gauge-${n}` };
  });
  const progress: number[] = [];
  await enrolDevices({
    ...{ api, records, manufacturer, maker, models: [model], devices: entries },
    onProgress: (count) => progress.push(count),
  });
  assert.equal(progress.at(-1), DEVICE_COUNT);
  // Begun again it finds everything done.
  await enrolDevices({ api, records, manufacturer, maker, models: [model], devices: entries });
  const outbox = openOutbox({ path: join(folder, 'outbox.sqlite'), crypto: nativeCrypto, audience: records.audience });
  const shardKeys = await openShardKeys(records, join(folder, 'shard-keys'));
  const devices = entries.map(
    ({ id, signer }) => new Device({ crypto: nativeCrypto, id, keyNumber: 0, signer, outbox, issuers: shardKeys }),
  );
  return { devices, outbox, shardKeys };
}

for (const transport of ['mqtt', 'http'] as const) {
  test(`over ${transport}: devices go on without the city, which is killed twice; every reading arrives once, with its receipt`, () =>
    inTemporaryFolder(async (data) => {
      let city = await CityProcess.start(data);
      const folder = `${data}-devices`;
      const maker = await admitMaker(city, data);
      const { devices, outbox, shardKeys } = await makeDevices(maker, folder);
      const kept = new Map<string, number>();
      const onSettled = ({ digest, code }: { readonly digest: Uint8Array; readonly code: string | null }): void => {
        assert.equal(code, null);
        kept.set(toHex(digest), (kept.get(toHex(digest)) ?? 0) + 1);
      };
      const links =
        transport === 'mqtt'
          ? devices.map((device) => new MqttLink(city.mqtt, device, { shardKeys, onSettled }))
          : [new HttpLink(maker.api, devices, { shardKeys, onSettled })];
      const reported = new Set<string>();
      const report = async (): Promise<void> => {
        const timeMs = Date.now();
        const entries = await Promise.all(
          devices.map((device) => device.report([{ sensor: 'level', unit: 'm', value: 1.5, timeMs }])),
        );
        for (const { digest } of entries) reported.add(toHex(digest));
      };
      try {
        await report(); // before any connection
        for (const link of links) link.start();
        await until('the first readings are settled', () => kept.size === reported.size);
        for (let round = 0; round < ROUND_COUNT; round++) {
          if (round === 1 || round === 4) await city.end(round === 1 ? 'SIGKILL' : 'SIGTERM');
          if (round === 2 || round === 5) city = await city.again(data);
          await report();
        }
        await until('all readings are settled', () => kept.size === reported.size);
        assert.equal(reported.size, DEVICE_COUNT * (ROUND_COUNT + 1));
        assert.deepEqual(new Set(kept.keys()), reported);
        for (const [digest, count] of kept) assert.equal(count, 1, digest);
        for (const device of devices) assert.equal(device.unsettledCount, 0);
        await until('the city lists them all', async () => (await listReadings(city.http)).length >= reported.size);
        const listed = await listReadings(city.http);
        assert.deepEqual(listed.map(({ id }) => id).sort(), [...reported].sort(), 'each reading once, and no other');
        for (const device of devices) {
          const sequences = listed.filter((reading) => reading.device === toHex(device.id)).map(({ sequence }) => sequence);
          assert.deepEqual(
            sequences.sort((a, b) => a - b),
            Array.from({ length: ROUND_COUNT + 1 }, (_, i) => i + 1),
          );
        }
      } finally {
        await Promise.all(links.map((link) => link.stop()));
        outbox.close();
        maker.api.close();
        await city.end('SIGTERM');
      }
    }));
}
