import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manufacturerKind, modelKind } from '@oppidum/formats/state-devices';
import { at } from '@oppidum/formats/state-layout';
import { activation, enrol, makeDeviceCity, newDevice, newModel, rotation } from '../../../../test/support/devices.ts';
import { namedId } from '../../../../test/support/ledger.ts';

const works = { id: namedId('mills'), name: 'The mills', account: namedId('maker') };

test('a registrar admits a maker, and the maker announces models', () => {
  const city = makeDeviceCity();
  assert.equal(city.act('registrar', 'manufacturer/create', works), 'OK');
  assert.deepEqual(city.event('manufacturer/created')?.get('manufacturer'), works.id);
  const { id, ...record } = works;
  assert.deepEqual(city.read(at(manufacturerKind, id)), { ...record, from: city.height });
  assert.equal(city.act('maker/1', 'model/create', newModel('mill', 'mills', { simulated: true })), 'OK');
  const { id: model, ...body } = newModel('mill', 'mills', { simulated: true });
  assert.deepEqual(city.read(at(modelKind, model)), { ...body, from: city.height });
  assert.deepEqual(city.event('model/created')?.get('manufacturer'), id);
});

test('manufacturer/create is refused, in this order', () => {
  const city = makeDeviceCity();
  const create = (by: string, changes: object) => city.act(by, 'manufacturer/create', { ...works, ...changes });
  assert.equal(create('operator', { id: namedId('works'), account: namedId('nobody') }), 'NOT_AUTHORIZED');
  assert.equal(create('registrar', { id: namedId('works'), account: namedId('nobody') }), 'MANUFACTURER_EXISTS');
  assert.equal(create('registrar', { account: namedId('nobody') }), 'ACCOUNT_UNKNOWN');
  assert.equal(city.decide('account/close', { account: namedId('clara') }), 'OK');
  assert.equal(create('registrar', { account: namedId('clara') }), 'ACCOUNT_CLOSED');
  assert.equal(create('registrar', { account: namedId('anna') }), 'PERSON_NAMED');
  assert.equal(city.read(at(manufacturerKind, works.id)), null);
});

test('model/create is refused, in this order', () => {
  const city = makeDeviceCity();
  assert.equal(city.act('rival', 'model/create', newModel('lamp', 'nobody')), 'MANUFACTURER_UNKNOWN');
  assert.equal(city.act('rival', 'model/create', newModel('lamp', 'works')), 'NOT_AUTHORIZED');
  assert.equal(city.act('maker', 'model/create', newModel('lamp', 'works')), 'MODEL_EXISTS');
  assert.equal(city.act('maker', 'model/create', newModel('copy', 'works')), 'MODEL_EXISTS', 'also where another made it');
  assert.equal(city.act('operator', 'manufacturer/revoke', { id: namedId('works'), reason: 'test' }), 'OK');
  assert.equal(city.act('maker', 'model/create', newModel('lamp', 'works')), 'MANUFACTURER_REVOKED');
});

test('manufacturer/revoke is refused, in this order', () => {
  const city = makeDeviceCity();
  const revoke = (by: string, name: string) => city.act(by, 'manufacturer/revoke', { id: namedId(name), reason: 'test' });
  assert.equal(revoke('registrar', 'nobody'), 'NOT_AUTHORIZED');
  assert.equal(revoke('maker', 'works'), 'NOT_AUTHORIZED', 'not even itself');
  assert.equal(revoke('operator/1', 'nobody'), 'KEY_CLASS_TOO_LOW');
  assert.equal(revoke('operator', 'nobody'), 'MANUFACTURER_UNKNOWN');
  assert.equal(revoke('operator', 'works'), 'OK');
  assert.equal(city.read(at(manufacturerKind, namedId('works')))?.to, city.height);
  assert.equal(city.event('manufacturer/revoked')?.get('reason'), 'test');
  assert.equal(revoke('operator', 'works'), 'MANUFACTURER_REVOKED');
});

test('model/revoke is refused, in this order; the operator may, and the maker for its own', () => {
  const city = makeDeviceCity();
  const revoke = (by: string, name: string) => city.act(by, 'model/revoke', { id: namedId(name), reason: 'test' });
  assert.equal(revoke('rival', 'nothing'), 'MODEL_UNKNOWN');
  assert.equal(revoke('rival', 'lamp'), 'NOT_AUTHORIZED');
  assert.equal(revoke('operator/1', 'lamp'), 'KEY_CLASS_TOO_LOW');
  assert.equal(revoke('maker/1', 'lamp'), 'KEY_CLASS_TOO_LOW');
  assert.equal(revoke('maker', 'lamp'), 'OK');
  assert.equal(city.read(at(modelKind, namedId('lamp')))?.to, city.height);
  assert.equal(revoke('operator', 'lamp'), 'MODEL_REVOKED');
  assert.equal(revoke('operator', 'copy'), 'OK');
});

for (const [what, kind, id, code] of [
  ['a manufacturer', 'manufacturer/revoke', 'works', 'MANUFACTURER_REVOKED'],
  ['a model', 'model/revoke', 'lamp', 'MODEL_REVOKED'],
] as const) {
  test(`with ${what}, all its devices are revoked: none registers, activates or rotates`, () => {
    const city = makeDeviceCity();
    enrol(city, 'lamp-1');
    const register = (name: string) => city.act('maker', 'device/register', { model: namedId('lamp'), ...newDevice(name) });
    assert.equal(register('lamp-2'), 'OK');
    assert.equal(city.act('operator', kind, { id: namedId(id), reason: 'test' }), 'OK');
    assert.equal(register('lamp-3'), code);
    assert.equal(city.act('maker', 'device/register-many', { model: namedId('lamp'), devices: [newDevice('lamp-3')] }), code);
    assert.equal(city.act('registrar', 'device/activate', activation(city, 'lamp-2')), code);
    assert.equal(city.act('registrar', 'device/rotate-key', rotation(city, 'lamp-1', 1)), code);
    enrol(city, 'copy-1', 'copy', 'rival');
  });
}
