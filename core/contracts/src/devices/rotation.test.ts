import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DeviceKeyRecord, deviceKeyKind, deviceKind, keyOwnerKind } from '@oppidum/formats/state-devices';
import { at } from '@oppidum/formats/state-layout';
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
import { namedId, publicKeyOf, type TestCity } from '../../../../test/support/ledger.ts';

const id = deviceId('lamp');
const rotate = (city: TestCity, body: object, by = 'registrar') => city.act(by, 'device/rotate-key', body);
const keyOf = (city: TestCity, keyNumber: number): DeviceKeyRecord | null => city.read(at(deviceKeyKind, id, keyNumber));

test('the old key hands over to the new one at a height; both records stay', () => {
  const city = makeDeviceCity();
  enrol(city, 'lamp');
  const activated = city.height;
  assert.equal(rotate(city, rotation(city, 'lamp', 1)), 'OK');
  const rotated = city.height;
  assert.deepEqual(keyOf(city, 0), { ...publicKeyOf(deviceSigner('lamp')), grade: 'device', from: activated, to: rotated });
  assert.deepEqual(keyOf(city, 1), { ...publicKeyOf(deviceSigner('lamp', 1)), grade: 'device', from: rotated });
  assert.equal(city.read(at(deviceKind, id))?.keyCount, 2);
  assert.equal(city.event('device/key-rotated')?.get('keyNumber'), 1);
  for (const keyNumber of [0, 1]) {
    const owner = at(keyOwnerKind, nodeCrypto.sha256(deviceSigner('lamp', keyNumber).publicKey));
    assert.deepEqual(city.read(owner), { device: id });
  }
  assert.equal(rotate(city, rotation(city, 'lamp', 2)), 'OK');
});

test('device/rotate-key is refused, in this order', () => {
  const city = makeDeviceCity();
  const unknown = rotation(city, 'lamp', 1);
  assert.equal(rotate(city, unknown), 'DEVICE_UNKNOWN');
  assert.equal(city.act('maker', 'device/register', { model: namedId('lamp'), ...newDevice('lamp') }), 'OK');
  assert.equal(rotate(city, unknown), 'DEVICE_NOT_ACTIVE');
  assert.equal(city.act('maker', 'device/activate', activation(city, 'lamp')), 'OK');
  enrol(city, 'other');

  const good = rotation(city, 'lamp', 1);
  const zeros = { algorithm: -8 as const, publicKey: new Uint8Array(32) };
  assert.equal(city.decide('device/rotate-key', good), 'NOT_AUTHORIZED', 'nobody signs what a body decides');
  assert.equal(rotate(city, { ...good, grade: 'bridge', key: zeros }), 'NOT_AUTHORIZED', 'another grade is the maker’s to say');
  assert.equal(rotate(city, { ...good, key: zeros }), 'KEY_INVALID');
  assert.equal(rotate(city, { ...good, key: publicKeyOf(deviceSigner('lamp')) }), 'KEY_IN_USE', 'its own');
  assert.equal(rotate(city, { ...good, key: publicKeyOf(deviceSigner('other')) }), 'KEY_IN_USE', 'another one’s');
  assert.equal(rotate(city, { ...good, oldProof: good.newProof }), 'SIGNATURE_INVALID');
  assert.equal(city.details['keyNumber'], 0);
  assert.equal(rotate(city, { ...good, newProof: good.oldProof }), 'SIGNATURE_INVALID');
  assert.equal(city.details['keyNumber'], 1);
  assert.deepEqual(keyOf(city, 1), null);

  const suspend = (kind: string, more: object = {}) => city.act('operator', `device/${kind}`, { id, ...more });
  assert.equal(suspend('suspend', { reason: 'test' }), 'OK');
  assert.equal(rotate(city, good), 'DEVICE_SUSPENDED');
  assert.equal(suspend('resume'), 'OK');
  assert.equal(rotate(city, good), 'OK');
  assert.equal(suspend('revoke', { reason: 'test' }), 'OK');
  assert.equal(rotate(city, rotation(city, 'lamp', 2)), 'DEVICE_REVOKED');
});

test('the maker may give another grade with a new key', () => {
  const city = makeDeviceCity();
  enrol(city, 'lamp');
  assert.equal(rotate(city, { ...rotation(city, 'lamp', 1), grade: 'bridge' }, 'rival'), 'NOT_AUTHORIZED');
  assert.equal(rotate(city, { ...rotation(city, 'lamp', 1), grade: 'bridge' }, 'maker/1'), 'OK');
  assert.equal(keyOf(city, 1)?.grade, 'bridge');
});

test('a rotation happens once: a used proof, an overtaken one and one made for elsewhere are void', () => {
  const city = makeDeviceCity();
  enrol(city, 'lamp');
  enrol(city, 'other');
  const first = rotation(city, 'lamp', 1);
  const changes = [
    { genesis: namedId('another city') },
    { device: deviceId('other') },
    { registration: namedId('another') },
    { keyNumber: 2 },
    { publicKey: deviceSigner('lamp', 2).publicKey },
  ];
  for (const change of changes) assert.equal(rotate(city, rotation(city, 'lamp', 1, change)), 'SIGNATURE_INVALID');
  assert.equal(rotate(city, first), 'OK');
  assert.equal(rotate(city, first), 'KEY_IN_USE');
  // The old key has spoken for another next key, too late.
  const overtaken = { ...rotation(city, 'lamp', 2), oldProof: first.oldProof };
  assert.equal(rotate(city, overtaken), 'SIGNATURE_INVALID');
});

test('several rotations in one block leave exactly one key in force', () => {
  const city = makeDeviceCity();
  enrol(city, 'lamp');
  const transactions = [1, 2, 3].map((next) =>
    city.transaction('registrar', [city.action('device/rotate-key', rotation(city, 'lamp', next))]),
  );
  city.block(transactions);
  const spans = [0, 1, 2, 3].map((n) => keyOf(city, n)).map((key) => [key?.from, key?.to]);
  const { height } = city;
  assert.deepEqual(spans.slice(1), [
    [height, height],
    [height, height],
    [height, undefined],
  ]);
});
