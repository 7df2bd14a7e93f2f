import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Bytes, compareBytes, encodeUtf8 } from '@oppidum/formats/bytes';
import { LIMITS } from '@oppidum/formats/limits';
import { at } from '@oppidum/formats/state-layout';
import {
  deviceZoneKind,
  zoneDocumentKind,
  zoneEnvelopeKind,
  zoneKeysKind,
  zoneKind,
  zoneModelKind,
} from '@oppidum/formats/state-orders';
import { encodeKeySet, encodeZoneDocument, type KeySet, type ZoneDocument } from '@oppidum/formats/zone-statements';
import { viewOf } from '../../../../test/support/city-view.ts';
import { nodeCrypto } from '../../../../test/support/crypto.ts';
import { deviceId, deviceSigner, enrol, makeDeviceCity, newModel } from '../../../../test/support/devices.ts';
import { namedId, type TestCity } from '../../../../test/support/ledger.ts';
import { newKeySet, signAs } from '../../../../test/support/orders.ts';
import { namedSigner } from '../../../../test/support/signers.ts';
import {
  approve,
  GATES,
  gateOrder,
  HOLDERS,
  issue,
  makeZoneCity,
  newZone,
  nextEnvelope,
  openingOrder,
  signedOrder,
} from '../../../../test/support/zones.ts';
import { lookupIn, readDocument } from '../domains/domain.ts';
import { registryWith } from '../registry.ts';

const zone = namedId('zone');
const emptyCity = () => makeDeviceCity(1, {}, registryWith(lookupIn([GATES])));
const NEXT_HOLDERS = ['ben', 'clara', 'dora'];

function replacement(city: TestCity, changes: Partial<KeySet> = {}, by: readonly string[] = ['anna', 'ben']) {
  const keySet = encodeKeySet(newKeySet(city.rules.genesis, NEXT_HOLDERS, { version: 2, ...changes }));
  const envelope = city.read(at(zoneEnvelopeKind, zone, city.read(at(zoneKind, zone))!.envelope))!.statement;
  return {
    zone,
    keySet,
    signatures: signAs('keys', keySet, HOLDERS, by),
    envelopeSignatures: signAs('envelope', envelope, NEXT_HOLDERS, ['ben', 'dora']),
  };
}

function planOf(city: TestCity, changes: Partial<ZoneDocument> = {}, by: readonly string[] = ['anna', 'ben']) {
  const plan = { city: city.rules.genesis, zone, name: 'plan', version: 1, body: Uint8Array.of(1, 2) };
  const document = encodeZoneDocument({ ...plan, ...changes });
  return { zone, document, signatures: signAs('document', document, HOLDERS, by) };
}

test('a zone begins with its key set, and an envelope that its keys signed', () => {
  const city = emptyCity();
  const body = newZone(city);
  assert.equal(city.act('operator', 'zone/create', body), 'OK');
  const from = city.height;
  const record = { name: 'Harbour gates', domain: 'gates', keys: 1, envelope: 1, deviceCount: 0, from };
  assert.deepEqual(city.read(at(zoneKind, zone)), record);
  assert.deepEqual(city.read(at(zoneKeysKind, zone, 1)), { statement: body.keySet, from });
  const envelope = { statement: body.envelope, signatures: body.signatures, from };
  assert.deepEqual(city.read(at(zoneEnvelopeKind, zone, 1)), envelope);
  assert.equal(city.event('zone/created')?.get('domain'), 'gates');
});

test('the council creates one, too', () => {
  const city = emptyCity();
  assert.equal(city.decide('zone/create', newZone(city)), 'OK');
});

