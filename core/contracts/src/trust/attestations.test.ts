import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concatBytes } from '@oppidum/formats/bytes';
import { CborTag, encodeCbor, parseCbor } from '@oppidum/formats/cbor';
import { parseAttestation } from '@oppidum/formats/eat';
import { deviceKind } from '@oppidum/formats/state-devices';
import { at } from '@oppidum/formats/state-layout';
import { attestationKind } from '@oppidum/formats/state-trust';
import { activation, deviceId, deviceSigner, enrol, newDevice } from '../../../../test/support/devices.ts';
import { namedId, type TestCity } from '../../../../test/support/ledger.ts';
import { attestation, CLAIMS, DEMAND, makeTrustCity } from '../../../../test/support/trust.ts';

const id = deviceId('lamp');
const demand = (city: TestCity, changes: object = {}, by = 'operator') =>
  city.act(by, 'model/require-attestation', { ...DEMAND, ...changes });
const register = (city: TestCity) => city.act('maker', 'device/register', { model: namedId('lamp'), ...newDevice('lamp') });
const attest = (city: TestCity, ...changes: Parameters<typeof attestation> extends [TestCity, string, ...infer R] ? R : never) =>
  city.act('rival', 'device/attest', attestation(city, 'lamp', ...changes));

function askedCity(): TestCity {
  const city = makeTrustCity();
  assert.equal(demand(city), 'OK');
  assert.equal(register(city), 'OK');
  return city;
}

test('where a model is asked, its devices attest before they are believed; both fit one transaction', () => {
  const city = askedCity();
  const activate = () => city.action('device/activate', activation(city, 'lamp'));
  assert.equal(city.send(city.transaction('rival', [activate()])), 'ATTESTATION_MISSING');
  const token = attestation(city, 'lamp');
  assert.equal(city.send(city.transaction('rival', [activate(), city.action('device/attest', token)])), 'ATTESTATION_MISSING');
  assert.equal(city.send(city.transaction('rival', [city.action('device/attest', token), activate()])), 'OK');
  assert.equal(city.read(at(deviceKind, id))?.status, 'active');
  const { by, at: height } = city.read(at(attestationKind, id)) ?? {};
  assert.deepEqual([by, height], ['attester', city.height]);
});

test('what was attested before a stricter demand does not suffice', () => {
  const city = askedCity();
  assert.equal(attest(city), 'OK');
  assert.equal(demand(city, { claims: { ...CLAIMS, dbgstat: 3 } }), 'OK');
  assert.equal(city.act('rival', 'device/activate', activation(city, 'lamp')), 'ATTESTATION_MISSING');
  assert.equal(attest(city), 'OK');
  assert.equal(city.act('rival', 'device/activate', activation(city, 'lamp')), 'OK');
});

test('a token counts once, and each next one answers a challenge of its own', () => {
  const city = askedCity();
  const token = attestation(city, 'lamp');
  assert.equal(city.act('rival', 'device/attest', token), 'OK');
  assert.equal(city.act('rival', 'device/attest', token), 'ATTESTATION_CLAIM');
  assert.equal(city.details['claim'], 'eat_nonce');
  assert.equal(attest(city), 'OK');
});

