import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Bytes } from '@oppidum/formats/bytes';
import type { SenmlRecord } from '@oppidum/formats/senml';
import { at } from '@oppidum/formats/state-layout';
import { anchorHeadKind, type InterlockSensorRecord, interlockSensorKind } from '@oppidum/formats/state-telemetry';
import { nodeCrypto } from '../../../../test/support/crypto.ts';
import {
  deviceId,
  deviceSigner,
  enrol,
  makeDeviceCity,
  newDevice,
  type ReadingOptions,
  rotation,
  signedReading,
  TestShard,
} from '../../../../test/support/devices.ts';
import { GENESIS_MS, namedId, type TestCity } from '../../../../test/support/ledger.ts';

const pump = deviceId('pump');
const place = (name: string, device = pump) => at(interlockSensorKind, device, nodeCrypto.sha256(new TextEncoder().encode(name)));
const declare = (city: TestCity, changes: object = {}, by = 'operator') =>
  city.act(by, 'telemetry/declare-sensor', { device: pump, name: 'level', decimals: 2, ...changes });

/** A shard, and an active pump whose sensor `level` is declared. */
function withPump() {
  const city = makeDeviceCity();
  const shard = new TestShard(city);
  enrol(city, 'pump');
  assert.equal(declare(city), 'OK');
  /** Keeps readings and anchors them with the log; answers the code. What is refused stays in the log: the next anchor covers it. */
  const ride = (...envelopes: readonly Bytes[]) => {
    const first = shard.keep(...envelopes);
    return shard.anchor({ sensors: envelopes.map((envelope, n) => shard.sensor(envelope, first + n)) });
  };
  const level = (sequence: number, v: number, options: Partial<ReadingOptions> = {}) =>
    signedReading(city, 'pump', { sequence, records: [{ n: 'level', u: 'm', v }], ...options });
  const sensor = (): InterlockSensorRecord | null => city.read(place('level'));
  return { city, shard, ride, level, sensor };
}

test('readings of declared sensors ride along with an anchor into the state', () => {
  const { city, ride, level, sensor } = withPump();
  const declared = { name: 'level', decimals: 2, from: city.height };
  assert.deepEqual(sensor(), declared);
  const signedMs = city.timeMs;
  assert.equal(ride(level(1, 1.25), level(2, -0.375)), 'OK');
  assert.deepEqual(sensor(), { ...declared, keyNumber: 0, sequence: 2, signedMs, value: -37 });
  const event = city.event('telemetry/sensor-read');
  assert.deepEqual([event?.get('name'), event?.get('value')], ['level', -37]);
  assert.equal(city.events.length, 3);
});

test('of one reading, each declared sensor takes its newest record, and what is not declared is left out', () => {
  const { city, shard } = withPump();
  assert.equal(declare(city, { name: 'open', decimals: 0 }), 'OK');
  const t = city.timeMs / 1_000;
  const envelope = signedReading(city, 'pump', {
    sequence: 1,
    records: [
      { n: 'level', bt: t, v: 2 },
      { n: 'level', t: -5, v: 1 },
      { n: 'open', vb: true },
      { n: 'mood', vs: 'fine' },
    ],
  });
  const first = shard.keep(envelope);
  assert.equal(shard.anchor({ sensors: [shard.sensor(envelope, first)] }), 'OK');
  assert.deepEqual([city.read(place('level'))?.value, city.read(place('level'))?.signedMs], [200, t * 1_000]);
  assert.equal(city.read(place('open'))?.value, 1);
  assert.equal(city.read(place('mood')), null);
});

test('telemetry/declare-sensor is refused, in this order', () => {
  const { city } = withPump();
  enrol(city, 'badge', 'badge');
  const nothing = { device: namedId('nothing') };
  assert.equal(declare(city, nothing, 'maker'), 'NOT_AUTHORIZED');
  assert.equal(declare(city, nothing, 'operator/1'), 'KEY_CLASS_TOO_LOW');
  assert.equal(declare(city, nothing), 'DEVICE_UNKNOWN');
  assert.equal(declare(city, { device: deviceId('badge'), name: 'a b' }), 'MODEL_PERSONAL');
  assert.equal(declare(city, { name: 'a b' }), 'TEXT_INVALID');
  assert.equal(declare(city), 'SENSOR_EXISTS');
  assert.equal(declare(city, { name: 'inlet/level', decimals: 10 }), 'NUMBER_RANGE');
  assert.equal(declare(city, { name: 'inlet/level' }), 'OK');
});

