import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deviceKind } from '@oppidum/formats/state-devices';
import { at } from '@oppidum/formats/state-layout';
import { deviceOwnerKind, voucherLinkKind } from '@oppidum/formats/state-trust';
import { NO_LINK, voucherLinkDigest } from '@oppidum/formats/voucher';
import { nodeCrypto } from '../../../../test/support/crypto.ts';
import { deviceId, enrol } from '../../../../test/support/devices.ts';
import { namedId, type TestCity } from '../../../../test/support/ledger.ts';
import { makeTrustCity } from '../../../../test/support/trust.ts';

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
