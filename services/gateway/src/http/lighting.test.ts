import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { SensorRecord } from '@oppidum/device/reading-pack';
import { act, makeZone, type TestZone } from '../../../../test/support/order-city.ts';
import {
  enrolDevice,
  eventually,
  openDoors,
  type RunningDoors,
  type TestDevice,
} from '../../../../test/support/running-gateway.ts';
import type { LightingAccountJson } from '../api/lighting.ts';

const START_MS = Date.UTC(2026, 0, 1, 20);
const STEP_MS = 60_000;
/** Four hours: dark, half as bright, bright from 22:00 on, of which one hour is the half night. */
const COUNT = 240;
const levelAt = (i: number): number => (i < 60 ? 0 : i < 120 ? 0.5 : 1);
const LAMP_W = 60;

describe('the account of a lighting zone', () => {
  let doors: RunningDoors;
  let zone: TestZone;
  let [first, second, silent] = [] as TestDevice[] as [TestDevice, TestDevice, TestDevice];
  const ask = async (id: string, query = ''): Promise<LightingAccountJson & { readonly code?: string }> =>
    (await (await fetch(`${doors.gateway.http}/api/v1/zones/${id}/lighting${query}`)).json()) as LightingAccountJson;
  const say = async (device: TestDevice, isDead: boolean): Promise<void> => {
    for (let i = 0; i < COUNT; i += 30) {
      const records = Array.from({ length: 30 }, (_, j): readonly SensorRecord[] => {
        const timeMs = START_MS + (i + j) * STEP_MS;
        const level = levelAt(i + j);
        const power = isDead ? 0 : LAMP_W * level;
        return [
          { sensor: 'dimming', unit: '/', value: level, timeMs },
          { sensor: 'power', unit: 'W', value: power, timeMs },
          { sensor: 'failure', value: isDead && level > 0, timeMs },
        ];
      }).flat();
      await doors.shard.client.ingest(device.reading(i / 30 + 1, records));
    }
  };

  before(async () => {
    doors = await openDoors();
    zone = await makeZone(doors, { safe: [{ command: 'light/full', arguments: [] }], dangerous: [] }, 'lighting');
    first = await enrolDevice(doors.city, { label: 'lamp 1' });
    second = await enrolDevice(doors.city, { label: 'lamp 2' });
    silent = await enrolDevice(doors.city);
  });
  after(() => doors.close());

  test('a zone in which no lamp spoke has saved nothing, and what is no lighting zone has no account', async () => {
    const { counted, lamps, usedWh, intervals } = await ask(zone.hex);
    assert.deepEqual([counted, lamps, usedWh, intervals], [0, 0, 0, []]);
    assert.equal((await ask('0'.repeat(64))).code, 'ZONE_UNKNOWN');
    assert.equal((await ask(zone.hex, '?from=1')).code, 'REQUEST_INVALID');
  });

  test('what lamps took, what they would have taken, and the one that is told to burn and does not', async () => {
    const other = await makeZone(doors, { safe: [{ command: 'light/full', arguments: [] }], dangerous: [] }, 'lighting');
    await act(doors.city, 'zone/add-devices', { zone: other.id, devices: [first.id, second.id, silent.id].sort(Buffer.compare) });
    await say(first, false);
    await say(second, true);
    await eventually(
      async () => doors.gateway.readModel.lag(),
      ({ blocks, readings }) => blocks === 0 && readings === 0,
    );
    const account = await ask(other.hex);
    assert.deepEqual([account.lamps, account.counted], [3, 2]);
    assert.deepEqual([account.fromMs, account.toMs], [START_MS, START_MS + (COUNT - 1) * STEP_MS]);
    // Half an hour's worth and two hours in full light; undimmed three hours; one of them with half the lamps. A dead lamp is none of it.
    const near = (value: number, wanted: number): void =>
      assert.ok(Math.abs(value - wanted) < 0.02 * wanted, `${value} ${wanted}`);
    near(account.usedWh, 150);
    near(account.undimmedWh, 180);
    near(account.halfNightWh, 150);
    assert.deepEqual(
      account.faults.map(({ device, label }) => [device, label]),
      [[second.hex, 'lamp 2']],
    );
    assert.ok(account.intervals.length > 50 && account.intervals.length <= 97);
  });
});