test('what rides along is refused for one reason each, and then nothing is anchored', () => {
  type Case = readonly [code: string, make: (given: ReturnType<typeof withPump>) => Bytes, before?: (city: TestCity) => unknown];
  const changed = (options: Partial<ReadingOptions>) => (given: ReturnType<typeof withPump>) => given.level(1, 1, options);
  const records = (...list: [SenmlRecord, ...SenmlRecord[]]) => changed({ records: list });
  const act = (kind: string, body: object) => (city: TestCity) => assert.equal(city.act('operator', kind, body), 'OK');
  const id = pump;
  const cases: readonly Case[] = [
    ['WRONG_TYPE', () => Uint8Array.of(1)],
    ['WRONG_CITY', changed({ audience: namedId('another city') })],
    ['SENML_FOREIGN_NAME', records({ bn: 'urn:other:', n: 'level', v: 1 })],
    ['SENSOR_VALUE_INVALID', records({ n: 'level', vs: 'high' })],
    ['NUMBER_RANGE', records({ n: 'level', v: 1e300 })],
    ['SENSOR_UNKNOWN', records({ n: 'power', v: 1 })],
    ['SENSOR_UNKNOWN', ({ city }) => signedReading(city, 'other', { sequence: 1, records: [{ n: 'level', v: 1 }] })],
    ['SENSOR_CLOCK_AHEAD', records({ bt: GENESIS_MS / 1_000 + 86_400, n: 'level', v: 1 })],
    ['KEY_UNKNOWN', changed({ keyNumber: 1 })],
    ['MANUFACTURER_REVOKED', changed({}), act('manufacturer/revoke', { id: namedId('works'), reason: 'test' })],
    ['MODEL_REVOKED', changed({}), act('model/revoke', { id: namedId('lamp'), reason: 'test' })],
    ['DEVICE_REVOKED', changed({}), act('device/revoke', { id, reason: 'test' })],
    ['DEVICE_SUSPENDED', changed({}), act('device/suspend', { id, reason: 'test' })],
    ['KEY_REVOKED', changed({}), (city) => act('device/rotate-key', rotation(city, 'pump', 1))(city)],
    ['SIGNATURE_INVALID', changed({ signer: deviceSigner('other') })],
  ];
  for (const [code, make, before] of cases) {
    const given = withPump();
    before?.(given.city);
    assert.equal(given.ride(make(given)), code);
    assert.equal(given.city.details['position'], 0, code);
    assert.equal(given.city.read(at(anchorHeadKind, given.shard.id)), null, code);
    assert.equal(given.sensor()?.sequence, undefined, code);
  }
});

test('a sensor of a device that is not active yet is declared, but not read', () => {
  const { city, ride } = withPump();
  assert.equal(city.act('maker', 'device/register', { model: namedId('lamp'), ...newDevice('valve') }), 'OK');
  assert.equal(declare(city, { device: deviceId('valve') }), 'OK');
  assert.equal(ride(signedReading(city, 'valve', { sequence: 1, records: [{ n: 'level', v: 1 }] })), 'DEVICE_NOT_ACTIVE');
});

test('sequence numbers rise: in the state, through the list, and anew with each key', () => {
  const { city, ride, level, sensor } = withPump();
  assert.equal(ride(level(5, 1), level(5, 1)), 'SENSOR_SEQUENCE', 'twice in one list');
  assert.equal(city.details['position'], 1);
  assert.equal(ride(level(6, 1), level(4, 1)), 'SENSOR_SEQUENCE', 'falling in one list');
  assert.equal(ride(level(5, 1)), 'OK');
  assert.equal(ride(level(5, 2)), 'SENSOR_SEQUENCE', 'as in the state');
  assert.equal(ride(level(4, 2)), 'SENSOR_SEQUENCE', 'below the state');
  assert.equal(ride(level(9, 2)), 'OK', 'gaps are no matter');
  assert.equal(city.act('maker', 'device/rotate-key', rotation(city, 'pump', 1)), 'OK');
  assert.equal(ride(level(1, 3, { keyNumber: 1 })), 'OK');
  assert.deepEqual([sensor()?.keyNumber, sensor()?.sequence, sensor()?.value], [1, 1, 300]);
});