test('zone/create is refused, in this order', () => {
  const city = emptyCity();
  const create = (changes: object = {}, by = 'operator') => city.act(by, 'zone/create', { ...newZone(city), ...changes });
  const withKeys = (keySet: Partial<KeySet>) => create(newZone(city, { keySet }));
  const withEnvelope = (envelope: object) => create(newZone(city, { envelope }));
  assert.equal(create({}, 'rival'), 'NOT_AUTHORIZED');
  assert.equal(create({}, 'operator/1'), 'KEY_CLASS_TOO_LOW');
  assert.equal(create({ domain: 'toString' }), 'DOMAIN_UNKNOWN');
  assert.equal(create({ keySet: new Uint8Array(1) }), 'WRONG_TYPE');
  assert.equal(withKeys({ threshold: 3 }), 'KEY_SET_THRESHOLD');
  assert.equal(withKeys({ city: namedId('other') }), 'WRONG_CITY');
  assert.equal(withKeys({ zone: namedId('other') }), 'ZONE_FOREIGN');
  assert.equal(withKeys({ version: 2 }), 'VERSION_NOT_NEXT');
  const keys = newKeySet(city.rules.genesis, HOLDERS).keys;
  const withKey = (key: Bytes) => withKeys({ keys: [...keys, key].sort(compareBytes) });
  assert.equal(withKey(namedSigner('operator/0').publicKey), 'KEY_IN_USE', 'the account that signs this');
  enrol(city, 'lamp');
  assert.equal(withKey(deviceSigner('lamp').publicKey), 'KEY_IN_USE', 'a device');
  assert.equal(create({ envelope: new Uint8Array(1) }), 'WRONG_TYPE');
  assert.equal(withEnvelope({ city: namedId('other') }), 'WRONG_CITY');
  assert.equal(withEnvelope({ zone: namedId('other') }), 'ZONE_FOREIGN');
  assert.equal(withEnvelope({ version: 2, previous: namedId('one') }), 'VERSION_NOT_NEXT');
  const { envelope } = newZone(city);
  assert.equal(create({ signatures: signAs('envelope', envelope, HOLDERS, ['anna']) }), 'SIGNATURES_FEW');
  assert.equal(create({ signatures: signAs('keys', envelope, HOLDERS) }), 'SIGNATURE_INVALID');
  assert.equal(create({ signatures: [{ key: 7, signature: new Uint8Array(64) }] }), 'KEY_UNKNOWN');
  assert.equal(withEnvelope({ dangerous: ['gate/move', 'gate/sing'] }), 'COMMAND_UNKNOWN');
  assert.equal(withEnvelope({ dangerous: [] }), 'DANGER_UNDECLARED');
  assert.equal(withEnvelope({ safe: [{ command: 'gate/lamp', arguments: [{}] }] }), 'DIRECTION_UNSAFE');
  const forbidden = { rules: [{ name: 'never', command: 'gate/move', arguments: [{}] }] };
  assert.equal(withEnvelope(forbidden), 'ENVELOPE_CONTRADICTS', 'what is safe is not forbidden');
  assert.equal(create(), 'OK');
  assert.equal(create(), 'ZONE_EXISTS');
});

test('devices join one zone, are counted by model, and leave it', () => {
  const city = makeZoneCity();
  enrol(city, 'other', 'copy', 'rival');
  const add = (devices: readonly Bytes[], by = 'operator') => city.act(by, 'zone/add-devices', { zone, devices });
  const remove = (devices: readonly Bytes[], by = 'operator') => city.act(by, 'zone/remove-devices', { zone, devices });
  const [lamp, other] = [deviceId('lamp'), deviceId('other')];
  assert.equal(add([other], 'operator/1'), 'KEY_CLASS_TOO_LOW');
  assert.equal(city.act('operator', 'zone/add-devices', { zone: namedId('other'), devices: [other] }), 'ZONE_UNKNOWN');
  assert.equal(add([namedId('nobody')]), 'DEVICE_UNKNOWN');
  assert.equal(add([lamp]), 'DEVICE_IN_ZONE');
  assert.equal(add([other]), 'OK');
  assert.equal(city.read(at(zoneKind, zone))?.deviceCount, 3);
  assert.deepEqual(city.read(at(zoneModelKind, zone, namedId('copy'))), { count: 1 });
  assert.deepEqual(city.read(at(zoneModelKind, zone, namedId('lamp'))), { count: 2 });
  assert.equal(remove([other], 'rival'), 'NOT_AUTHORIZED');
  assert.equal(remove([namedId('nobody')]), 'DEVICE_NOT_IN_ZONE');
  assert.equal(remove([other]), 'OK');
  assert.equal(city.read(at(zoneModelKind, zone, namedId('copy'))), null);
  assert.equal(city.read(at(deviceZoneKind, other)), null);
  assert.equal(city.act('operator', 'device/revoke', { id: other, reason: 'test' }), 'OK');
  assert.equal(add([other]), 'DEVICE_REVOKED');
});

