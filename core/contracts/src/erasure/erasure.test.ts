import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LEGAL_BASES } from '@oppidum/formats/action-bodies';
import { erasureKind } from '@oppidum/formats/state-erasure';
import { at } from '@oppidum/formats/state-layout';
import { makeDeviceCity } from '../../../../test/support/devices.ts';
import { namedId } from '../../../../test/support/ledger.ts';

const body = { id: namedId('erasure'), root: namedId('root'), count: 12, legalBasis: 'consent-withdrawn' };

test('who protects data records an erasure; the record names no subject', () => {
  const city = makeDeviceCity();
  assert.equal(city.act('protector', 'erasure/record', body), 'OK');
  const { id, ...facts } = body;
  assert.deepEqual(city.read(at(erasureKind, id)), { ...facts, by: namedId('protector'), at: city.height });
  assert.deepEqual(city.event('erasure/recorded')?.get('root'), body.root);
});

test('erasure/record is refused, in this order', () => {
  const city = makeDeviceCity();
  assert.equal(city.act('operator', 'erasure/record', body), 'NOT_AUTHORIZED');
  assert.equal(city.act('protector', 'erasure/record', { ...body, count: 0 }), 'NUMBER_RANGE');
  assert.equal(city.act('protector', 'erasure/record', { ...body, legalBasis: 'whim' }), 'WRONG_TYPE');
  assert.equal(city.act('protector', 'erasure/record', body), 'OK');
  assert.equal(city.act('protector', 'erasure/record', { ...body, root: namedId('other') }), 'ERASURE_EXISTS');
  assert.deepEqual(city.read(at(erasureKind, body.id))?.root, body.root);
});

test('of several signers the one with the role is named; every legal basis is one', () => {
  const city = makeDeviceCity();
  for (const legalBasis of LEGAL_BASES) {
    const id = namedId(legalBasis);
    assert.equal(city.act(['anna', 'protector'], 'erasure/record', { ...body, id, legalBasis }), 'OK');
    assert.deepEqual(city.read(at(erasureKind, id))?.by, namedId('protector'));
  }
});
