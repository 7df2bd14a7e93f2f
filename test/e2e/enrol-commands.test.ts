/** How a newcomer lets devices in by the command line, and what the ledger then says of them. */

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { openDevice } from '@oppidum/device/open-device';
import { stringify } from 'yaml';
import { CityProcess, until } from '../support/city-process.ts';
import { runCommand } from '../support/command-line.ts';
import { inTemporaryFolder } from '../support/running-city.ts';

type Listed = {
  readonly id: string;
  readonly label: string;
  readonly grade: string;
  readonly status: string;
  readonly modelName: string;
};

/** A device that knows no time but the city's measures something; `happen` makes the city sign. */
async function measureByCityTime(
  city: CityProcess,
  folder: string,
  policy: string,
  happen: (n: number) => Promise<unknown>,
): Promise<void> {
  // The city signs when something happens: here, another device.
  const begunMs = performance.now();
  const opening = openDevice({ folder, policy, api: city.http, time: ['city'] });
  let isOpen = false;
  const opened = opening.finally(() => {
    isOpen = true;
  });
  for (let n = 2; !isOpen && n < 20; n++) await happen(n);
  const device = await opened;
  const [errorMsMax, measuredMs] = [500 + Math.ceil(performance.now() - begunMs), Date.now()];
  await device.measure([{ sensor: 'power', unit: 'W', value: 41.5 }]);
  await until('the reading is settled', () => device.device.unsettledCount === 0);
  await device.close();
  await until('it is listed', async () => {
    const answer = await fetch(`${city.http}/api/v1/readings`);
    const { items } = (await answer.json()) as {
      readonly items: readonly { readonly clockErrorMs: number; readonly timeMs: number }[];
    };
    const [reading] = items;
    if (reading === undefined) return false;
    const { clockErrorMs, timeMs } = reading;
    // Half a second, for cosignatures tell whole ones, and no more than it asked for.
    assert.ok(clockErrorMs >= 500 && clockErrorMs <= errorMsMax, `±${clockErrorMs} of ${errorMsMax}`);
    assert.ok(timeMs + clockErrorMs >= measuredMs && timeMs - clockErrorMs <= Date.now(), `${timeMs} ±${clockErrorMs}`);
    return true;
  });
}

test('device enrol and bridge enrol make what is missing, once; a device takes its time from the city', () =>
  inTemporaryFolder(async (data) => {
    const city = await CityProcess.start(data);
    const folder = join(dirname(data), 'newcomer');
    mkdirSync(folder);
    const run = async (
      ...args: string[]
    ): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> =>
      runCommand([...args, '--api', city.http, '--data', data]);
    const devices = async (): Promise<readonly Listed[]> => {
      const answer = await fetch(`${city.http}/api/v1/devices`);
      const { items } = (await answer.json()) as { readonly items: readonly Listed[] };
      return items.toSorted((a, b) => a.label.localeCompare(b.label));
    };
    try {
      const lamp = join(folder, 'lamp');
      const first = await run('device', 'enrol', join(lamp, 'key.seed'), '--type', 'street-light', '--label', 'lamp-1');
      assert.deepEqual([first.code, first.stdout.trim().length], [0, 64], first.stderr);
      const again = await run('device', 'enrol', join(lamp, 'key.seed'), '--type', 'street-light', '--label', 'lamp-1');
      assert.equal(again.stdout, first.stdout);
      assert.ok(first.stderr.includes(`A new key was made: ${join(lamp, 'key.seed')}`), first.stderr);
      assert.doesNotMatch(again.stderr, /new key/);
      assert.equal((await run('device', 'register', '--model', 'a'.repeat(64), '--public-key', 'zz')).code, 2);
      assert.equal((await run('device', 'activate', first.stdout.trim())).code, 2);

      // Of a model that is there, whose maker is the operator's own.
      const shown = (await (await fetch(`${city.http}/api/v1/devices/${first.stdout.trim()}`)).json()) as {
        readonly model: string;
      };
      const named = ['--model', shown.model, '--label', 'lamp-0'];
      const byModel = await run('device', 'enrol', join(folder, 'other.seed'), ...named);
      assert.deepEqual([byModel.code, byModel.stdout.trim().length], [0, 64], byModel.stderr);
      const unknown = await run('device', 'enrol', join(folder, 'other.seed'), '--model', 'ab'.repeat(32));
      assert.match(unknown.stderr, /model/i);
      assert.notEqual(unknown.code, 0);
      assert.equal((await run('device', 'enrol', join(folder, 'other.seed'), '--type', 'x', ...named)).code, 2);
      assert.equal((await run('device', 'enrol', join(folder, 'other.seed'))).code, 2);

      const settings = join(folder, 'meters.yaml');
      writeFileSync(
        settings,
        stringify({
          bridge: 'csv',
          clock: { errorMs: 100 },
          model: { name: 'Meter', type: 'meter' },
          file: '-',
          columns: [{ column: 'a', sensor: 'a' }],
          devices: [{ name: 'meter-1' }],
        }),
      );
      for (let i = 0; i < 2; i++) assert.equal((await run('bridge', 'enrol', settings)).code, 0);
      const wrong = await run('bridge', 'modbus', settings);
      assert.deepEqual([wrong.code, /BRIDGE_SETTINGS_INVALID|settings of the bridge/.test(wrong.stderr)], [2, true]);
      await until('all are listed', async () => (await devices()).length === 3);
      assert.deepEqual(
        (await devices()).map(({ label, grade, status, modelName }) => [label, grade, status, modelName]),
        [
          ['lamp-0', 'device', 'active', 'street-light'],
          ['lamp-1', 'device', 'active', 'street-light'],
          ['meter-1', 'bridge', 'active', 'Meter'],
        ],
      );

      await measureByCityTime(city, lamp, join(data, 'city.policy'), (n) =>
        run('device', 'enrol', join(folder, `${n}.seed`), '--type', 'lamp', '--label', `x${n}`),
      );
    } finally {
      await city.end('SIGTERM');
    }
  }));
