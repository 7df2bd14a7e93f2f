import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deviceKind } from '@oppidum/formats/state-devices';
import { at } from '@oppidum/formats/state-layout';
import { deviceTrustKind, firmwareKind } from '@oppidum/formats/state-trust';
import { viewOf } from '../../../../test/support/city-view.ts';
import { deviceId, enrol, newDevice, rotation } from '../../../../test/support/devices.ts';
import { namedId, type TestCity } from '../../../../test/support/ledger.ts';
import { image, makeTrustCity, running } from '../../../../test/support/trust.ts';
import { distrustOf } from '../devices/trusted-sensor.ts';

const id = deviceId('lamp');
const permit = (city: TestCity, version = '1', by = 'maker') => city.act(by, 'model/permit-firmware', image(version));
const withdraw = (city: TestCity, version = '1', by = 'maker') =>
  city.act(by, 'model/withdraw-firmware', { id: namedId('lamp'), digest: image(version).digest, reason: 'hangs' });
const report = (city: TestCity, version: string, counter: number, changes: object = {}) =>
  city.act('rival', 'device/report-firmware', { ...running(city, 'lamp', version, counter), ...changes });

function lampCity(): TestCity {
  const city = makeTrustCity();
  enrol(city, 'lamp');
  assert.equal(permit(city), 'OK');
  return city;
}

test('a device that runs what its maker permitted is believed', () => {
  const city = lampCity();
  assert.equal(report(city, '1', 1), 'OK');
  assert.deepEqual(city.read(at(deviceTrustKind, id))?.firmware, { digest: image('1').digest, counter: 1, from: city.height });
  assert.equal(distrustOf(viewOf(city), id), null);
  assert.equal(city.event('device/quarantined'), undefined);
});

test('an unknown image sets a device apart in the same block, and a later word of it does not end that', () => {
  const city = lampCity();
  assert.equal(report(city, 'evil', 1), 'OK');
  assert.equal(city.event('device/quarantined')?.get('cause'), 'firmware');
  const from = city.height;
  assert.equal(report(city, '1', 2), 'OK');
  assert.equal(distrustOf(viewOf(city), id), 'quarantined');
  assert.equal(city.read(at(deviceKind, id))?.quarantines?.[0]?.from, from);
  assert.equal(city.act('operator', 'device/release', { id }), 'OK');
  assert.equal(distrustOf(viewOf(city), id), null);
});

test('a device in quarantine that reports an unknown image keeps the reason it has', () => {
  const city = lampCity();
  assert.equal(city.act('operator', 'device/quarantine', { id, reason: 'drifts' }), 'OK');
  assert.equal(report(city, 'evil', 1), 'OK');
  assert.equal(city.read(at(deviceKind, id))?.quarantines?.length, 1);
});

test('with an image all devices that run it are distrusted at once, until they run another', () => {
  const city = lampCity();
  assert.equal(permit(city, '2'), 'OK');
  assert.equal(report(city, '1', 1), 'OK');
  assert.equal(withdraw(city, '1', 'operator'), 'OK');
  assert.equal(distrustOf(viewOf(city), id), 'firmware');
  assert.equal(report(city, '2', 2), 'OK');
  assert.equal(distrustOf(viewOf(city), id), null);
  assert.equal(city.read(at(firmwareKind, namedId('lamp'), image('1').digest))?.reason, 'hangs');
});

test('model/permit-firmware and model/withdraw-firmware are refused, in their order', () => {
  const city = makeTrustCity();
  const nothing = { ...image('1'), id: namedId('nothing') };
  assert.equal(city.act('rival', 'model/permit-firmware', nothing), 'MODEL_UNKNOWN');
  assert.equal(permit(city, '1', 'operator'), 'NOT_AUTHORIZED');
  assert.equal(permit(city, '1', 'maker/1'), 'KEY_CLASS_TOO_LOW');
  const { digest } = nothing;
  assert.equal(city.act('rival', 'model/withdraw-firmware', { id: nothing.id, digest, reason: 'x' }), 'MODEL_UNKNOWN');
  assert.equal(withdraw(city, '1', 'rival'), 'NOT_AUTHORIZED');
  assert.equal(withdraw(city, '1', 'operator/1'), 'KEY_CLASS_TOO_LOW');
  assert.equal(withdraw(city), 'FIRMWARE_UNKNOWN');
  assert.equal(permit(city), 'OK');
  assert.equal(permit(city), 'FIRMWARE_EXISTS');
  assert.equal(withdraw(city), 'OK');
  assert.equal(withdraw(city), 'FIRMWARE_WITHDRAWN');
  assert.equal(permit(city), 'FIRMWARE_WITHDRAWN', 'never again');
  assert.equal(city.act('operator', 'model/revoke', { id: namedId('lamp'), reason: 'test' }), 'OK');
  assert.equal(permit(city), 'MODEL_REVOKED');
});

test('device/report-firmware is refused, in this order', () => {
  const city = makeTrustCity();
  const none = { proof: new Uint8Array(64) };
  assert.equal(report(city, '1', 1, none), 'DEVICE_UNKNOWN');
  assert.equal(city.act('maker', 'device/register', { model: namedId('lamp'), ...newDevice('lamp') }), 'OK');
  assert.equal(report(city, '1', 1, none), 'DEVICE_NOT_ACTIVE');
  const other = lampCity();
  assert.equal(report(other, '1', 3), 'OK');
  assert.equal(report(other, '1', 3, none), 'FIRMWARE_REPORT_OLD');
  assert.equal(report(other, '1', 2), 'FIRMWARE_REPORT_OLD', 'an old word is worth nothing');
  assert.equal(report(other, '1', 4, none), 'SIGNATURE_INVALID');
  assert.equal(report(other, '1', 4, { digest: image('2').digest }), 'SIGNATURE_INVALID');
  assert.equal(other.act('rival', 'device/rotate-key', rotation(other, 'lamp', 1)), 'OK');
  assert.equal(report(other, '1', 4), 'SIGNATURE_INVALID', 'the newest key signs');
  assert.equal(other.act('rival', 'device/report-firmware', running(other, 'lamp', '1', 4, 1)), 'OK');
  assert.equal(other.act('rival', 'device/report-firmware', running(other, 'lamp', '1', 4, 1)), 'FIRMWARE_REPORT_OLD');
  assert.equal(other.act('operator', 'device/suspend', { id, reason: 'x' }), 'OK');
  assert.equal(report(other, '1', 5), 'DEVICE_SUSPENDED');
  assert.equal(other.act('operator', 'device/revoke', { id, reason: 'x' }), 'OK');
  assert.equal(report(other, '1', 5), 'DEVICE_REVOKED');
});

test('a thief of a key that used up its numbers has not used up those of the next key', () => {
  const city = lampCity();
  assert.equal(permit(city, '2'), 'OK');
  assert.equal(report(city, '1', Number.MAX_SAFE_INTEGER), 'OK');
  assert.equal(city.act('rival', 'device/rotate-key', rotation(city, 'lamp', 1)), 'OK');
  const byNext = (version: string, counter: number) =>
    city.act('rival', 'device/report-firmware', running(city, 'lamp', version, counter, 1));
  assert.equal(report(city, '1', 1), 'SIGNATURE_INVALID', 'the key of the thief');
  assert.equal(byNext('2', 1), 'OK');
  assert.deepEqual(city.read(at(deviceTrustKind, id))?.firmware?.digest, image('2').digest);
  assert.equal(byNext('1', 1), 'FIRMWARE_REPORT_OLD');
  assert.equal(byNext('1', 2), 'OK');
});
