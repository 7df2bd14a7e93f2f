import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { readKeyHolder, rotateKey } from '@oppidum/device/device-folder';
import { enrolDevices } from '@oppidum/device/enrol';
import { type OpenDevice, openDevice } from '@oppidum/device/open-device';
import { systemTime } from '@oppidum/device/system-time';
import { toHex } from '@oppidum/formats/bytes';
import { admitMaker, CityProcess, listReadings, until } from '../support/city-process.ts';
import { freshBytes, inTemporaryFolder } from '../support/running-city.ts';

const VALUES = [{ sensor: 'power', unit: 'W', value: 41.5 }];

test('a device changes its key: what waits is sent first, a rotation cut short is finished, readings go on under the new key', () =>
  inTemporaryFolder(async (data) => {
    const city = await CityProcess.start(data);
    const maker = await admitMaker(city, data);
    const folder = join(dirname(data), 'lamp');
    const settled: (string | null)[] = [];
    const open = (): Promise<OpenDevice> =>
      openDevice({
        folder,
        policy: join(data, 'city.policy'),
        api: city.http,
        mqttUrl: city.mqtt,
        time: [systemTime(50)],
        onSettled: ({ code }) => settled.push(code),
      });
    const rotate = (evenUnsettled = false) =>
      rotateKey({ folder, api: maker.api, records: maker.records, by: maker.maker, evenUnsettled });
    try {
      await assert.rejects(openDevice({ folder, policy: join(folder, 'none'), api: city.http, time: [] }), {
        code: 'TRUST_MISSING',
      });
      const { id, signer } = await readKeyHolder(folder);
      await assert.rejects(rotate(), { code: 'DEVICE_UNKNOWN' });
      const model = { id: freshBytes(32), name: 'Lamp', deviceType: 'street-light', personal: false, simulated: true };
      const lamp = await open();
      await lamp.measure(VALUES);
      await lamp.close();
      await assert.rejects(rotate(), { code: 'OUTBOX_UNSETTLED' });

      await enrolDevices({ ...maker, models: [model], devices: [{ id, model: model.id, signer, grade: 'device' }] });
      const again = await open();
      await until('the reading is settled', () => settled.length === 1);
      await again.close();
      assert.equal(await rotate(), 1);
      assert.ok(!existsSync(join(folder, 'key.seed')), 'the old key is gone');

      // The ledger has the next key, the folder does not know it yet.
      assert.equal(await rotate(), 2);
      writeFileSync(join(folder, 'device.json'), `{"id":"${toHex(id)}","keyNumber":1}`);
      writeFileSync(join(folder, 'key-1.seed'), `${'0'.repeat(64)}\n`, { mode: 0o600 });
      assert.equal(await rotate(), 2);

      const last = await open();
      assert.deepEqual([last.id, last.device.keyNumber], [toHex(id), 2]);
      await last.measure(VALUES);
      await until('the reading under the new key is settled', () => settled.length === 2);
      await last.close();
      assert.deepEqual(settled, [null, null]);
      await until('both are listed', async () => (await listReadings(city.http)).length === 2);
      assert.deepEqual(
        (await listReadings(city.http)).map(({ sequence }) => sequence),
        [1, 1],
      );
      writeFileSync(join(folder, 'device.json'), '{}');
      await assert.rejects(readKeyHolder(folder), { code: 'KEY_FILE_INVALID' });
    } finally {
      maker.api.close();
      await city.end('SIGTERM');
    }
  }));
