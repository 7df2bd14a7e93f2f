import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  enrolDevice,
  eventually,
  openDoors,
  type RunningDoors,
  type TestDevice,
} from '../../../../test/support/running-gateway.ts';
import type { DeviceDetailJson, FoundJson, ManufacturerJson, ModelJson } from '../api-types.ts';

describe('finding records by their ids', () => {
  let doors: RunningDoors;
  let device: DeviceDetailJson;
  const ask = (path: string): Promise<Response> => fetch(`${doors.gateway.http}/api/v1/${path}`);
  const get = async <T>(path: string): Promise<T> => (await (await ask(path)).json()) as T;
  const kindsOf = async (id: string): Promise<readonly string[]> =>
    (await get<FoundJson>(`find/${id}`)).items.map(({ kind }) => kind);

  before(async () => {
    doors = await openDoors();
    const lamp: TestDevice = await enrolDevice(doors.city, { label: 'lamp' });
    device = await eventually(
      () => get<DeviceDetailJson>(`devices/${lamp.hex}`),
      ({ status }) => status === 'active',
    );
  });
  after(() => doors.close());

  test('one model and one maker, from the state', async () => {
    const model = await get<ModelJson>(`models/${device.model}`);
    assert.deepEqual([model.id, model.name, model.manufacturer], [device.model, device.modelName, device.manufacturer]);
    const maker = await get<ManufacturerJson>(`manufacturers/${device.manufacturer}`);
    assert.deepEqual([maker.id, maker.name], [device.manufacturer, device.manufacturerName]);
    assert.deepEqual(await kindsOf(maker.account), ['account']);
  });

  test('whatever has an id: device, model, maker, transaction, block', async () => {
    assert.deepEqual(await kindsOf(device.id), ['device']);
    assert.deepEqual(await kindsOf(device.model), ['model']);
    assert.deepEqual(await kindsOf(device.manufacturer), ['manufacturer']);
    assert.deepEqual(await kindsOf(device.registration), ['transaction']);
    const { height, appHash } = await get<{ height: number; appHash: string }>('blocks/2');
    const listed = await eventually(
      () => get<FoundJson>(`find/${appHash}`),
      ({ items }) => items.length > 0,
    );
    assert.deepEqual(listed.items, [{ kind: 'block', id: appHash, height }]);
  });

  test('nothing is an empty list; single records that are not there have their codes', async () => {
    const nobody = 'ab'.repeat(32);
    assert.deepEqual(await kindsOf(nobody), []);
    for (const [path, code] of [
      [`models/${nobody}`, 'MODEL_UNKNOWN'],
      [`manufacturers/${nobody}`, 'MANUFACTURER_UNKNOWN'],
      ['find/xyz', 'REQUEST_INVALID'],
    ] as const) {
      const answer = await ask(path);
      assert.equal(((await answer.json()) as { code: string }).code, code, path);
    }
  });
});
