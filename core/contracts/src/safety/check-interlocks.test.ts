import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '@oppidum/formats/bytes';
import type { Envelope } from '@oppidum/formats/envelope';
import { viewOf } from '../../../../test/support/city-view.ts';
import {
  activation,
  deviceId,
  enrol,
  makeDeviceCity,
  newDevice,
  newModel,
  type ReadingOptions,
  rotation,
  signedReading,
  TestShard,
} from '../../../../test/support/devices.ts';
import { levelQuantity, levelRule, makeEnvelope } from '../../../../test/support/envelopes.ts';
import { namedId, publicKeyOf, type TestCity } from '../../../../test/support/ledger.ts';
import { namedSigner } from '../../../../test/support/signers.ts';
import { checkEnvelope } from './check-envelope.ts';
import { checkInterlocks } from './check-interlocks.ts';

const OPEN = { command: 'gate/open', arguments: [1] };
const FACTS = { rule: 'no flood', quantity: 'level', sensor: 'level' };

/** Two pumps with declared levels, and a shard that anchors what they say. */
function withGate(decimals = 2) {
  const city = makeDeviceCity();
  const shard = new TestShard(city);
  for (const name of ['inlet', 'outlet']) {
    enrol(city, name);
    assert.equal(city.act('operator', 'telemetry/declare-sensor', { device: deviceId(name), name: 'level', decimals }), 'OK');
  }
  let sequence = 0;
  /** Both say this level; `options` to the reading of the inlet. */
  const say = (v: number, options: Partial<ReadingOptions> = {}) => {
    sequence++;
    const records = [{ n: 'level', u: 'm', v }] as const;
    const envelopes = [
      signedReading(city, 'inlet', { sequence, records, ...options }),
      signedReading(city, 'outlet', { sequence, records }),
    ];
    const first = shard.keep(...envelopes);
    return shard.anchor({ sensors: envelopes.map((envelope, n) => shard.sensor(envelope, first + n)) });
  };
  const check = (changes: Partial<Envelope> = {}, timeMs?: number) =>
    checkInterlocks(viewOf(city, timeMs === undefined ? {} : { timeMs }), makeEnvelope(changes), OPEN);
  return { city, shard, say, check };
}

const act = (city: TestCity, by: string, kind: string, body: object) => assert.equal(city.act(by, kind, body), 'OK');

test('readings that anchors carried decide, and their age is block time minus signed time', () => {
  const { city, say, check } = withGate();
  assert.equal(check()?.code, 'INTERLOCK_SILENT', 'declared, and never heard of');
  const signedMs = city.timeMs;
  assert.equal(say(1.95), 'OK');
  assert.equal(check(), null);
  assert.equal(check({}, signedMs + 10_000), null);
  const late = check({}, signedMs + 10_001);
  assert.deepEqual([late?.code, late?.details['ageMs']], ['INTERLOCK_SILENT', 10_001]);
  assert.equal(say(2.01), 'OK');
  assert.deepEqual([check()?.code, check()?.details['lowest']], ['INTERLOCK_LIMIT', 201]);
});

test('a sensor that is not declared, or kept with other decimals, is silent', () => {
  const { say, check } = withGate(1);
  assert.equal(say(1), 'OK');
  assert.equal(check()?.code, 'INTERLOCK_SILENT');
  assert.equal(check({ quantities: [levelQuantity({ decimals: 1 })] }), null);
  const sensors = levelQuantity().sensors.map(({ device }) => ({ device, name: 'power' }));
  assert.equal(check({ quantities: [levelQuantity({ decimals: 1, sensors })] })?.code, 'INTERLOCK_SILENT');
});

test('readings of devices that are no longer believed stop to count at once', () => {
  const doubts: readonly (readonly [because: string, (city: TestCity) => void])[] = [
    ['inactive', (city) => act(city, 'operator', 'device/suspend', { id: deviceId('inlet'), reason: 'odd' })],
    ['revoked', (city) => act(city, 'operator', 'device/revoke', { id: deviceId('inlet'), reason: 'stolen' })],
    ['revoked', (city) => act(city, 'operator', 'model/revoke', { id: namedId('lamp'), reason: 'flaw' })],
    ['revoked', (city) => act(city, 'operator', 'manufacturer/revoke', { id: namedId('works'), reason: 'flaw' })],
    ['quarantined', (city) => act(city, 'operator', 'device/quarantine', { id: deviceId('inlet'), reason: 'odd' })],
    ['key-ended', (city) => act(city, 'maker', 'device/rotate-key', rotation(city, 'inlet', 1))],
  ];
  const devices = new Set<unknown>();
  for (const [because, doubt] of doubts) {
    const { city, say, check } = withGate();
    assert.equal(say(1), 'OK');
    doubt(city);
    const refused = check();
    const { device, ...details } = refused?.details ?? {};
    assert.deepEqual([refused?.code, details], ['INTERLOCK_QUARANTINED', { ...FACTS, because }]);
    devices.add(device);
  }
  // Where all are in doubt, the first sensor of the envelope is named.
  assert.deepEqual(devices, new Set([toHex(deviceId('inlet')), toHex(levelQuantity().sensors[0]!.device)]));
  const { city, say, check } = withGate();
  assert.equal(say(1), 'OK');
  doubts[0]![1](city);
  act(city, 'operator', 'device/resume', { id: deviceId('inlet') });
  assert.equal(check(), null, 'and count again when the suspension ends, while they are fresh');
  doubts.at(-1)![1](city);
  assert.equal(say(1, { keyNumber: 1 }), 'OK');
  assert.equal(check(), null, 'the new key speaks');
});

