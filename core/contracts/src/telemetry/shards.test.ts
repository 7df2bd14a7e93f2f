import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at } from '@oppidum/formats/state-layout';
import { shardKind, shardNumberKind } from '@oppidum/formats/state-telemetry';
import { makeDeviceCity, newShard, TestShard } from '../../../../test/support/devices.ts';
import { namedId, type TestCity } from '../../../../test/support/ledger.ts';
import { namedSigner } from '../../../../test/support/signers.ts';

const declare = (city: TestCity, body: object, by = 'operator') => city.act(by, 'shard/declare', body);
const retire = (city: TestCity, shard: Uint8Array, by = 'operator') =>
  city.act(by, 'shard/retire', { id: shard, reason: 'moved' });

test('the operator declares a shard; its origin follows from city and number', () => {
  const city = makeDeviceCity();
  const { id, ...body } = newShard(3);
  assert.equal(declare(city, { id, ...body }), 'OK');
  const origin = `test.oppidum.example/${Buffer.from(city.rules.genesis).toString('hex')}/shard-3`;
  assert.deepEqual(city.read(at(shardKind, id)), { ...body, origin, status: 'active', from: city.height });
  assert.deepEqual(city.read(at(shardNumberKind, 3)), { shard: id });
  assert.equal(city.event('shard/declared')?.get('number'), 3);
});

test('shard/declare is refused, in this order', () => {
  const city = makeDeviceCity();
  assert.equal(declare(city, newShard(0)), 'OK');
  const nobody = { operator: namedId('nobody'), logKey: new Uint8Array(32) };
  assert.equal(declare(city, newShard(0, nobody), 'telemetry'), 'NOT_AUTHORIZED');
  assert.equal(declare(city, newShard(0, nobody), 'operator/1'), 'KEY_CLASS_TOO_LOW');
  assert.equal(declare(city, newShard(0, { ...nobody, number: 1 })), 'SHARD_EXISTS', 'its id');
  assert.equal(declare(city, newShard(0, { ...nobody, id: namedId('fresh') })), 'SHARD_EXISTS', 'its number');
  assert.equal(declare(city, newShard(1, nobody)), 'ACCOUNT_UNKNOWN');
  assert.equal(city.decide('account/close', { account: namedId('clara') }), 'OK');
  assert.equal(declare(city, newShard(1, { ...nobody, operator: namedId('clara') })), 'ACCOUNT_CLOSED');
  assert.equal(declare(city, newShard(1, { logKey: new Uint8Array(32) })), 'KEY_INVALID');
  assert.equal(declare(city, newShard(1, { receiptKey: new Uint8Array(32) })), 'KEY_INVALID');
  const { logKey, receiptKey } = newShard(1);
  const taken = newShard(0);
  const twice = [{ receiptKey: logKey }, { logKey: receiptKey }, { logKey: taken.logKey }, { logKey: taken.receiptKey }];
  for (const keys of [...twice, { receiptKey: taken.logKey }, { receiptKey: taken.receiptKey }])
    assert.equal(declare(city, newShard(1, keys)), 'KEY_IN_USE');
  assert.equal(declare(city, newShard(1)), 'OK');
});

test('a retired shard anchors no more, and neither its number nor its keys come back', () => {
  const city = makeDeviceCity();
  const shard = new TestShard(city);
  shard.keep(namedId('entry'));
  assert.equal(shard.anchor(), 'OK');
  assert.equal(retire(city, shard.id), 'OK');
  assert.equal(city.read(at(shardKind, shard.id))?.to, city.height);
  assert.equal(city.event('shard/retired')?.get('reason'), 'moved');
  shard.keep(namedId('another'));
  assert.equal(shard.anchor(), 'SHARD_RETIRED');
  assert.equal(declare(city, newShard(0, { id: namedId('fresh') })), 'SHARD_EXISTS');
  assert.equal(declare(city, newShard(1, { logKey: namedSigner('shard 0 log').publicKey })), 'KEY_IN_USE');
});

test('shard/retire is refused, in this order', () => {
  const city = makeDeviceCity();
  const shard = new TestShard(city);
  assert.equal(retire(city, namedId('nothing'), 'telemetry'), 'NOT_AUTHORIZED', 'not by who runs it');
  assert.equal(retire(city, namedId('nothing'), 'operator/1'), 'KEY_CLASS_TOO_LOW');
  assert.equal(retire(city, namedId('nothing')), 'SHARD_UNKNOWN');
  assert.equal(retire(city, shard.id), 'OK');
  assert.equal(retire(city, shard.id), 'SHARD_RETIRED');
});
