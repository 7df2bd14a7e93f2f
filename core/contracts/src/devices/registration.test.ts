import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIMITS } from '@oppidum/formats/limits';
import { activationChallenge } from '@oppidum/formats/possession';
import { deviceKeyKind, deviceKind, keyOwnerKind } from '@oppidum/formats/state-devices';
import { at } from '@oppidum/formats/state-layout';
import { parseTransaction } from '@oppidum/formats/transaction';
import { nodeCrypto } from '../../../../test/support/crypto.ts';
import {
  activation,
  deviceId,
  deviceSigner,
  enrol,
  makeDeviceCity,
  newDevice,
  rotation,
} from '../../../../test/support/devices.ts';
import { namedId, publicKeyOf } from '../../../../test/support/ledger.ts';

const lamp = { model: namedId('lamp'), ...newDevice('lamp-1') };
const zeros = { algorithm: -8 as const, publicKey: new Uint8Array(32) };

test('a device is registered, and entitled from the height of its activation on', () => {
  const city = makeDeviceCity();
  const envelope = city.transaction('maker/1', [city.action('device/register', { ...lamp, label: 'corner' })]);
  assert.equal(city.send(envelope), 'OK');
  const registration = parseTransaction(nodeCrypto, envelope).id;
  const record = { model: lamp.model, label: 'corner', status: 'registered', keyCount: 1, registration, from: city.height };
  assert.deepEqual(city.read(at(deviceKind, lamp.id)), record);
  assert.deepEqual(city.read(at(deviceKeyKind, lamp.id, 0)), { ...lamp.key, grade: 'device' });
  assert.deepEqual(city.read(at(keyOwnerKind, nodeCrypto.sha256(lamp.key.publicKey))), { device: lamp.id });
  assert.deepEqual(city.event('device/registered')?.get('device'), lamp.id);

  assert.equal(city.act('rival', 'device/activate', activation(city, 'lamp-1')), 'OK', 'whoever sends it');
  assert.deepEqual(city.read(at(deviceKind, lamp.id)), { ...record, status: 'active' });
  assert.deepEqual(city.read(at(deviceKeyKind, lamp.id, 0)), { ...lamp.key, grade: 'device', from: city.height });
  assert.equal(city.event('device/activated')?.get('keyNumber'), 0);
});

test('device/register is refused, in this order', () => {
  const city = makeDeviceCity();
  const register = (by: string, changes: object) => city.act(by, 'device/register', { ...lamp, ...changes });
  const wrong = { id: namedId('any'), key: zeros };
  assert.equal(register('rival', { ...wrong, model: namedId('nothing') }), 'MODEL_UNKNOWN');
  assert.equal(register('rival', wrong), 'NOT_AUTHORIZED');
  assert.equal(register('operator', wrong), 'NOT_AUTHORIZED');
  assert.equal(register('maker', wrong), 'KEY_INVALID');
  assert.equal(register('maker', { id: namedId('any') }), 'DEVICE_ID_WRONG');
  assert.equal(register('maker', {}), 'OK');
  assert.equal(register('maker', {}), 'DEVICE_EXISTS');
  assert.equal(
    city.act('rival', 'device/register', { ...lamp, model: namedId('copy') }),
    'DEVICE_EXISTS',
    'nor by another maker',
  );
});

test('a key that a device took by rotation is no other device’s first key', () => {
  const city = makeDeviceCity();
  enrol(city, 'lamp-1');
  assert.equal(city.act('maker', 'device/rotate-key', rotation(city, 'lamp-1', 1)), 'OK');
  // The test key `lamp-1/1` as a device of its own.
  const key = publicKeyOf(deviceSigner('lamp-1', 1));
  const stolen = { ...newDevice('lamp-1/1'), key };
  assert.equal(city.act('rival', 'device/register', { ...stolen, model: namedId('copy') }), 'DEVICE_ID_WRONG');
  const id = nodeCrypto.sha256(
    new Uint8Array([...new TextEncoder().encode('oppidum/device-id/v1\n'), key.publicKey.length, ...key.publicKey]),
  );
  assert.equal(city.act('rival', 'device/register', { ...stolen, id, model: namedId('copy') }), 'KEY_IN_USE');
});

