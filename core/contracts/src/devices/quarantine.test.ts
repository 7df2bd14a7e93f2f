import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deviceKind, QUARANTINE_COUNT_MAX } from '@oppidum/formats/state-devices';
import { at } from '@oppidum/formats/state-layout';
import { viewOf } from '../../../../test/support/city-view.ts';
import { deviceId, enrol, makeDeviceCity, newDevice, signedReading, TestShard } from '../../../../test/support/devices.ts';
import { namedId, type TestCity } from '../../../../test/support/ledger.ts';
import { distrustOf, isTrustedSensor } from './trusted-sensor.ts';

const id = deviceId('lamp');
const quarantine = (city: TestCity, by = 'operator', device = id) =>
  city.act(by, 'device/quarantine', { id: device, reason: 'drifts' });
const release = (city: TestCity, by = 'operator', device = id) => city.act(by, 'device/release', { id: device });

const distrust = (city: TestCity, device = id) => distrustOf(viewOf(city), device);

test('a quarantine begins at a height and ends at one; the status stays what it was', () => {
  const city = makeDeviceCity();
  enrol(city, 'lamp');
  assert.equal(quarantine(city, 'maker/1'), 'OK');
  const from = city.height;
  assert.deepEqual(city.read(at(deviceKind, id))?.quarantines, [{ from, cause: 'manual', reason: 'drifts' }]);
  assert.equal(city.read(at(deviceKind, id))?.status, 'active');
  assert.equal(city.event('device/quarantined')?.get('reason'), 'drifts');
  assert.equal(release(city), 'OK');
  assert.deepEqual(city.read(at(deviceKind, id))?.quarantines, [{ from, to: city.height, cause: 'manual', reason: 'drifts' }]);
  assert.deepEqual(city.event('device/released')?.get('device'), id);
});

test('device/quarantine and device/release are refused, in their order', () => {
  const city = makeDeviceCity();
  assert.equal(quarantine(city, 'rival'), 'DEVICE_UNKNOWN');
  assert.equal(release(city, 'maker'), 'NOT_AUTHORIZED');
  assert.equal(release(city, 'operator/1'), 'KEY_CLASS_TOO_LOW');
  assert.equal(release(city), 'DEVICE_UNKNOWN');
  enrol(city, 'lamp');
  assert.equal(quarantine(city, 'rival'), 'NOT_AUTHORIZED');
  assert.equal(release(city), 'DEVICE_NOT_QUARANTINED');
  assert.equal(quarantine(city, 'operator/1'), 'OK');
  assert.equal(quarantine(city), 'DEVICE_QUARANTINED');
  assert.deepEqual(city.details['cause'], 'manual');
  assert.equal(release(city, 'maker'), 'NOT_AUTHORIZED', 'no maker lifts what the city found');
  assert.equal(city.act('operator', 'device/revoke', { id, reason: 'gone' }), 'OK');
  assert.equal(quarantine(city), 'DEVICE_REVOKED');
  assert.equal(release(city), 'DEVICE_REVOKED');
});

test('however often a device is set apart, its record stays small and no marked height is forgotten', () => {
  const city = makeDeviceCity();
  enrol(city, 'lamp');
  const marked = new Set<number>();
  for (let n = 0; n < QUARANTINE_COUNT_MAX + 5; n++) {
    assert.equal(quarantine(city), 'OK');
    const from = city.height;
    city.block();
    assert.equal(release(city), 'OK');
    for (let height = from; height < city.height; height++) marked.add(height);
  }
  const spans = city.read(at(deviceKind, id))?.quarantines ?? [];
  assert.equal(spans.length, QUARANTINE_COUNT_MAX);
  for (const height of marked)
    assert.ok(
      spans.some(({ from, to = Number.POSITIVE_INFINITY }) => from <= height && height < to),
      `height ${height}`,
    );
  for (const [n, { from }] of spans.entries()) assert.ok(n === 0 || from >= (spans[n - 1]?.to as number));
});

test('what a device measures counts while it is known, in force, active and not set apart', () => {
  const city = makeDeviceCity();
  assert.equal(distrust(city), 'unknown');
  assert.equal(distrust(city, namedId('nobody')), 'unknown');
  assert.equal(city.act('maker', 'device/register', { model: namedId('lamp'), ...newDevice('other') }), 'OK');
  assert.equal(distrust(city, deviceId('other')), 'inactive', 'nobody proved anything');
  enrol(city, 'lamp');
  assert.equal(distrust(city), null);
  assert.ok(isTrustedSensor(viewOf(city), id));
  const turns = [
    ['device/quarantine', { id, reason: 'x' }, 'quarantined'],
    ['device/suspend', { id, reason: 'x' }, 'inactive'],
    ['device/resume', { id }, 'quarantined'],
    ['device/release', { id }, null],
    ['model/revoke', { id: namedId('lamp'), reason: 'x' }, 'revoked'],
    ['device/revoke', { id, reason: 'x' }, 'revoked'],
  ] as const;
  for (const [kind, body, want] of turns) {
    assert.equal(city.act('operator', kind, body), 'OK', kind);
    assert.equal(distrust(city), want, kind);
    assert.equal(isTrustedSensor(viewOf(city), id), want === null);
  }
});

test('readings of a device in quarantine are still anchored, those of sensors too', () => {
  const city = makeDeviceCity();
  enrol(city, 'lamp');
  assert.equal(city.act('operator', 'telemetry/declare-sensor', { device: id, name: 'power', decimals: 1 }), 'OK');
  const shard = new TestShard(city);
  assert.equal(quarantine(city), 'OK');
  const envelope = signedReading(city, 'lamp', { sequence: 1 });
  const index = shard.keep(envelope);
  assert.equal(shard.anchor({ sensors: [shard.sensor(envelope, index)] }), 'OK');
  assert.equal(city.event('telemetry/sensor-read')?.get('value'), 405);
});
