import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modelCommandsKind } from '@oppidum/formats/state-devices';
import { at } from '@oppidum/formats/state-layout';
import { makeDeviceCity } from '../../../../test/support/devices.ts';
import { namedId, type TestCity } from '../../../../test/support/ledger.ts';

const level = { name: 'light/level', parameters: [{ name: 'level', min: 0, max: 100, unit: '%' }] };
const power = { name: 'power', unit: 'W', decimals: 1 };
const lamp = { id: namedId('lamp'), commands: [level], sensors: [power] };
const describe = (city: TestCity, changes: object = {}, by = 'maker') => city.act(by, 'model/describe', { ...lamp, ...changes });

test('a maker describes its model, and describes it anew', () => {
  const city = makeDeviceCity();
  assert.equal(describe(city), 'OK');
  const { id, ...description } = lamp;
  assert.deepEqual(city.read(at(modelCommandsKind, id)), { ...description, from: city.height });
  assert.deepEqual(city.event('model/described')?.get('commands'), ['light/level']);
  const off = { name: 'light/off', parameters: [] };
  assert.equal(describe(city, { commands: [level, off] }), 'OK');
  assert.deepEqual(city.read(at(modelCommandsKind, id))?.commands, [level, off]);
  assert.equal(describe(city, { commands: [], sensors: [] }), 'OK');
});

test('model/describe is refused, in this order', () => {
  const city = makeDeviceCity();
  const bad = { commands: [{ ...level, name: 'Light' }] };
  assert.equal(describe(city, { ...bad, id: namedId('nothing') }), 'MODEL_UNKNOWN');
  assert.equal(describe(city, bad, 'rival'), 'NOT_AUTHORIZED');
  assert.equal(describe(city, bad, 'operator'), 'NOT_AUTHORIZED', 'not even the operator');
  assert.equal(describe(city, bad, 'maker/1'), 'KEY_CLASS_TOO_LOW');
  assert.equal(describe(city, bad), 'TEXT_INVALID');
  const [parameter] = level.parameters;
  const withParameters = (...parameters: object[]) => describe(city, { commands: [{ ...level, parameters }] });
  assert.equal(withParameters({ ...parameter, name: 'the level' }), 'TEXT_INVALID');
  assert.equal(withParameters(parameter as object, { ...parameter, min: 7, max: 1 }), 'DUPLICATE_KEY');
  assert.equal(withParameters(parameter as object, { ...parameter, name: 'ramp', min: 7, max: 1 }), 'NUMBER_RANGE');
  assert.equal(city.details['position'], 1);
  assert.equal(withParameters({ ...parameter, min: -7, max: -7 }), 'OK', 'a range may hold one number');
  assert.equal(describe(city, { sensors: [{ ...power, name: 'the power' }] }), 'TEXT_INVALID');
  assert.equal(describe(city, { commands: [level, level] }), 'DUPLICATE_KEY', 'a command stands once');
  assert.equal(city.act('operator', 'model/revoke', { id: lamp.id, reason: 'test' }), 'OK');
  assert.equal(describe(city, bad), 'MODEL_REVOKED');
  assert.equal(city.act('operator', 'manufacturer/revoke', { id: namedId('works'), reason: 'test' }), 'OK');
  assert.equal(describe(city, bad), 'MANUFACTURER_REVOKED');
});