test('many devices are registered at once, all or none, and the refusal names the position', () => {
  const city = makeDeviceCity();
  const many = (devices: readonly object[], by = 'maker') => city.act(by, 'device/register-many', { model: lamp.model, devices });
  const names = ['a', 'b', 'c'];
  const devices = names.map((name) => newDevice(name));
  assert.equal(many(devices, 'rival'), 'NOT_AUTHORIZED');
  assert.equal(city.act('maker', 'device/register-many', { model: namedId('nothing'), devices }), 'MODEL_UNKNOWN');
  assert.equal(many([devices[0]!, newDevice('d', { key: zeros })]), 'KEY_INVALID');
  assert.equal(city.details['position'], 1);
  assert.equal(many([...devices, newDevice('d', { id: namedId('d') })]), 'DEVICE_ID_WRONG');
  assert.equal(city.details['position'], 3);
  assert.equal(many([...devices, devices[1]!]), 'DEVICE_EXISTS', 'twice in one list');
  assert.equal(city.details['position'], 3);
  for (const name of names) assert.equal(city.read(at(deviceKind, deviceId(name))), null);
  assert.equal(many(devices), 'OK');
  assert.equal(city.events.length, 3);
  assert.equal(many([newDevice('d'), devices[2]!]), 'DEVICE_EXISTS');
  assert.equal(city.details['position'], 1);
  for (const name of names) assert.equal(city.act('maker', 'device/activate', activation(city, name)), 'OK');
});

test('1,000 devices fit one transaction, 1,001 or none are refused', () => {
  const city = makeDeviceCity();
  const countMax = LIMITS.bulkRegisterCountMax;
  const devices = Array.from({ length: countMax + 1 }, (_, n) => newDevice(`d${n}`, { label: 'x'.repeat(64) }));
  const many = (list: readonly object[]) => city.act('maker', 'device/register-many', { model: lamp.model, devices: list });
  assert.equal(many([]), 'LENGTH_WRONG');
  assert.equal(many(devices), 'LENGTH_WRONG');
  assert.equal(many(devices.slice(0, countMax)), 'OK');
  assert.equal(city.scan(deviceKind).length, countMax);
  assert.equal(city.scan(keyOwnerKind).length, countMax);
});

test('device/activate is refused, in this order', () => {
  const city = makeDeviceCity();
  const activate = (body: object) => city.act('registrar', 'device/activate', body);
  assert.equal(activate(activation(city, 'lamp-1')), 'DEVICE_UNKNOWN');
  assert.equal(city.act('maker', 'device/register', lamp), 'OK');
  const good = activation(city, 'lamp-1');
  assert.equal(city.decide('device/activate', good), 'NOT_AUTHORIZED', 'nobody signs what a body decides');
  assert.equal(activate({ ...good, proof: new Uint8Array(64) }), 'SIGNATURE_INVALID');
  assert.equal(activate(good), 'OK');
  assert.equal(activate(good), 'DEVICE_ACTIVE');
  assert.equal(city.act('operator', 'device/suspend', { id: lamp.id, reason: 'test' }), 'OK');
  assert.equal(activate(good), 'DEVICE_ACTIVE', 'activation does not lift a suspension');
  assert.equal(city.act('operator', 'device/revoke', { id: lamp.id, reason: 'test' }), 'OK');
  assert.equal(activate(good), 'DEVICE_REVOKED');
});

test('a proof is good for one city, one device, one registration, one key, one purpose', () => {
  const city = makeDeviceCity();
  enrol(city, 'lamp-0');
  assert.equal(city.act('maker', 'device/register', lamp), 'OK');
  const changes = [
    { genesis: namedId('another city') },
    { device: deviceId('lamp-0') },
    { registration: city.read(at(deviceKind, deviceId('lamp-0')))!.registration },
    { keyNumber: 1 },
    { publicKey: deviceSigner('lamp-0').publicKey },
  ];
  for (const change of changes)
    assert.equal(city.act('maker', 'device/activate', activation(city, 'lamp-1', change)), 'SIGNATURE_INVALID');
  const { oldProof } = rotation(city, 'lamp-1', 1, { keyNumber: 0, publicKey: lamp.key.publicKey });
  assert.equal(
    city.act('maker', 'device/activate', { id: lamp.id, proof: oldProof }),
    'SIGNATURE_INVALID',
    'a rotation is no activation',
  );
  const { registration } = city.read(at(deviceKind, lamp.id))!;
  const possession = { genesis: city.rules.genesis, device: lamp.id, registration, keyNumber: 0, publicKey: lamp.key.publicKey };
  const proof = deviceSigner('lamp-0').sign(activationChallenge(possession));
  assert.equal(city.act('maker', 'device/activate', { id: lamp.id, proof }), 'SIGNATURE_INVALID', 'by another device');
  assert.equal(city.act('maker', 'device/activate', activation(city, 'lamp-1')), 'OK');
});
