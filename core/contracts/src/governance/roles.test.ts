import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeCity, namedId, publicKeyOf } from '../../../../test/support/ledger.ts';
import { namedSigner } from '../../../../test/support/signers.ts';

const newcomer = (name: string) => ({
  id: namedId(name),
  holder: 'person',
  key: publicKeyOf(namedSigner(`${name}/0`)),
  class: 'full',
});

test('a role granted is a right, a role revoked is none', () => {
  const city = makeCity();
  const account = namedId('ben');
  assert.equal(city.act('ben', 'account/create', newcomer('dora')), 'NOT_AUTHORIZED');
  assert.equal(city.decide('role/grant', { account, role: 'registrar' }), 'OK');
  assert.equal(city.event('role/granted')?.get('role'), 'registrar');
  assert.equal(city.act('ben', 'account/create', newcomer('dora')), 'OK');
  assert.equal(city.decide('role/revoke', { account, role: 'registrar' }), 'OK');
  assert.equal(city.act('ben', 'account/create', newcomer('emil')), 'NOT_AUTHORIZED');
});

test('role/grant is refused, in this order', () => {
  const city = makeCity();
  const account = namedId('clara');
  assert.equal(city.act('anna', 'role/grant', { account, role: 'registrar' }), 'PROPOSAL_REQUIRED');
  assert.equal(city.decide('role/grant', { account: namedId('nobody'), role: 'king' }), 'ROLE_UNKNOWN');
  assert.equal(city.decide('role/grant', { account: namedId('nobody'), role: 'operator' }), 'ACCOUNT_UNKNOWN');
  assert.equal(city.decide('role/grant', { account: namedId('operator'), role: 'operator' }), 'ROLE_HELD');
  assert.equal(city.decide('account/close', { account }), 'OK');
  assert.equal(city.decide('role/grant', { account, role: 'operator' }), 'ACCOUNT_CLOSED');
});

test('role/revoke is refused, in this order', () => {
  const city = makeCity();
  assert.equal(city.act('anna', 'role/revoke', { account: namedId('operator'), role: 'operator' }), 'PROPOSAL_REQUIRED');
  assert.equal(city.decide('role/revoke', { account: namedId('clara'), role: 'king' }), 'ROLE_UNKNOWN');
  assert.equal(city.decide('role/revoke', { account: namedId('clara'), role: 'operator' }), 'ROLE_NOT_HELD');
});
