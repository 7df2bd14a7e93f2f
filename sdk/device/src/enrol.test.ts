import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { FormatError } from '@oppidum/formats/errors';
import { deviceIdOf } from '@oppidum/formats/ids';
import { deviceKeyKind, deviceKind } from '@oppidum/formats/state-devices';
import { at } from '@oppidum/formats/state-layout';
import { actionOf, envelopeOf, execute, freshAccount, freshBytes } from '../../../test/support/running-city.ts';
import { type RunningDoors, withDoors } from '../../../test/support/running-gateway.ts';
import { createManufacturer, type Model, makeTransaction, type NewDevice } from './actions.ts';
import { CityApi } from './city-api.ts';
import { type Enrolment, enrolDevices } from './enrol.ts';
import { ProvenRecords } from './proven-records.ts';

const makeModel = (deviceType: string): Model => ({
  id: freshBytes(32),
  name: `Model of ${deviceType}`,
  deviceType,
  personal: false,
  simulated: true,
});

function makeDevice(model: Model, label: string): NewDevice {
  const signer = ed25519Signer(freshBytes(32));
  return { id: deviceIdOf(nativeCrypto, signer.publicKey), model: model.id, signer, grade: 'bridge', label };
}

/** Calls `use` with a city in which the operator's account acts for a manufacturer. */
function withMaker(use: (doors: RunningDoors, enrolment: Omit<Enrolment, 'models' | 'devices'>) => Promise<void>): Promise<void> {
  return withDoors(async (doors) => {
    const { city, gateway } = doors;
    const api = new CityApi(gateway.http);
    const records = new ProvenRecords(nativeCrypto, new Uint8Array(readFileSync(city.folder.paths.policy)), api);
    const manufacturer = freshBytes(32);
    const action = createManufacturer(manufacturer, 'Maker', city.operator.account);
    assert.equal((await api.submit(makeTransaction(records.audience, [action], [city.operator]))).code, 'OK');
    try {
      await use(doors, { api, records, manufacturer, maker: city.operator });
    } finally {
      api.close();
    }
  });
}

const rejects = (code: string, inner?: string) => (error: unknown) =>
  error instanceof FormatError && error.code === code && (inner === undefined || error.details['code'] === inner);

test('seventy devices of two models become active in few transactions, and a second time nothing happens', () =>
  withMaker(async ({ city }, base) => {
    const models = [makeModel('lamp'), makeModel('gauge')];
    const devices = Array.from({ length: 70 }, (_, n) => makeDevice(models[n % 2]!, `device-${n}`));
    const progress: number[] = [];
    const before = city.client.head().logSize;
    await enrolDevices({ ...base, models, devices, onProgress: (count) => progress.push(count) });
    assert.deepEqual(progress, [70]);
    for (const { id, signer, label } of devices) {
      const record = city.client.read(at(deviceKind, id));
      assert.deepEqual([record?.status, record?.label], ['active', label]);
      const key = city.client.read(at(deviceKeyKind, id, 0));
      assert.deepEqual([key?.publicKey, key?.grade], [signer.publicKey, 'bridge']);
    }
    const after = city.client.head();
    // Models, registration, two activations: a leaf each and one for its block.
    assert.ok(after.logSize - before <= 8, `${after.logSize - before} leaves`);
    await enrolDevices({ ...base, models, devices });
    assert.deepEqual(city.client.head(), after);
  }));

test('what was begun is finished: some registered, some active, some unknown', () =>
  withMaker(async ({ city }, base) => {
    const model = makeModel('lamp');
    const devices = Array.from({ length: 6 }, (_, n) => makeDevice(model, `device-${n}`));
    await enrolDevices({ ...base, models: [model], devices: devices.slice(0, 2) });
    const register = devices.slice(2, 4).map(({ id, signer, label }) => {
      const key = { algorithm: signer.algorithm, publicKey: signer.publicKey };
      return actionOf('device/register', { id, model: model.id, key, grade: 'bridge', label });
    });
    assert.equal((await execute(city.client, envelopeOf(city.client, city.operator, register))).code, 'OK');
    await enrolDevices({ ...base, models: [model], devices });
    for (const { id } of devices) assert.equal(city.client.read(at(deviceKind, id))?.status, 'active');
  }));

test('ENROLMENT_REFUSED with the code of the ledger for whoever is not the maker', () =>
  withMaker(async ({ city }, base) => {
    const { signer, action } = freshAccount();
    await execute(city.client, envelopeOf(city.client, city.operator, [action]));
    const model = makeModel('lamp');
    const stranger = { ...base, maker: signer, models: [model], devices: [makeDevice(model, 'device')] };
    await assert.rejects(enrolDevices(stranger), rejects('ENROLMENT_REFUSED', 'NOT_AUTHORIZED'));
    await enrolDevices({ ...base, models: [model], devices: [] });
    await assert.rejects(enrolDevices({ ...stranger, models: [] }), rejects('ENROLMENT_REFUSED', 'NOT_AUTHORIZED'));
  }));

for (const [verb, code] of [
  ['suspend', 'DEVICE_SUSPENDED'],
  ['revoke', 'DEVICE_REVOKED'],
] as const) {
  test(`${code} for a device that was taken out of service meanwhile`, () =>
    withMaker(async ({ city }, base) => {
      const model = makeModel('lamp');
      const enrolment = { ...base, models: [model], devices: [makeDevice(model, 'device')] };
      await enrolDevices(enrolment);
      const change = actionOf(`device/${verb}`, { id: enrolment.devices[0]!.id, reason: 'test' });
      assert.equal((await execute(city.client, envelopeOf(city.client, city.operator, [change]))).code, 'OK');
      await assert.rejects(enrolDevices(enrolment), rejects(code));
    }));
}
