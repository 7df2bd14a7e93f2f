import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deviceKind } from '@oppidum/formats/state-devices';
import { at } from '@oppidum/formats/state-layout';
import { deviceZoneKind, zoneKind } from '@oppidum/formats/state-orders';
import { deviceOwnerKind, voucherLinkKind } from '@oppidum/formats/state-trust';
import { NO_LINK, voucherLinkDigest } from '@oppidum/formats/voucher';
import { nodeCrypto } from '../../../../test/support/crypto.ts';
import { deviceId, enrol } from '../../../../test/support/devices.ts';
import { namedId, type TestCity } from '../../../../test/support/ledger.ts';
import { makeTrustCity } from '../../../../test/support/trust.ts';
import { gateOrder, issue, makeZoneCity } from '../../../../test/support/zones.ts';

const id = deviceId('lamp');
const vouch = (city: TestCity, by = 'maker', owner = 'owner') => city.act(by, 'device/vouch', { id, owner: namedId(owner) });
const transfer = (city: TestCity, link: number, by: string, owner: string) =>
  city.act(by, 'device/transfer', { id, link, owner: namedId(owner) });

function soldCity(): TestCity {
  const city = makeTrustCity();
  enrol(city, 'lamp');
  assert.equal(vouch(city), 'OK');
  return city;
}

test('a voucher leads from the maker to whoever owns now, each link naming the one before', () => {
  const city = soldCity();
  assert.equal(transfer(city, 0, 'owner', 'buyer'), 'OK');
  assert.deepEqual(city.event('device/owned')?.get('link'), 1);
  assert.equal(transfer(city, 1, 'buyer', 'owner'), 'OK', 'it may come back');
  const links = city.scan(voucherLinkKind, id);
  assert.deepEqual(
    links.map(({ segments, value }) => [segments[1], value.seller, value.owner]),
    [
      [0, namedId('maker'), namedId('owner')],
      [1, namedId('owner'), namedId('buyer')],
      [2, namedId('buyer'), namedId('owner')],
    ],
  );
  let previous = NO_LINK;
  for (const [number, { value }] of links.entries()) {
    assert.deepEqual(value.previous, previous);
    const { seller, owner } = value;
    previous = voucherLinkDigest(nodeCrypto, { genesis: city.rules.genesis, device: id, number, previous, seller, owner });
  }
  assert.deepEqual(city.read(at(deviceOwnerKind, id)), { owner: namedId('owner'), linkCount: 3, newest: previous });
});

test('no device is sold twice: the second buyer is refused, also in one transaction and after it changed hands again', () => {
  const city = soldCity();
  const sale = (owner: string) => city.action('device/transfer', { id, link: 0, owner: namedId(owner) });
  assert.equal(city.send(city.transaction('owner', [sale('buyer'), sale('maker')])), 'VOUCHER_SPENT');
  assert.equal(city.read(at(deviceOwnerKind, id))?.linkCount, 1, 'nothing of it happened');
  assert.equal(transfer(city, 0, 'owner', 'buyer'), 'OK');
  assert.equal(transfer(city, 0, 'owner', 'maker'), 'VOUCHER_SPENT');
  assert.equal(city.details['linkCount'], 2);
  assert.equal(transfer(city, 1, 'buyer', 'owner'), 'OK');
  assert.equal(transfer(city, 0, 'owner', 'maker'), 'VOUCHER_SPENT', 'who owns it again names the newest link');
  assert.equal(vouch(city, 'maker', 'buyer'), 'VOUCHER_SPENT', 'the maker does not sell it a second time either');
});

test('device/vouch is refused, in this order', () => {
  const city = makeTrustCity();
  assert.equal(vouch(city, 'rival', 'nobody'), 'DEVICE_UNKNOWN');
  enrol(city, 'lamp');
  assert.equal(vouch(city, 'rival', 'nobody'), 'NOT_AUTHORIZED');
  assert.equal(vouch(city, 'maker/1', 'nobody'), 'KEY_CLASS_TOO_LOW');
  assert.equal(vouch(city, 'maker', 'nobody'), 'ACCOUNT_UNKNOWN');
  assert.equal(city.decide('account/close', { account: namedId('buyer') }), 'OK');
  assert.equal(vouch(city, 'maker', 'buyer'), 'ACCOUNT_CLOSED');
  assert.equal(vouch(city), 'OK');
  assert.equal(vouch(city, 'maker', 'nobody'), 'VOUCHER_SPENT');
  assert.equal(city.act('operator', 'device/revoke', { id, reason: 'gone' }), 'OK');
  assert.equal(vouch(city, 'maker', 'nobody'), 'DEVICE_REVOKED');
  assert.equal(city.act('operator', 'model/revoke', { id: namedId('lamp'), reason: 'test' }), 'OK');
  assert.equal(vouch(city, 'maker', 'nobody'), 'MODEL_REVOKED');
  assert.equal(city.act('operator', 'manufacturer/revoke', { id: namedId('works'), reason: 'test' }), 'OK');
  assert.equal(vouch(city, 'maker', 'nobody'), 'MANUFACTURER_REVOKED');
});