test('what a bridge signs counts where the envelope allows it, what was imported never', () => {
  for (const grade of ['bridge', 'imported']) {
    const city = makeDeviceCity();
    for (const name of ['inlet', 'outlet']) {
      act(city, 'maker', 'device/register', { model: namedId('lamp'), ...newDevice(name, { grade }) });
      act(city, 'registrar', 'device/activate', activation(city, name));
      act(city, 'operator', 'telemetry/declare-sensor', { device: deviceId(name), name: 'level', decimals: 2 });
    }
    const shard = new TestShard(city);
    const records = [{ n: 'level', v: 1 }] as const;
    const envelopes = ['inlet', 'outlet'].map((name) => signedReading(city, name, { sequence: 1, records }));
    const first = shard.keep(...envelopes);
    assert.equal(shard.anchor({ sensors: envelopes.map((envelope, n) => shard.sensor(envelope, first + n)) }), 'OK');
    const check = (lowest: Envelope['grade']) => checkInterlocks(viewOf(city), makeEnvelope({ grade: lowest }), OPEN);
    assert.deepEqual([check('device')?.code, check('device')?.details['because']], ['INTERLOCK_QUARANTINED', 'key-grade']);
    assert.equal(check('bridge')?.code ?? null, grade === 'bridge' ? null : 'INTERLOCK_QUARANTINED');
  }
});

test('an envelope is taken only free of contradictions and with sensors that are declared so', () => {
  const { city } = withGate();
  const check = (changes: Partial<Envelope>) => checkEnvelope(viewOf(city), makeEnvelope(changes));
  assert.equal(check({}), null);
  const rules = [levelRule(), levelRule({ name: 'high', needs: { quantity: 'level', min: 300 } })];
  assert.equal(check({ rules })?.code, 'ENVELOPE_CONTRADICTS');
  const sensors = levelQuantity().sensors.map(({ device }) => ({ device, name: 'power' }));
  assert.equal(check({ quantities: [levelQuantity({ sensors })] })?.code, 'ENVELOPE_SENSOR_UNKNOWN');
  const decimals = check({ quantities: [levelQuantity({ decimals: 0 })] });
  assert.deepEqual([decimals?.code, decimals?.details['kept'], decimals?.details['got']], ['SENSOR_DECIMALS', 2, 0]);
});

test('sensors are as independent as the envelope asks: other devices, other models, other makers', () => {
  const { city } = withGate();
  act(city, 'maker', 'model/create', newModel('pump', 'works'));
  enrol(city, 'second', 'pump');
  enrol(city, 'third', 'copy', 'rival');
  for (const name of ['second', 'third'])
    act(city, 'operator', 'telemetry/declare-sensor', { device: deviceId(name), name: 'level', decimals: 2 });
  const check = (independence: Envelope['independence'], other: string) => {
    const ids = [deviceId('inlet'), deviceId(other)].sort(Buffer.compare);
    const quantity = levelQuantity({ sensors: ids.map((device) => ({ device, name: 'level' })) });
    return checkEnvelope(viewOf(city), makeEnvelope({ independence, quantities: [quantity] }))?.code ?? null;
  };
  const dependent = 'SENSORS_DEPENDENT';
  assert.deepEqual([check('device', 'outlet'), check('model', 'outlet'), check('maker', 'outlet')], [null, dependent, dependent]);
  assert.deepEqual([check('device', 'second'), check('model', 'second'), check('maker', 'second')], [null, null, dependent]);
  assert.deepEqual([check('device', 'third'), check('model', 'third'), check('maker', 'third')], [null, null, null]);
  const shared = city.act('maker', 'device/register', {
    model: namedId('pump'),
    ...newDevice('fourth', { key: publicKeyOf(namedSigner('device inlet/0')) }),
  });
  assert.notEqual(shared, 'OK', 'one key is never two devices');
});
