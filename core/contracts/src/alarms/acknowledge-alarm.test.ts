import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ALARM_CAUSES, ALARM_RULES, type AlarmCause, alarmId } from '@oppidum/formats/alarm';
import { acknowledgementKind } from '@oppidum/formats/state-alarms';
import { at } from '@oppidum/formats/state-layout';
import { nodeCrypto } from '../../../../test/support/crypto.ts';
import { deviceId, enrol, makeDeviceCity } from '../../../../test/support/devices.ts';
import { namedId, type TestCity } from '../../../../test/support/ledger.ts';

const lamp = deviceId('lamp');
const READING = namedId('reading');

function lampCity(): TestCity {
  const city = makeDeviceCity();
  enrol(city, 'lamp');
  return city;
}
const acknowledge = (city: TestCity, by: string | readonly string[], changes: object = {}) =>
  city.act(by, 'alarm/acknowledge', { cause: 'lamp-dead', subject: lamp, opening: READING, response: 'crew-sent', ...changes });
const recordOf = (city: TestCity, cause: AlarmCause, subject = lamp) =>
  city.read(at(acknowledgementKind, alarmId(nodeCrypto, { cause, subject })));

test('a named account answers for an alarm, with an everyday key, and the event says who and what', () => {
  const city = lampCity();
  assert.equal(acknowledge(city, 'operator/1'), 'OK');
  const { atMs, height, ...record } = recordOf(city, 'lamp-dead') ?? assert.fail('nothing is kept');
  const said = { cause: 'lamp-dead', subject: lamp, opening: READING, response: 'crew-sent', account: namedId('operator') };
  assert.deepEqual(record, said);
  assert.deepEqual([atMs, height], [city.timeMs, city.height]);
  const event = city.event('alarm/acknowledged') ?? assert.fail('no event');
  assert.deepEqual(Object.fromEntries(event), { alarm: alarmId(nodeCrypto, { cause: 'lamp-dead', subject: lamp }), ...said });
});

test('members of the council may, after an operator who signed with them; nobody else may', () => {
  const city = lampCity();
  assert.equal(acknowledge(city, ['anna', 'operator']), 'OK');
  assert.deepEqual(recordOf(city, 'lamp-dead')?.account, namedId('operator'));
  assert.equal(acknowledge(city, 'anna/1', { opening: namedId('next') }), 'OK');
  assert.deepEqual(recordOf(city, 'lamp-dead')?.account, namedId('anna'));
  for (const other of ['rival', 'registrar', 'protector', 'maker'])
    assert.equal(acknowledge(city, other, { opening: namedId(other) }), 'NOT_AUTHORIZED', other);
  assert.equal(city.decide('role/revoke', { account: namedId('operator'), role: 'operator' }), 'OK');
  assert.equal(acknowledge(city, 'operator', { opening: namedId('later') }), 'NOT_AUTHORIZED');
});

test('once for each opening: the second is told who was first, and what was answered before counts for no later one', () => {
  const city = lampCity();
  assert.equal(acknowledge(city, 'operator'), 'OK');
  assert.equal(acknowledge(city, 'anna', { response: 'false-alarm' }), 'ALARM_ACKNOWLEDGED');
  assert.equal(recordOf(city, 'lamp-dead')?.response, 'crew-sent');
  assert.equal(acknowledge(city, 'anna', { opening: namedId('again') }), 'OK');
  assert.deepEqual(recordOf(city, 'lamp-dead')?.opening, namedId('again'));
  assert.equal(acknowledge(city, 'operator', { cause: 'manual-control' }), 'OK', 'another cause is another alarm');
});

test('an alarm about nothing that there is does not exist', () => {
  const city = lampCity();
  for (const cause of ALARM_CAUSES) {
    const want = ALARM_RULES[cause].subject === 'order' ? 'OK' : 'ALARM_UNKNOWN';
    assert.equal(acknowledge(city, 'operator', { cause, subject: namedId('nothing') }), want, cause);
  }
  assert.equal(acknowledge(city, 'operator', { cause: 'model-silent', subject: namedId('lamp') }), 'OK');
});

test('nothing about people: not of their devices, nor of the models of these', () => {
  const city = lampCity();
  enrol(city, 'badge', 'badge');
  for (const cause of ['device-silent', 'manual-control', 'device-quarantined'] as const)
    assert.equal(acknowledge(city, 'operator', { cause, subject: deviceId('badge') }), 'MODEL_PERSONAL', cause);
  assert.equal(acknowledge(city, 'operator', { cause: 'model-silent', subject: namedId('badge') }), 'MODEL_PERSONAL');
});

test('the zone that is named is that of the device', () => {
  const city = lampCity();
  assert.equal(acknowledge(city, 'operator', { zone: namedId('elsewhere') }), 'DEVICE_NOT_IN_ZONE');
  const order = { cause: 'order-rejected', subject: namedId('order') };
  assert.equal(acknowledge(city, 'operator', { ...order, zone: namedId('elsewhere') }), 'ZONE_FOREIGN');
});

test('what the ledger knows to be over is closed', () => {
  const city = lampCity();
  const quarantine = { cause: 'device-quarantined' };
  assert.equal(acknowledge(city, 'operator', quarantine), 'ALARM_CLOSED');
  assert.equal(city.act('operator', 'device/quarantine', { id: lamp, reason: 'odd' }), 'OK');
  assert.equal(acknowledge(city, 'operator', quarantine), 'OK');
  assert.equal(city.act('operator', 'device/release', { id: lamp }), 'OK');
  assert.equal(acknowledge(city, 'operator', { ...quarantine, opening: namedId('next') }), 'ALARM_CLOSED');
  assert.equal(acknowledge(city, 'operator', { cause: 'device-revoked' }), 'ALARM_CLOSED');
  assert.equal(city.act('operator', 'device/revoke', { id: lamp, reason: 'gone' }), 'OK');
  assert.equal(acknowledge(city, 'operator', { cause: 'device-revoked' }), 'OK');
});

test('words that are none of the lists, and ids that are none, are no act', () => {
  const city = lampCity();
  for (const [field, value, code] of [
    ['cause', 'boredom', 'WRONG_TYPE'],
    ['response', 'ask Anna, +372 555', 'WRONG_TYPE'],
    ['subject', new Uint8Array(31), 'LENGTH_WRONG'],
    ['opening', 'reading', 'WRONG_TYPE'],
  ] as const)
    assert.equal(acknowledge(city, 'operator', { [field]: value }), code, field);
});