test('device/transfer is refused, in this order', () => {
  const city = makeTrustCity();
  assert.equal(transfer(city, 0, 'rival', 'nobody'), 'DEVICE_UNKNOWN');
  enrol(city, 'lamp');
  assert.equal(transfer(city, 0, 'rival', 'nobody'), 'VOUCHER_UNKNOWN');
  assert.equal(vouch(city), 'OK');
  assert.equal(transfer(city, 1, 'rival', 'nobody'), 'VOUCHER_UNKNOWN');
  assert.equal(transfer(city, 0, 'maker', 'nobody'), 'NOT_AUTHORIZED', 'it is the maker’s no more');
  assert.equal(transfer(city, 0, 'operator', 'nobody'), 'NOT_AUTHORIZED', 'the operator sells nothing');
  assert.equal(transfer(city, 0, 'owner/1', 'nobody'), 'KEY_CLASS_TOO_LOW');
  assert.equal(transfer(city, 0, 'owner', 'nobody'), 'ACCOUNT_UNKNOWN');
  assert.equal(city.decide('account/close', { account: namedId('clara') }), 'OK');
  assert.equal(transfer(city, 0, 'owner', 'clara'), 'ACCOUNT_CLOSED');
  assert.equal(city.act('owner', 'device/revoke', { id, reason: 'gone' }), 'OK');
  assert.equal(transfer(city, 0, 'owner', 'nobody'), 'DEVICE_REVOKED');
});

test('after a sale the owner is heard about a device, and the maker no more', () => {
  const city = soldCity();
  const suspend = (by: string) => city.act(by, 'device/suspend', { id, reason: 'x' });
  const resume = () => city.act('operator', 'device/resume', { id });
  assert.equal(suspend('maker'), 'NOT_AUTHORIZED');
  assert.equal(suspend('owner/1'), 'OK');
  assert.equal(resume(), 'OK');
  assert.equal(transfer(city, 0, 'owner', 'buyer'), 'OK');
  assert.equal(suspend('owner'), 'NOT_AUTHORIZED');
  assert.equal(city.act('owner', 'device/quarantine', { id, reason: 'x' }), 'NOT_AUTHORIZED');
  assert.equal(city.act('maker', 'device/revoke', { id, reason: 'x' }), 'NOT_AUTHORIZED');
  assert.equal(suspend('buyer'), 'OK');
  assert.equal(city.act('buyer', 'device/revoke', { id, reason: 'x' }), 'OK');
  assert.equal(city.read(at(deviceKind, id))?.status, 'revoked');
});

test('a device that is sold leaves its zone, and joins one only when its owner agrees', () => {
  const city = makeZoneCity();
  const [gate, zone] = [deviceId('gate'), namedId('zone')];
  const join = (by: string | readonly string[]) => city.act(by, 'zone/add-devices', { zone, devices: [gate] });
  assert.equal(issue(city, gateOrder(city)), 'OK');
  assert.equal(city.act('maker', 'device/vouch', { id: gate, owner: namedId('rival') }), 'OK');
  assert.deepEqual(city.event('zone/devices-removed')?.get('zone'), zone);
  assert.equal(city.read(at(deviceZoneKind, gate)), null);
  assert.equal(city.read(at(zoneKind, zone))?.deviceCount, 1);
  assert.equal(issue(city, gateOrder(city, { nonce: namedId('later').slice(0, 16) })), 'DEVICE_NOT_IN_ZONE');
  assert.equal(join('operator'), 'NOT_AUTHORIZED', 'not over the head of its owner');
  assert.equal(join(['operator', 'maker']), 'NOT_AUTHORIZED');
  assert.equal(join(['operator', 'rival']), 'OK');
  const target = { device: gate, challenge: namedId('another challenge') };
  assert.equal(issue(city, gateOrder(city, { target, nonce: namedId('last').slice(0, 16) })), 'OK');
  assert.equal(city.act('rival', 'device/transfer', { id: gate, link: 0, owner: namedId('maker') }), 'OK');
  assert.equal(city.read(at(deviceZoneKind, gate)), null, 'the buyer is asked anew');
});

test('no order goes to a device from the block on in which it was set apart', () => {
  const city = makeZoneCity();
  assert.equal(city.act('operator', 'device/quarantine', { id: deviceId('gate'), reason: 'x' }), 'OK');
  assert.equal(issue(city, gateOrder(city)), 'DEVICE_QUARANTINED');
  assert.equal(city.act('operator', 'device/release', { id: deviceId('gate') }), 'OK');
  assert.equal(issue(city, gateOrder(city)), 'OK');
});
