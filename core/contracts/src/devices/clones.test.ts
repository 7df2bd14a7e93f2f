import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cloneKind, deviceKind } from '@oppidum/formats/state-devices';
import { at } from '@oppidum/formats/state-layout';
import { nodeCrypto } from '../../../../test/support/crypto.ts';
import {
  activation,
  deviceId,
  deviceSigner,
  enrol,
  makeDeviceCity,
  newDevice,
  type ReadingOptions,
  rotation,
  signedReading,
} from '../../../../test/support/devices.ts';
import { namedId, type TestCity } from '../../../../test/support/ledger.ts';

const id = deviceId('lamp');
const report = (city: TestCity, first: Uint8Array, second: Uint8Array) =>
  city.act('rival', 'device/report-clone', { first, second });
/** Two readings of sequence number 7 that say different things; `changes` to both. */
function pair(city: TestCity, changes: Partial<ReadingOptions> = {}, name = 'lamp') {
  const [one, two] = [1, 2].map((v) => signedReading(city, name, { sequence: 7, records: [{ n: 'power', v }], ...changes }));
  return [one!, two!] as const;
}

test('two payloads under one sequence number suspend the device, whoever reports them', () => {
  const city = makeDeviceCity();
  enrol(city, 'lamp');
  const [first, second] = pair(city);
  assert.equal(report(city, first, second), 'OK');
  const digests = { first: nodeCrypto.sha256(first), second: nodeCrypto.sha256(second) };
  assert.deepEqual(city.read(at(cloneKind, id, 0, 7)), { ...digests, at: city.height });
  assert.equal(city.read(at(deviceKind, id))?.status, 'suspended');
  assert.equal(city.event('device/clone-reported')?.get('sequence'), 7);
  assert.deepEqual(city.event('device/suspended')?.get('device'), id);
});

test('what proves nothing suspends nobody', () => {
  const city = makeDeviceCity();
  enrol(city, 'lamp');
  enrol(city, 'other');
  const [first, second] = pair(city);
  const same = { records: [{ n: 'power', v: 1 }] } as const;
  const cases: readonly (readonly [string, Uint8Array, string])[] = [
    ['the same reading', first, 'CLONE_UNPROVEN'],
    ['another sequence number', pair(city, { sequence: 8 })[1], 'CLONE_UNPROVEN'],
    ['another key', pair(city, { keyNumber: 1 })[1], 'CLONE_UNPROVEN'],
    ['another device', pair(city, {}, 'other')[1], 'CLONE_UNPROVEN'],
    [
      'another nonce over the same payload',
      signedReading(city, 'lamp', { sequence: 7, ...same, nonce: new Uint8Array(16) }),
      'CLONE_UNPROVEN',
    ],
    [
      'another signature over the same payload',
      signedReading(city, 'lamp', { sequence: 7, ...same, signer: deviceSigner('other') }),
      'CLONE_UNPROVEN',
    ],
    ['signed by a stranger', pair(city, { signer: deviceSigner('other') })[1], 'SIGNATURE_INVALID'],
    ['for another city', pair(city, { audience: namedId('another city') })[1], 'WRONG_CITY'],
    ['no reading at all', Uint8Array.of(1), 'WRONG_TYPE'],
    ['half a reading', second.slice(0, 40), 'TRUNCATED'],
  ];
  for (const [why, other, code] of cases) {
    assert.equal(report(city, first, other), code, why);
    assert.equal(report(city, other, first), code, why);
  }
  assert.equal(city.read(at(deviceKind, id))?.status, 'active');
});

test('device/report-clone is refused, in this order', () => {
  const city = makeDeviceCity();
  const good = pair(city);
  assert.equal(city.decide('device/report-clone', { first: good[0], second: good[1] }), 'NOT_AUTHORIZED');
  assert.equal(report(city, ...good), 'DEVICE_UNKNOWN');
  assert.equal(city.act('maker', 'device/register', { model: namedId('lamp'), ...newDevice('lamp') }), 'OK');
  assert.equal(report(city, ...pair(city, { keyNumber: 1 })), 'KEY_UNKNOWN');
  assert.equal(report(city, ...good), 'DEVICE_NOT_ACTIVE');
  assert.equal(city.act('maker', 'device/activate', activation(city, 'lamp')), 'OK');
  enrol(city, 'badge', 'badge');
  assert.equal(report(city, ...pair(city, {}, 'badge')), 'MODEL_PERSONAL');
  assert.equal(report(city, ...good), 'OK');
  assert.equal(report(city, ...good), 'DEVICE_SUSPENDED');
  assert.equal(city.act('operator', 'device/resume', { id }), 'OK');
  assert.equal(report(city, ...good), 'CLONE_KNOWN');
  assert.equal(city.act('operator', 'device/revoke', { id, reason: 'test' }), 'OK');
  assert.equal(report(city, ...good), 'DEVICE_REVOKED');
});

test('an old report cannot suspend a resumed device again, nor with other payloads or a retired key; a new one can', () => {
  const city = makeDeviceCity();
  enrol(city, 'lamp');
  assert.equal(report(city, ...pair(city)), 'OK');
  assert.equal(city.act('operator', 'device/resume', { id }), 'OK');
  assert.equal(report(city, ...pair(city)), 'CLONE_KNOWN');
  const third = signedReading(city, 'lamp', { sequence: 7, records: [{ n: 'power', v: 3 }] });
  assert.equal(report(city, pair(city)[0], third), 'CLONE_KNOWN');
  assert.equal(city.act('maker', 'device/rotate-key', rotation(city, 'lamp', 1)), 'OK');
  assert.equal(report(city, ...pair(city, { sequence: 8 })), 'KEY_REVOKED');
  assert.equal(report(city, ...pair(city, { keyNumber: 1 })), 'OK');
});

for (const [kind, name, code] of [
  ['manufacturer/revoke', 'works', 'MANUFACTURER_REVOKED'],
  ['model/revoke', 'lamp', 'MODEL_REVOKED'],
] as const) {
  test(`after ${kind} there is nothing left to suspend`, () => {
    const city = makeDeviceCity();
    enrol(city, 'lamp');
    assert.equal(city.act('operator', kind, { id: namedId(name), reason: 'test' }), 'OK');
    assert.equal(report(city, ...pair(city)), code);
  });
}