test('the refusal names the first claim that is missing or wrong', () => {
  const wrong: readonly (readonly [claim: string, label: number, value: Parameters<typeof encodeCbor>[0] | undefined])[] = [
    ['eat_nonce', 10, namedId('another challenge')],
    ['eat_nonce', 10, undefined],
    ['ueid', 256, concatBytes(Uint8Array.of(1), namedId('another device'))],
    ['ueid', 256, undefined],
    ['exp', 4, 1_000],
    ['oemid', 258, namedId('another maker').slice(0, 16)],
    ['oemid', 258, 76_543],
    ['hwmodel', 259, Uint8Array.of(8)],
    ['swname', 270, 'other'],
    ['swname', 270, undefined],
    ['oemboot', 262, false],
    ['dbgstat', 263, 1],
    ['dbgstat', 263, undefined],
  ];
  for (const [claim, label, value] of wrong) {
    const city = askedCity();
    assert.equal(attest(city, { [label]: value }), 'ATTESTATION_CLAIM', `${claim} ${value}`);
    assert.equal(city.details['claim'], claim);
  }
  const city = askedCity();
  assert.equal(demand(city, { claims: { swversion: '1.3.0' } }), 'OK');
  assert.equal(attest(city), 'ATTESTATION_CLAIM');
  assert.equal(city.details['claim'], 'swversion');
  assert.equal(attest(city, { 271: ['1.3.0', 1], 4: 4_000_000_000, 75000: 'unknown claims are passed over' }), 'OK');
});

test('several nonces may stand in one token, and a CWT may carry its tags', () => {
  const city = askedCity();
  const { nonces } = parseAttestation(attestation(city, 'lamp').token);
  const many = attestation(city, 'lamp', { 10: [namedId('other'), nonces[0] ?? assert.fail()] });
  const tagged = encodeCbor(new CborTag(61, parseCbor(many.token)));
  assert.equal(city.act('rival', 'device/attest', { ...many, token: tagged }), 'OK');
});

test('where the demand names no keys, the device itself signs', () => {
  const city = askedCity();
  assert.equal(demand(city, { keys: [] }), 'OK');
  assert.equal(attest(city), 'SIGNATURE_INVALID');
  assert.equal(attest(city, {}, deviceSigner('lamp')), 'OK');
  assert.equal(city.read(at(attestationKind, id))?.by, 'device');
});

test('device/attest is refused, in this order', () => {
  const city = makeTrustCity();
  const empty = { id, token: Uint8Array.of(0) };
  assert.equal(city.act('rival', 'device/attest', empty), 'DEVICE_UNKNOWN');
  enrol(city, 'lamp');
  assert.equal(city.act('rival', 'device/attest', empty), 'ATTESTATION_UNASKED');
  assert.equal(demand(city), 'OK');
  assert.equal(city.act('rival', 'device/attest', empty), 'WRONG_TYPE');
  assert.equal(attest(city, { 10: 'text' }), 'WRONG_TYPE');
  assert.equal(attest(city, { 256: 7 }), 'WRONG_TYPE');
  assert.equal(attest(city, { 4: 'soon' }), 'WRONG_TYPE');
  assert.equal(attest(city, { 263: 0 }, deviceSigner('lamp')), 'SIGNATURE_INVALID', 'only an attester’s word counts');
  assert.equal(attest(city, { 263: 0 }), 'ATTESTATION_CLAIM');
  assert.equal(city.act('operator', 'device/revoke', { id, reason: 'gone' }), 'OK');
  assert.equal(city.act('rival', 'device/attest', empty), 'DEVICE_REVOKED');
  assert.equal(city.act('operator', 'model/revoke', { id: namedId('lamp'), reason: 'test' }), 'OK');
  assert.equal(city.act('rival', 'device/attest', empty), 'MODEL_REVOKED');
});

test('model/require-attestation is refused, in this order', () => {
  const city = makeTrustCity();
  const zeros = { algorithm: -8, publicKey: new Uint8Array(32) };
  const bad = { keys: [zeros], id: namedId('nothing') };
  assert.equal(demand(city, bad, 'maker'), 'NOT_AUTHORIZED', 'no maker loosens what the city asks');
  assert.equal(demand(city, bad, 'operator/1'), 'KEY_CLASS_TOO_LOW');
  assert.equal(demand(city, bad), 'MODEL_UNKNOWN');
  assert.equal(demand(city, { keys: [zeros] }), 'KEY_INVALID');
  assert.equal(city.act('operator', 'model/revoke', { id: namedId('lamp'), reason: 'test' }), 'OK');
  assert.equal(demand(city, { keys: [zeros] }), 'MODEL_REVOKED');
});