test('a zone takes devices of 32 models and no more', () => {
  const city = makeZoneCity();
  const names = Array.from({ length: LIMITS.zoneModelCountMax }, (_, i) => `model ${i}`);
  for (const name of names) {
    assert.equal(city.act('maker', 'model/create', newModel(name, 'works')), 'OK');
    enrol(city, `device of ${name}`, name);
  }
  const devices = names.map((name) => deviceId(`device of ${name}`)).sort(compareBytes);
  assert.equal(city.act('operator', 'zone/add-devices', { zone, devices }), 'ZONE_FULL');
  assert.equal(city.act('operator', 'zone/add-devices', { zone, devices: devices.slice(1) }), 'OK');
});

test('keys are replaced under the old ones, and the new ones sign the envelope in force', () => {
  const city = makeZoneCity();
  const before = openingOrder(city);
  assert.equal(issue(city, before), 'OK');
  const body = replacement(city);
  assert.equal(city.act('operator', 'zone/replace-keys', body), 'OK');
  assert.equal(city.read(at(zoneKind, zone))?.keys, 2);
  assert.deepEqual(city.read(at(zoneKeysKind, zone, 2))?.signatures, body.signatures);
  assert.deepEqual(city.read(at(zoneEnvelopeKind, zone, 1))?.signatures, body.envelopeSignatures);
  assert.equal(city.event('zone/keys-replaced')?.get('version'), 2);
  assert.equal(approve(city, before, ['ben']), 'ZONE_KEYS_VERSION', 'what the old keys began, the new ones do not end');
  const order = gateOrder(city, { keys: 2 });
  const { statement } = signedOrder(order);
  const signatures = signAs('order', statement, NEXT_HOLDERS, ['dora']);
  assert.equal(issue(city, order), 'SIGNATURE_INVALID', 'anna has gone');
  assert.equal(city.act('operator', 'order/issue', { statement, signatures }), 'OK');
});

test('zone/replace-keys is refused, in this order', () => {
  const city = makeZoneCity();
  const replace = (body: object, by = 'operator') => city.act(by, 'zone/replace-keys', body);
  assert.equal(replace(replacement(city), 'operator/1'), 'KEY_CLASS_TOO_LOW');
  assert.equal(replace({ ...replacement(city), zone: namedId('other') }), 'ZONE_UNKNOWN');
  assert.equal(replace(replacement(city, { city: namedId('other') })), 'WRONG_CITY');
  assert.equal(replace(replacement(city, { zone: namedId('other') })), 'ZONE_FOREIGN');
  assert.equal(replace(replacement(city, { version: 3 })), 'VERSION_NOT_NEXT', 'none is left out');
  assert.equal(replace(replacement(city, { version: 1 })), 'VERSION_NOT_NEXT', 'nor comes back');
  assert.equal(replace(replacement(city, {}, ['anna'])), 'SIGNATURES_FEW', 'one stolen key takes over no zone');
  const { keySet, ...rest } = replacement(city);
  const self = signAs('keys', keySet, NEXT_HOLDERS, ['ben', 'dora']);
  assert.equal(replace({ ...rest, keySet, signatures: self }), 'SIGNATURE_INVALID', 'signed by the new keys');
  const unheld = signAs('envelope', city.read(at(zoneEnvelopeKind, zone, 1))!.statement, NEXT_HOLDERS, ['ben']);
  assert.equal(replace({ ...rest, keySet, envelopeSignatures: unheld }), 'SIGNATURES_FEW', 'nobody shows to hold them');
  assert.equal(replace(replacement(city)), 'OK');
});