test('a late reading counts for the sensors that it is newer for, and only for these', () => {
  const { city, ride, level } = withPump();
  assert.equal(declare(city, { name: 'flow', decimals: 0 }), 'OK');
  const both = (sequence: number, level: number, flow: number) =>
    signedReading(city, 'pump', {
      sequence,
      records: [
        { n: 'level', v: level },
        { n: 'flow', v: flow },
      ],
    });
  assert.equal(ride(level(5, 5)), 'OK');
  assert.equal(ride(both(4, 4, 4)), 'OK');
  assert.equal(city.events.length, 2);
  assert.deepEqual([city.read(place('level'))?.value, city.read(place('flow'))?.value], [500, 4]);
  assert.equal(ride(both(3, 3, 3)), 'SENSOR_SEQUENCE', 'newer for none');
  assert.equal(ride(level(9, 9), both(8, 8, 8), level(8, 7)), 'SENSOR_SEQUENCE', 'as the list itself leaves it');
  assert.equal(city.details['position'], 2);
  assert.equal(ride(level(9, 9), both(8, 8, 8)), 'OK');
  assert.deepEqual([city.read(place('level'))?.value, city.read(place('flow'))?.value], [900, 8]);
});

test('signed time may run ahead of block time by the parameter, to the millisecond', () => {
  const { city, ride, level } = withPump();
  // Blocks of a test city follow each other by one second.
  const at = (aheadMs: number) =>
    level(city.height, 1, { records: [{ bt: (city.timeMs + 1_000 + aheadMs) / 1_000, n: 'level', v: 1 }] });
  assert.equal(ride(at(5_001)), 'SENSOR_CLOCK_AHEAD');
  assert.equal(ride(at(5_000)), 'OK');
  assert.equal(city.decide('parameter/set', { name: 'telemetry/anchor-sensor-clock-ahead-ms', value: 0 }), 'OK');
  assert.equal(ride(at(1)), 'SENSOR_CLOCK_AHEAD');
  assert.equal(ride(at(0)), 'OK');
  assert.equal(ride(at(-86_400_000)), 'OK', 'old is not refused: freshness is for who reads');
});

test('a reading rides only where it stands in the anchored tree', () => {
  const { city, shard, level } = withPump();
  shard.keep(namedId('entry'));
  const envelope = level(1, 1);
  const index = shard.keep(envelope);
  shard.keep(namedId('last'));
  const good = shard.sensor(envelope, index);
  const anchor = (changes: object) => shard.anchor({ sensors: [{ ...good, ...changes }] });
  assert.equal(anchor({ index: 0 }), 'ROOT_MISMATCH');
  assert.equal(anchor({ index: 3 }), 'NUMBER_RANGE');
  assert.equal(anchor({ path: good.path.slice(1) }), 'PROOF_LENGTH_WRONG');
  assert.equal(anchor({ path: good.path.map(() => namedId('hash')) }), 'ROOT_MISMATCH');
  assert.equal(anchor({ envelope: level(2, 1) }), 'ROOT_MISMATCH', 'another reading');
  const long = signedReading(city, 'pump', {
    sequence: 1,
    records: [
      { n: 'level', v: 1 },
      { n: 'x'.repeat(400), v: 1 },
    ],
  });
  assert.equal(anchor({ envelope: long }), 'LENGTH_WRONG', 'above 512 bytes');
  assert.equal(anchor({}), 'OK');
});

test('readings about people never ride along: no sensor of a personal model is declared', () => {
  const { city, ride } = withPump();
  enrol(city, 'badge', 'badge');
  assert.equal(declare(city, { device: deviceId('badge') }), 'MODEL_PERSONAL');
  assert.equal(ride(signedReading(city, 'badge', { sequence: 1, records: [{ n: 'level', v: 1 }] })), 'SENSOR_UNKNOWN');
});

test('values are scaled alike everywhere: halves upwards, no minus zero', () => {
  const { city, ride, level, sensor } = withPump();
  const cases: readonly (readonly [number, number])[] = [
    [0.125, 13],
    [-0.125, -12],
    [-0.001, 0],
    [1.005, 100],
    [90_071_992_547_409, 9_007_199_254_740_900],
  ];
  for (const [n, [value, scaled]] of cases.entries()) {
    assert.equal(ride(level(n + 1, value)), 'OK');
    assert.ok(Object.is(sensor()?.value, scaled), String(value));
  }
  assert.equal(ride(level(9, 90_071_992_547_410)), 'NUMBER_RANGE');
  assert.equal(city.details['position'], 0);
});
