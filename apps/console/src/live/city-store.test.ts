import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeviceJson } from '@oppidum/gateway/api-types';
import { CityStore } from './city-store.ts';

const id = (digit: string): string => digit.repeat(64);
const device = (digit: string, changes: Partial<DeviceJson> = {}): DeviceJson => ({
  ...{ id: id(digit), label: `lamp ${digit}`, model: id('f'), modelName: 'L1', deviceType: 'lamp', manufacturer: id('e') },
  ...{ manufacturerName: 'Maker', status: 'active', simulated: false, personal: false, grade: 'device', keyNumber: 0 },
  ...{ registration: id('d'), from: 1, to: null, reason: null, lastReadingMs: null, readingCount: 0, zone: null },
  ...changes,
});
const sample = (digit: string, unit: 'lat' | 'lon', value: number) => ({
  ...{ device: id(digit), label: null, name: unit, unit, value, data: null, sum: null, timeMs: 1, shardNumber: 0, index: 0 },
});
const reading = (digit: string, timeMs: number, records: readonly object[] = []) => ({
  topic: 'readings' as const,
  data: JSON.stringify({ id: id('9'), device: id(digit), timeMs, records }),
});

test('a device that did not change is the same object, and so is the list', () => {
  const store = new CityStore();
  store.setDevices([device('1'), device('2')]);
  const [one, two] = store.lists().all;
  store.apply([reading('1', 500)]);
  const [oneLater, twoLater] = store.lists().all;
  assert.notEqual(one, oneLater);
  assert.equal(two, twoLater);
  assert.equal(oneLater?.lastReadingMs, 500);
  const before = store.lists().all;
  store.apply([{ topic: 'anchors', data: '{}' }]);
  assert.equal(store.lists().all, before);
});

test('places need both halves, on earth, and follow what a device signs', () => {
  const store = new CityStore();
  store.setDevices([device('1'), device('2')]);
  store.setCoordinates('lat', [sample('1', 'lat', 59), sample('2', 'lat', 91)]);
  assert.deepEqual(
    store.lists().all.map(({ place }) => place),
    [null, null],
  );
  store.setCoordinates('lon', [sample('1', 'lon', 24), sample('2', 'lon', 24)]);
  assert.deepEqual(
    store.lists().all.map(({ place }) => place),
    [{ lat: 59, lon: 24 }, null],
  );
  const [before] = store.lists().all;
  store.apply([reading('1', 5, [{ unit: 'lat', value: 59 }])]);
  assert.equal(store.lists().all[0]?.place, before?.place, 'the same place is the same object');
  store.apply([
    reading('1', 6, [
      { unit: 'lat', value: 60 },
      { unit: 'lon', value: Number.NaN },
    ]),
  ]);
  assert.deepEqual(store.lists().all[0]?.place, { lat: 60, lon: 24 });
});

test('an older reading takes nothing back, and a list does neither', () => {
  const store = new CityStore();
  store.setDevices([device('1', { lastReadingMs: 100 })]);
  store.apply([reading('1', 500), reading('1', 400)]);
  assert.equal(store.lists().all[0]?.lastReadingMs, 500);
  store.setDevices([device('1', { lastReadingMs: 450, readingCount: 9 })]);
  assert.deepEqual([store.lists().all[0]?.lastReadingMs, store.lists().all[0]?.readingCount], [500, 9]);
});

test('a device that no list names asks for one; a state that changed shows at once', () => {
  const store = new CityStore();
  store.setDevices([device('1')]);
  assert.equal(store.apply([reading('1', 1)]), false);
  assert.equal(store.apply([reading('2', 1)]), true);
  const suspended = { device: id('1'), status: 'suspended', label: 'lamp 1', reason: 'tilted' };
  assert.equal(store.apply([{ topic: 'devices', data: JSON.stringify(suspended) }]), false);
  assert.deepEqual([store.lists().all[0]?.status, store.lists().all[0]?.reason], ['suspended', 'tilted']);
  assert.equal(store.apply([{ topic: 'readings', data: 'nonsense' }]), false);
  store.setDevices([]);
  assert.deepEqual(store.lists().all, []);
});

test('lists that a reading says nothing about stay the same', () => {
  const store = new CityStore();
  store.setDevices([device('1'), device('2')]);
  const before = store.lists();
  store.apply([reading('1', 500)]);
  const after = store.lists();
  assert.notEqual(after.all, before.all);
  assert.deepEqual([after.named === before.named, after.placed === before.placed], [true, true]);
  store.setCoordinates('lat', [sample('1', 'lat', 1)]);
  store.setCoordinates('lon', [sample('1', 'lon', 1)]);
  assert.notEqual(store.lists().placed, before.placed);
  assert.equal(store.lists().named, before.named);
  store.setDevices([device('1')]);
  assert.deepEqual([store.lists().named.length, store.lists().placed.length], [1, 1]);
});
