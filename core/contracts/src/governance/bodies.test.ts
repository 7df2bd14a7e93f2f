import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareBytes } from '@oppidum/formats/bytes';
import { bodyKind, memberKind } from '@oppidum/formats/state-governance';
import { at } from '@oppidum/formats/state-layout';
import { makeCity, namedId, publicKeyOf } from '../../../../test/support/ledger.ts';
import { namedSigner } from '../../../../test/support/signers.ts';

const members = (...names: string[]) => names.map(namedId).sort(compareBytes);
const council = namedId('council');

test('the council creates a body, which then decides by its own threshold', () => {
  const city = makeCity();
  const board = namedId('board');
  assert.equal(city.decide('body/create', { id: board, name: 'Board', threshold: 1, members: members('operator', 'ben') }), 'OK');
  assert.deepEqual(city.read(at(bodyKind, board)), { name: 'Board', threshold: 1, memberCount: 2 });
  assert.deepEqual(city.read(at(memberKind, board, namedId('ben'))), { from: 2 });
});

test('body/create is refused, in this order', () => {
  const city = makeCity();
  const body = { id: namedId('board'), name: 'Board', threshold: 1, members: members('anna') };
  assert.equal(city.act('anna', 'body/create', body), 'PROPOSAL_REQUIRED');
  assert.equal(city.decide('body/create', { ...body, id: council, members: members('nobody') }), 'BODY_EXISTS');
  assert.equal(city.decide('body/create', { ...body, threshold: 3, members: members('nobody', 'anna') }), 'ACCOUNT_UNKNOWN');
  assert.equal(city.decide('account/close', { account: namedId('clara') }), 'OK');
  assert.equal(city.decide('body/create', { ...body, threshold: 3, members: members('anna', 'clara') }), 'ACCOUNT_CLOSED');
  assert.equal(city.decide('body/create', { ...body, threshold: 2 }), 'GOVERNANCE_DEADLOCK');
});

test('members without a full key are not able', () => {
  const city = makeCity();
  const weak = { id: namedId('weak'), holder: 'person', key: publicKeyOf(namedSigner('weak/0')), class: 'everyday' };
  assert.equal(city.act('registrar', 'account/create', weak), 'OK');
  const body = { id: namedId('board'), name: 'Board', threshold: 2, members: members('anna', 'weak') };
  assert.equal(city.decide('body/create', body), 'GOVERNANCE_DEADLOCK');
  assert.equal(city.decide('body/create', { ...body, threshold: 1 }), 'OK');
});

test('the council renews itself; who stays keeps the height since which', () => {
  const city = makeCity();
  assert.equal(city.decide('body/change', { id: council, threshold: 1, members: members('ben', 'operator') }), 'OK');
  assert.deepEqual(city.read(at(bodyKind, council)), { name: 'council', threshold: 1, memberCount: 2 });
  assert.deepEqual(city.read(at(memberKind, council, namedId('ben'))), { from: 0 });
  assert.deepEqual(city.read(at(memberKind, council, namedId('operator'))), { from: 2 });
  assert.equal(city.read(at(memberKind, council, namedId('anna'))), null);
  assert.equal(city.decide('account/close', { account: namedId('clara') }), 'NOT_AUTHORIZED', 'anna is no member any more');
});

test('body/change is refused, in this order', () => {
  const city = makeCity();
  assert.equal(city.act('anna', 'body/change', { id: council, threshold: 1, members: members('anna') }), 'PROPOSAL_REQUIRED');
  assert.equal(city.decide('body/change', { id: namedId('none'), threshold: 1, members: members('anna') }), 'BODY_UNKNOWN');
  assert.equal(city.decide('body/change', { id: council, threshold: 1, members: members('nobody') }), 'ACCOUNT_UNKNOWN');
  assert.equal(city.decide('body/change', { id: council, threshold: 3, members: members('anna', 'ben') }), 'GOVERNANCE_DEADLOCK');
  assert.equal(city.decide('account/close', { account: namedId('clara') }), 'OK');
  assert.equal(city.decide('body/change', { id: council, threshold: 1, members: members('anna', 'clara') }), 'ACCOUNT_CLOSED');
});

test('a proposal is all or none: a deadlock in its second action undoes the first', () => {
  const city = makeCity();
  const code = city.decideAll([
    ['account/close', { account: namedId('clara') }],
    ['account/close', { account: namedId('ben') }],
  ]);
  assert.equal(code, 'GOVERNANCE_DEADLOCK');
  assert.equal(city.decide('account/close', { account: namedId('clara') }), 'OK', 'clara was not closed before');
});
