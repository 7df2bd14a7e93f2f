import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deviceKeyKind, deviceKind, suspensionKind } from '@oppidum/formats/state-devices';
import { at } from '@oppidum/formats/state-layout';
import fc from 'fast-check';
import { activation, deviceId, enrol, makeDeviceCity, newDevice } from '../../../../test/support/devices.ts';
import { namedId, type TestCity } from '../../../../test/support/ledger.ts';

const id = deviceId('lamp');
const suspend = (city: TestCity, by = 'operator', device = id) =>
  city.act(by, 'device/suspend', { id: device, reason: 'flicker' });
const resume = (city: TestCity, by = 'operator', device = id) => city.act(by, 'device/resume', { id: device });
const revoke = (city: TestCity, by = 'operator', device = id) => city.act(by, 'device/revoke', { id: device, reason: 'stolen' });
const spansOf = (city: TestCity) => city.scan(suspensionKind, id).map(({ segments, value }) => [segments[1], value.to]);

test('a suspension begins at a height and ends at one', () => {
  const city = makeDeviceCity();
  enrol(city, 'lamp');
  assert.equal(suspend(city, 'maker/1'), 'OK');
  const began = city.height;
  assert.deepEqual(city.read(at(suspensionKind, id, began)), { reason: 'flicker' });
  assert.equal(city.read(at(deviceKind, id))?.status, 'suspended');
  assert.equal(city.read(at(deviceKind, id))?.reason, 'flicker');
  assert.deepEqual(city.event('device/suspended')?.get('reason'), 'flicker');
  city.block();
  assert.equal(resume(city, 'operator/1'), 'OK');
  assert.deepEqual(city.read(at(suspensionKind, id, began)), { reason: 'flicker', to: city.height });
  const { status, reason } = city.read(at(deviceKind, id))!;
  assert.deepEqual([status, reason], ['active', undefined]);
  assert.deepEqual(city.event('device/resumed')?.get('device'), id);
});

test('device/suspend is refused, in this order', () => {
  const city = makeDeviceCity();
  assert.equal(suspend(city, 'rival'), 'DEVICE_UNKNOWN');
  assert.equal(city.act('maker', 'device/register', { model: namedId('lamp'), ...newDevice('lamp') }), 'OK');
  assert.equal(suspend(city, 'rival'), 'NOT_AUTHORIZED');
  assert.equal(suspend(city), 'DEVICE_NOT_ACTIVE');
  assert.equal(city.act('maker', 'device/activate', activation(city, 'lamp')), 'OK');
  assert.equal(suspend(city), 'OK');
  assert.equal(suspend(city), 'DEVICE_SUSPENDED', 'not twice');
  assert.equal(revoke(city), 'OK');
  assert.equal(suspend(city), 'DEVICE_REVOKED');
});

test('device/resume is refused, in this order; a maker does not lift what the city found', () => {
  const city = makeDeviceCity();
  assert.equal(resume(city, 'maker'), 'NOT_AUTHORIZED');
  assert.equal(resume(city), 'DEVICE_UNKNOWN');
  enrol(city, 'lamp');
  assert.equal(resume(city), 'DEVICE_NOT_SUSPENDED');
  assert.equal(suspend(city), 'OK');
  assert.equal(resume(city, 'maker'), 'NOT_AUTHORIZED');
  assert.equal(revoke(city), 'OK');
  assert.equal(resume(city), 'DEVICE_REVOKED', 'nothing comes back from revocation');
});

test('device/revoke is refused, in this order; the operator may, and the maker for its own', () => {
  const city = makeDeviceCity();
  assert.equal(revoke(city, 'rival'), 'DEVICE_UNKNOWN');
  enrol(city, 'lamp');
  enrol(city, 'copy', 'copy', 'rival');
  assert.equal(revoke(city, 'rival'), 'NOT_AUTHORIZED', 'another maker');
  assert.equal(revoke(city, 'maker/1'), 'KEY_CLASS_TOO_LOW');
  assert.equal(revoke(city, 'operator/1'), 'KEY_CLASS_TOO_LOW');
  assert.equal(revoke(city, 'maker'), 'OK');
  const { status, to, reason } = city.read(at(deviceKind, id))!;
  assert.deepEqual([status, to, reason], ['revoked', city.height, 'stolen']);
  assert.equal(city.read(at(deviceKeyKind, id, 0))?.to, undefined, 'the key record stays as it was');
  assert.equal(revoke(city), 'DEVICE_REVOKED');
  assert.equal(revoke(city, 'operator', deviceId('copy')), 'OK');
});

test('a device that was never activated can be revoked, and is then never activated', () => {
  const city = makeDeviceCity();
  assert.equal(city.act('maker', 'device/register', { model: namedId('lamp'), ...newDevice('lamp') }), 'OK');
  assert.equal(revoke(city), 'OK');
  assert.equal(city.act('maker', 'device/activate', activation(city, 'lamp')), 'DEVICE_REVOKED');
  assert.equal(city.act('maker', 'device/register', { model: namedId('lamp'), ...newDevice('lamp') }), 'DEVICE_EXISTS');
});

test('suspended and resumed at one height covers nothing; suspended again there, it covers', () => {
  const city = makeDeviceCity();
  enrol(city, 'lamp');
  const both = [city.action('device/suspend', { id, reason: 'one' }), city.action('device/resume', { id })];
  assert.equal(city.send(city.transaction('operator', both)), 'OK');
  assert.deepEqual(spansOf(city), [[city.height, city.height]]);
  assert.equal(city.read(at(deviceKind, id))?.status, 'active');
  assert.equal(city.send(city.transaction('operator', [...both, city.action('device/suspend', { id, reason: 'two' })])), 'OK');
  const [, last] = spansOf(city);
  assert.deepEqual(last, [city.height, undefined]);
  assert.equal(city.read(at(deviceKind, id))?.reason, 'two');
});

test('whatever happens to a device: its status tells the suspensions, at most one is open, and none overlap', () => {
  const step = fc.constantFrom('suspend', 'resume', 'revoke', 'block');
  const history = fc.array(fc.array(step, { maxLength: 4 }), { maxLength: 12 });
  fc.assert(
    fc.property(history, (blocks) => {
      const city = makeDeviceCity();
      enrol(city, 'lamp');
      for (const steps of blocks) {
        const kinds = steps.filter((kind) => kind !== 'block');
        const body = (kind: string) => ({ id, ...(kind === 'resume' ? {} : { reason: kind }) });
        city.block(kinds.map((kind) => city.transaction('operator', [city.action(`device/${kind}`, body(kind))])));
        const device = city.read(at(deviceKind, id))!;
        const spans = spansOf(city);
        const open = spans.filter(([, to]) => to === undefined);
        if (device.status !== 'revoked') assert.equal(open.length, device.status === 'suspended' ? 1 : 0);
        assert.equal(device.status === 'revoked', device.to !== undefined);
        for (const [n, [, to]] of spans.slice(0, -1).entries()) assert.ok((to as number) <= (spans[n + 1]![0] as number));
      }
    }),
    { numRuns: 40 },
  );
});