test('an envelope is replaced by its next version, which names the one before', () => {
  const city = makeZoneCity();
  const order = openingOrder(city);
  assert.equal(issue(city, order), 'OK');
  const set = (body: object, by = 'operator') => city.act(by, 'zone/set-envelope', body);
  assert.equal(set(nextEnvelope(city), 'rival'), 'NOT_AUTHORIZED');
  assert.equal(set({ ...nextEnvelope(city), zone: namedId('other') }), 'ZONE_UNKNOWN');
  assert.equal(set(nextEnvelope(city, { version: 3 })), 'VERSION_NOT_NEXT');
  assert.equal(set(nextEnvelope(city, { previous: namedId('another') })), 'ENVELOPE_PREVIOUS');
  assert.equal(set(nextEnvelope(city, {}, ['ben'])), 'SIGNATURES_FEW');
  assert.equal(set(nextEnvelope(city, { lifetimeMsMax: 120_000 })), 'OK');
  assert.equal(city.event('zone/envelope-set')?.get('version'), 2);
  assert.equal(approve(city, order, ['ben']), 'ZONE_ENVELOPE_VERSION');
  assert.equal(issue(city, gateOrder(city, { envelope: 2, lifetimeMs: 120_001 })), 'LIFETIME_TOO_LONG');
  assert.equal(issue(city, gateOrder(city, { envelope: 2, lifetimeMs: 120_000 })), 'OK');
});

test('an interlock holds an order when the last of its keys signs, not before', () => {
  const city = makeZoneCity();
  const rules = [{ name: 'closed for good', command: 'gate/move', arguments: [{ min: 1 }] }];
  assert.equal(city.act('operator', 'zone/set-envelope', nextEnvelope(city, { rules })), 'OK');
  const order = openingOrder(city, { envelope: 2 });
  assert.equal(issue(city, order), 'OK', 'nothing moves yet');
  assert.equal(approve(city, order, ['ben']), 'INTERLOCK_FORBIDDEN');
  assert.equal(issue(city, gateOrder(city, { envelope: 2 })), 'OK');
});

test('a document has two signatures, its domain’s form, and versions one by one', () => {
  const city = makeZoneCity();
  const set = (body: object, by = 'operator') => city.act(by, 'zone/set-document', body);
  assert.equal(set(planOf(city), 'operator/1'), 'KEY_CLASS_TOO_LOW');
  assert.equal(set({ ...planOf(city), zone: namedId('other') }), 'ZONE_UNKNOWN');
  assert.equal(set(planOf(city, { name: 'Plan' })), 'TEXT_INVALID');
  assert.equal(set(planOf(city, { name: 'constructor' })), 'DOCUMENT_UNKNOWN');
  assert.equal(set(planOf(city, { city: namedId('other') })), 'WRONG_CITY');
  assert.equal(set(planOf(city, { zone: namedId('other') })), 'ZONE_FOREIGN');
  assert.equal(set(planOf(city, { version: 2 })), 'VERSION_NOT_NEXT');
  assert.equal(set(planOf(city, {}, ['clara'])), 'SIGNATURES_FEW', 'by two different engineers');
  assert.equal(set(planOf(city, { body: encodeUtf8('2') })), 'VERSION_UNSUPPORTED', 'what its domain refuses');
  assert.equal(readDocument(viewOf(city), zone, 'plan'), null);
  assert.equal(set(planOf(city)), 'OK');
  const digest = nodeCrypto.sha256(planOf(city).document);
  const record = city.read(at(zoneDocumentKind, zone, nodeCrypto.sha256(encodeUtf8('plan'))));
  assert.deepEqual([record?.version, record?.digest, record?.keys], [1, digest, 1]);
  assert.deepEqual(city.event('zone/document-set')?.get('digest'), digest);
  assert.equal(set(planOf(city)), 'VERSION_NOT_NEXT');
  assert.equal(set(planOf(city, { version: 2, body: Uint8Array.of(1, 3) })), 'OK');
  assert.deepEqual(readDocument(viewOf(city), zone, 'plan')?.body, Uint8Array.of(1, 3));
});
