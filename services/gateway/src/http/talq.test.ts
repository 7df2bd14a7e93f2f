import assert from 'node:assert/strict';
import { test } from 'node:test';
import { act, makeZone } from '../../../../test/support/order-city.ts';
import { enrolDevice, eventually, withDoors } from '../../../../test/support/running-gateway.ts';
import { talqAddress } from '../talq/logical-devices.ts';

type Device = { readonly address: string; readonly class: string; readonly functions: readonly { readonly id: string }[] };

test('lamps are shown as TALQ devices, and override commands become requests that move nothing', () =>
  withDoors(async ({ gateway, city }) => {
    const lamp = await enrolDevice(city);
    const call = async (path: string, body?: unknown) => {
      const headers = { 'content-type': 'application/json' };
      const request = body === undefined ? {} : { method: 'POST', headers, body: JSON.stringify(body) };
      const response = await fetch(`${gateway.http}/api/v1/talq/${path}`, request);
      return { status: response.status, json: (await response.json()) as Record<string, unknown> };
    };
    const address = talqAddress(lamp.id);
    let items: readonly Device[] = [];
    for (let tries = 0; tries < 1_200 && items.length === 0; tries++) {
      items = ((await call('devices')).json['items'] ?? []) as readonly Device[];
      if (items.length === 0) await new Promise((done) => setTimeout(done, 50));
    }
    assert.deepEqual([items.length, items[0]?.address, items[0]?.class], [1, address, 'Oppidum lamp']);
    assert.deepEqual(
      items[0]?.functions.map(({ id }) => id),
      ['basic', 'actuator', 'monitor'],
    );
    const classes = await call('device-classes');
    assert.deepEqual(
      (classes.json['items'] as { name: string }[]).map(({ name }) => name),
      ['Oppidum lamp', 'Oppidum cabinet'],
    );
    assert.deepEqual((await call('groups')).json, { items: [] }, 'no zone of lamps yet');

    const height = city.client.head().height;
    const command = {
      addresses: [{ resource: 'devices', address }],
      targetCommand: { state: { name: 'LevelState', value: 60 } },
    };
    const { json } = await call('override-commands', command);
    assert.deepEqual(json, {
      requests: [
        { command: 'light/level', start: null, expiration: null, reference: null, target: { device: lamp.hex }, arguments: [60] },
      ],
      errors: [],
    });
    assert.equal(city.client.head().height, height, 'the ledger has nothing of it');
    const dark = await call('override-commands', { ...command, targetCommand: { state: { name: 'LevelState', value: 0 } } });
    assert.deepEqual(
      [dark.json['requests'], (dark.json['errors'] as { key: string }[])[0]?.key],
      [[], 'overrideCommandNotValid'],
    );
    const stranger = await call('override-commands', {
      ...command,
      addresses: [{ resource: 'devices', address: address.replace(/^./, 'z') }],
    });
    assert.equal((stranger.json['errors'] as { key: string }[])[0]?.key, 'overrideAddressNotValid');
    assert.equal((await call('override-commands', { targetCommand: {} })).status, 400);

    const zone = await makeZone({ city }, { safe: [{ command: 'light/full', arguments: [] }], dangerous: [] }, 'lighting');
    await act(city, 'zone/add-devices', { zone: zone.id, devices: [lamp.id] });
    const groups = async () => (await call('groups')).json['items'] as { readonly name: string; readonly members: unknown }[];
    const [group] = await eventually(groups, ([found]) => (found?.members as readonly object[] | undefined)?.length === 1);
    assert.deepEqual([group?.name, group?.members], ['Old town', [{ resource: 'devices', address }]]);
    assert.equal((await call('override-commands', { ...command, addresses: Array(101).fill(command.addresses[0]) })).status, 400);
  }));
