/** A town whose machines obey: through the doors that everybody has, by the keys of two engineers, and seen in what the street says. */

import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { OrderJson } from '@oppidum/gateway/api/orders';
import { until } from '../support/city-process.ts';
import { runCommand } from '../support/command-line.ts';
import { type ReadyZone, readyZone } from '../support/ready-zone.ts';
import { inTemporaryFolder } from '../support/running-city.ts';
import { type StartedCity, startCity } from '../support/started-city.ts';

/** Two lamps, both heads of a junction, a loop, a feeder. */
const TOWN = ['--devices', '12', '--speed', '100'];

type Reading = { readonly records: readonly { readonly name: string; readonly value: unknown }[] };

async function get<T>(api: string, path: string): Promise<T> {
  return (await (await fetch(`${api}/api/v1/${path}`)).json()) as T;
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

/** A town with its data folder, and the command line of those who work there. */
class Works {
  readonly #data: string;
  city: StartedCity;

  private constructor(data: string, city: StartedCity) {
    this.#data = data;
    this.city = city;
  }

  static async begin(data: string): Promise<Works> {
    return new Works(data, await startCity(data, TOWN));
  }

  async beginAgain(): Promise<void> {
    await this.city.stop();
    this.city = await startCity(this.#data, TOWN);
  }

  /** `oppidum order …` with the key of an engineer; what it says. */
  async order(engineer: string, ...words: readonly string[]): Promise<string> {
    const key = join(this.#data, 'demo', 'engineers', `${engineer}.seed`);
    const place = ['--order-key', key, '--yes', '--api', this.city.api, '--data', this.#data];
    const { code, stdout, stderr } = await runCommand(['order', ...words, ...place]);
    assert.equal(code, 0, stderr);
    return `${stdout}${stderr}`;
  }

  /** Waits until the newest readings of a device say this. */
  async sees(device: string, sensor: string, isSo: (value: unknown) => boolean): Promise<unknown> {
    let value: unknown;
    await until(`${sensor} is told`, async () => {
      value = await newest(this.city, device, sensor);
      return isSo(value);
    });
    return value;
  }
}

const isTold = (value: unknown): boolean => value !== undefined;

async function changePlan(works: Works, junction: ReadyZone, head: string): Promise<void> {
  await works.sees(head, 'signal/plan', isTold);
  const issued = await works.order('junction-1', 'issue', 'signal/plan', '3', '--zone', junction.id, '--device', head);
  const order = /order\s+([0-9a-f]{64})/.exec(issued)?.[1] ?? assert.fail(issued);
  await until('it waits, for one engineer is not enough', async () => (await stateOf(works.city, order)) === 'awaiting');
  await works.order('junction-2', 'approve', order);
  await until('the junction signed that it obeyed', async () => (await stateOf(works.city, order)) === 'applied');
  await works.sees(head, 'signal/plan', (plan) => plan === 3);
}

async function light(works: Works, lights: ReadyZone): Promise<void> {
  await works.order('lights-1', 'issue', 'light/maintenance', '480', '--zone', lights.id, '--all', '--wait');
  const lamp = await deviceOf(works.city, 'street-light-01');
  await works.sees(lamp, 'dimming', (level) => level === 1);
  // Rated 40 W at least, less what it flickers; nothing where it is broken just now.
  if ((await newest(works.city, lamp, 'failure')) !== true) await works.sees(lamp, 'power', (power) => Number(power) > 39);
}

test('two engineers change a plan, one brings light; both are seen in the street, and a city that starts again goes on', () =>
  inTemporaryFolder(async (data) => {
    const works = await Works.begin(data);
    try {
      const [junction, lights] = [await readyZone(works.city, 'First junction'), await readyZone(works.city, 'Street lights')];
      assert.deepEqual([junction.deviceCount, lights.deviceCount], [1, 2]);
      const engineers = join(data, 'demo', 'engineers');
      for (const name of readdirSync(engineers)) assert.equal(statSync(join(engineers, name)).mode & 0o777, 0o600, name);
      const head = await deviceOf(works.city, 'traffic-signal-01');
      await changePlan(works, junction, head);
      await light(works, lights);

      const passed = Number(await works.sees(head, 'vehicles', isTold));
      await works.beginAgain();
      assert.equal((await readyZone(works.city, 'First junction')).id, junction.id, 'nothing is made again');
      await readyZone(works.city, 'Street lights');
      assert.ok(Number(await works.sees(head, 'vehicles', isTold)) >= passed, 'no counter falls');
      const flash = await works.order('junction-2', 'issue', 'signal/flash', '--zone', junction.id, '--all', '--wait');
      assert.match(flash, /applied\s+1 of 1/);
      await works.sees(head, 'aspect', (aspect) => aspect === 'flash');
    } finally {
      await works.city.stop();
    }
  }));
