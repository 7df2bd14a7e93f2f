/** A town whose machines obey: through the doors that everybody has, by the keys of two engineers, and seen in what the street says. */

import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { OrderJson, ZoneJson } from '@oppidum/gateway/api/orders';
import { until } from '../support/city-process.ts';
import { runCommand } from '../support/command-line.ts';
import { inTemporaryFolder } from '../support/running-city.ts';
import { type StartedCity, startCity } from '../support/started-city.ts';

/** Two lamps, both heads of a junction, a loop, a feeder. */
const TOWN = ['--devices', '12', '--speed', '100'];

type Zone = ZoneJson & { readonly challengedCount: number };
type Reading = { readonly records: readonly { readonly name: string; readonly value: unknown }[] };

async function get<T>(api: string, path: string): Promise<T> {
  return (await (await fetch(`${api}/api/v1/${path}`)).json()) as T;
}

/** A zone once all its machines can be ordered. */
async function readyZone({ api }: StartedCity, domain: string): Promise<Zone> {
  let found: Zone | null = null;
  await until(`the zone of ${domain} can be ordered`, async () => {
    const { items } = await get<{ readonly items: readonly ZoneJson[] }>(api, 'zones');
    const id = items.find((zone) => zone.domain === domain)?.id;
    if (id === undefined) return false;
    found = await get<Zone>(api, `zones/${id}`);
    return found.deviceCount > 0 && found.challengedCount === found.deviceCount;
  });
  return found ?? assert.fail();
}

async function deviceOf({ api }: StartedCity, label: string): Promise<string> {
  const { items } = await get<{ readonly items: readonly { readonly id: string; readonly label: string }[] }>(
    api,
    'devices?limit=100',
  );
  return items.find((device) => device.label === label)?.id ?? assert.fail(label);
}

/** The newest value of a sensor of a device; undefined where its newest readings do not say. */
async function newest({ api }: StartedCity, device: string, sensor: string): Promise<unknown> {
  const { items } = await get<{ readonly items: readonly Reading[] }>(api, `readings?device=${device}&limit=5`);
  return items.flatMap(({ records }) => records).find(({ name }) => name === sensor)?.value;
}

const stateOf = async ({ api }: StartedCity, id: string): Promise<OrderJson['state']> =>
  (await get<OrderJson>(api, `orders/${id}`)).state;

test('two engineers change a plan, one brings light; both are seen in the street, and a city that starts again goes on', () =>
  inTemporaryFolder(async (data) => {
    const engineer = (name: string): string => join(data, 'demo', 'engineers', `${name}.seed`);
    let city = await startCity(data, TOWN);
    const command = async (...words: readonly string[]): Promise<string> => {
      const { code, stdout, stderr } = await runCommand([...words, '--yes', '--api', city.api, '--data', data]);
      assert.equal(code, 0, stderr);
      return `${stdout}${stderr}`;
    };
    try {
      const [junction, lights] = [await readyZone(city, 'signals'), await readyZone(city, 'lighting')];
      assert.deepEqual([junction.deviceCount, lights.deviceCount], [1, 2]);
      for (const name of readdirSync(join(data, 'demo', 'engineers')))
        assert.equal(statSync(join(data, 'demo', 'engineers', name)).mode & 0o777, 0o600, name);

      const head = await deviceOf(city, 'traffic-signal-01');
      await until('the head says its plan', async () => (await newest(city, head, 'signal/plan')) !== undefined);
      const issued = await command(
        'order',
        'issue',
        'signal/plan',
        '3',
        '--zone',
        junction.id,
        '--device',
        head,
        '--order-key',
        engineer('junction-1'),
      );
      const order = /order\s+([0-9a-f]{64})/.exec(issued)?.[1] ?? assert.fail(issued);
      assert.equal(await stateOf(city, order), 'awaiting', 'one engineer is not enough');
      await command('order', 'approve', order, '--order-key', engineer('junction-2'));
      await until('the junction signed that it obeyed', async () => (await stateOf(city, order)) === 'applied');
      await until('the street runs the plan', async () => (await newest(city, head, 'signal/plan')) === 3);

      await command(
        'order',
        'issue',
        'light/maintenance',
        '480',
        '--zone',
        lights.id,
        '--all',
        '--wait',
        '--order-key',
        engineer('lights-1'),
      );
      const lamp = await deviceOf(city, 'street-light-01');
      await until('the lamp burns', async () => (await newest(city, lamp, 'dimming')) === 1);
      await until(
        'and draws for it',
        async () => Number(await newest(city, lamp, 'power')) > 39 || (await newest(city, lamp, 'failure')) === true,
      );

      const passed = Number(await newest(city, head, 'vehicles'));
      await city.stop();
      city = await startCity(data, TOWN);
      assert.equal((await readyZone(city, 'signals')).id, junction.id, 'nothing is made again');
      await readyZone(city, 'lighting');
      await until('the head says its counter', async () => (await newest(city, head, 'vehicles')) !== undefined);
      assert.ok(Number(await newest(city, head, 'vehicles')) >= passed, 'no counter falls');
      const flash = await command(
        'order',
        'issue',
        'signal/flash',
        '--zone',
        junction.id,
        '--all',
        '--wait',
        '--order-key',
        engineer('junction-2'),
      );
      assert.match(flash, /applied\s+1 of 1/);
      await until('everybody sees flash', async () => (await newest(city, head, 'aspect')) === 'flash');
    } finally {
      await city.stop();
    }
  }));
