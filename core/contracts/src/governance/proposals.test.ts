import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareBytes } from '@oppidum/formats/bytes';
import { LIMITS } from '@oppidum/formats/limits';
import { accountKind, approvalKind, proposalKind, roleKind } from '@oppidum/formats/state-governance';
import { at } from '@oppidum/formats/state-layout';
import type { Action } from '@oppidum/formats/transaction';
import { makeCity, namedId, publicKeyOf, type TestCity } from '../../../../test/support/ledger.ts';
import { namedSigner } from '../../../../test/support/signers.ts';
import { PARAMETERS } from './parameters.ts';

const council = namedId('council');
const id = namedId('p');
const members = (...names: string[]) => names.map(namedId).sort(compareBytes);
const close = (city: TestCity, name: string) => city.action('account/close', { account: namedId(name) });

function propose(city: TestCity, by: string | readonly string[], actions: readonly Action[], changes: object = {}) {
  return city.act(by, 'proposal/create', {
    id,
    body: council,
    actions: [...actions],
    expiresMs: city.timeMs + 60_000,
    ...changes,
  });
}
const approve = (city: TestCity, by: string | readonly string[]) => city.act(by, 'proposal/approve', { id });
const isClosed = (city: TestCity, name: string) => city.read(at(accountKind, namedId(name)))?.to !== undefined;

test('a proposal waits for its threshold, then runs at once', () => {
  const city = makeCity();
  const actions = [close(city, 'operator'), city.action('role/grant', { account: namedId('clara'), role: 'operator' })];
  assert.equal(propose(city, 'anna', actions), 'OK');
  assert.deepEqual(city.event('proposal/created')?.get('proposer'), namedId('anna'));
  assert.equal(isClosed(city, 'operator'), false);
  assert.equal(city.read(at(proposalKind, id))?.approvalCount, 1);
  assert.equal(approve(city, 'clara'), 'OK');
  assert.deepEqual(
    city.events.map(({ kind }) => kind),
    ['proposal/approved', 'proposal/executed', 'account/closed', 'role/granted'],
  );
  assert.equal(isClosed(city, 'operator'), true);
  assert.equal(city.scan(roleKind, namedId('clara')).length, 1);
  assert.equal(city.read(at(proposalKind, id))?.executed, true);
  assert.equal(city.scan(approvalKind, id).length, 2);
});

test('a threshold of one executes at creation', () => {
  const city = makeCity({ bodies: { council: { threshold: 1, members: ['anna'] } } });
  assert.equal(propose(city, 'anna', [close(city, 'clara')]), 'OK');
  assert.equal(isClosed(city, 'clara'), true);
});

test('members who sign together approve together', () => {
  const city = makeCity();
  assert.equal(propose(city, ['anna', 'ben'], [close(city, 'operator')]), 'OK');
  assert.equal(isClosed(city, 'operator'), true);
});

test('a stranger or an everyday key beside members adds nothing', () => {
  const city = makeCity();
  assert.equal(propose(city, ['anna/1', 'ben', 'registrar'], [close(city, 'operator')]), 'OK');
  assert.equal(city.read(at(proposalKind, id))?.approvalCount, 1);
  assert.deepEqual(city.read(at(proposalKind, id))?.proposer, namedId('ben'));
});

test('proposal/create is refused, in this order', () => {
  const city = makeCity();
  const none: Action[] = [{ kind: 'no/such', body: new Map() }];
  const past = { expiresMs: city.timeMs };
  const lifetimeMsMax = PARAMETERS['governance/proposal-lifetime-max-ms'].initial;
  assert.equal(propose(city, 'registrar', none, { ...past, body: namedId('none') }), 'BODY_UNKNOWN');
  assert.equal(propose(city, 'registrar', none, past), 'NOT_AUTHORIZED');
  assert.equal(propose(city, 'anna/1', none, past), 'KEY_CLASS_TOO_LOW');
  assert.equal(propose(city, 'anna', none, past), 'EXPIRED');
  assert.equal(propose(city, 'anna', none, { expiresMs: city.timeMs + lifetimeMsMax + 1_001 }), 'PROPOSAL_TOO_LONG');
  assert.equal(propose(city, 'anna', none), 'ACTION_UNKNOWN');
  assert.equal(propose(city, 'anna', [close(city, 'ben'), city.action('proposal/withdraw', { id })]), 'PROPOSAL_NESTED');
  assert.equal(propose(city, 'anna', [city.action('account/close', new Map())]), 'MISSING_FIELD');
  assert.equal(city.read(at(proposalKind, id)), null);
  assert.equal(propose(city, 'anna', [close(city, 'operator')], { expiresMs: city.timeMs + lifetimeMsMax + 1_000 }), 'OK');
  assert.equal(propose(city, 'registrar', none), 'PROPOSAL_EXISTS');
});

test('a proposal holds 1 to 64 actions and at most 65,000 bytes of them', () => {
  const city = makeCity();
  assert.equal(propose(city, 'anna', []), 'LENGTH_WRONG');
  assert.equal(propose(city, 'anna', Array(65).fill(close(city, 'operator'))), 'LENGTH_WRONG');
  // One action is [kind, {policy: bytes}]: 14 + 1 + 6 + 1 bytes of names and 4 of heads besides the policy's own head of 3.
  const policy = (size: number) => city.action('policy/change', { policy: new Uint8Array(size) });
  const overhead = 30;
  const fits = [
    policy(LIMITS.policyChangeSizeMax),
    policy(LIMITS.proposalActionsSizeMax - LIMITS.policyChangeSizeMax - 2 * overhead),
  ];
  const over = [policy(LIMITS.policyChangeSizeMax), policy(LIMITS.proposalActionsSizeMax - LIMITS.policyChangeSizeMax)];
  assert.equal(propose(city, 'anna', over), 'TOO_LARGE');
  assert.equal(propose(city, 'anna', fits), 'OK');
});

test('proposal/approve is refused, in this order', () => {
  const city = makeCity();
  assert.equal(approve(city, 'registrar'), 'PROPOSAL_UNKNOWN');
  assert.equal(propose(city, 'anna', [close(city, 'operator')]), 'OK');
  assert.equal(approve(city, 'registrar'), 'NOT_AUTHORIZED');
  assert.equal(approve(city, 'anna/1'), 'KEY_CLASS_TOO_LOW');
  assert.equal(approve(city, 'anna'), 'ALREADY_APPROVED');
  assert.equal(approve(city, 'ben'), 'OK');
  assert.equal(approve(city, 'clara'), 'PROPOSAL_CLOSED');
});

test('after its time a proposal is neither approved nor withdrawn', () => {
  const city = makeCity();
  assert.equal(propose(city, 'anna', [close(city, 'operator')], { expiresMs: city.timeMs + 3_000 }), 'OK');
  city.block();
  assert.equal(approve(city, 'registrar'), 'PROPOSAL_EXPIRED', 'at the very millisecond');
  assert.equal(city.act('anna', 'proposal/withdraw', { id }), 'PROPOSAL_EXPIRED');
});

test('only the proposer withdraws, by a full key; a withdrawn proposal stays so', () => {
  const city = makeCity();
  assert.equal(city.act('anna', 'proposal/withdraw', { id }), 'PROPOSAL_UNKNOWN');
  assert.equal(propose(city, 'anna', [close(city, 'operator')]), 'OK');
  assert.equal(city.act('ben', 'proposal/withdraw', { id }), 'NOT_AUTHORIZED');
  assert.equal(city.act('anna/1', 'proposal/withdraw', { id }), 'KEY_CLASS_TOO_LOW');
  assert.equal(city.act('anna', 'proposal/withdraw', { id }), 'OK');
  assert.equal(approve(city, 'ben'), 'PROPOSAL_CLOSED');
  assert.equal(city.act('anna', 'proposal/withdraw', { id }), 'PROPOSAL_CLOSED');
});

test('an approval of somebody who is no member any more does not count', () => {
  const city = makeCity({ bodies: { council: { threshold: 2, members: ['anna', 'ben', 'clara', 'operator'] } } });
  assert.equal(propose(city, 'clara', [close(city, 'registrar')]), 'OK');
  assert.equal(city.decide('body/change', { id: council, threshold: 2, members: members('anna', 'ben', 'operator') }), 'OK');
  assert.equal(approve(city, 'ben'), 'OK');
  assert.equal(isClosed(city, 'registrar'), false, 'one approval counts');
  assert.equal(approve(city, 'anna'), 'OK');
  assert.equal(isClosed(city, 'registrar'), true);
});

test('nor one of a closed account, which still is a listed member', () => {
  const city = makeCity();
  assert.equal(propose(city, 'clara', [close(city, 'registrar')]), 'OK');
  assert.equal(city.decide('account/close', { account: namedId('clara') }), 'OK');
  assert.equal(approve(city, 'ben'), 'OK');
  assert.equal(isClosed(city, 'registrar'), false);
});

test('nor one by a key that was retired since: whoever stole it approved nothing, and its owner may approve anew', () => {
  const city = makeCity();
  assert.equal(propose(city, 'clara', [close(city, 'registrar')]), 'OK');
  const fresh = { account: namedId('clara'), key: publicKeyOf(namedSigner('clara/1')), class: 'full' };
  assert.equal(city.act('clara', 'account/add-key', fresh), 'OK');
  assert.equal(city.act('clara/1', 'account/retire-key', { account: namedId('clara'), keyNumber: 0 }), 'OK');
  assert.equal(approve(city, 'ben'), 'OK');
  assert.equal(isClosed(city, 'registrar'), false, 'one approval stands');
  assert.equal(approve(city, 'clara/1'), 'OK');
  assert.equal(isClosed(city, 'registrar'), true);
});

test('nor one from before its member left and came back', () => {
  const city = makeCity({ bodies: { council: { threshold: 2, members: ['anna', 'ben', 'clara', 'operator'] } } });
  assert.equal(propose(city, 'clara', [close(city, 'registrar')]), 'OK');
  for (const names of [
    ['anna', 'ben', 'operator'],
    ['anna', 'ben', 'clara', 'operator'],
  ])
    assert.equal(city.decide('body/change', { id: council, threshold: 2, members: members(...names) }), 'OK');
  assert.equal(approve(city, 'ben'), 'OK');
  assert.equal(isClosed(city, 'registrar'), false, 'one approval stands');
  assert.equal(approve(city, 'clara'), 'OK');
  assert.equal(isClosed(city, 'registrar'), true);
});

test('the threshold is that of the moment of counting', () => {
  const city = makeCity();
  assert.equal(propose(city, 'clara', [close(city, 'registrar')]), 'OK');
  assert.equal(city.decide('body/change', { id: council, threshold: 3, members: members('anna', 'ben', 'clara') }), 'OK');
  assert.equal(approve(city, 'ben'), 'OK');
  assert.equal(isClosed(city, 'registrar'), false);
  assert.equal(approve(city, 'anna'), 'OK');
  assert.equal(isClosed(city, 'registrar'), true);
});

test('what its actions refuse is the answer to the approval, and undoes it; later it may succeed', () => {
  const city = makeCity();
  const dora = namedId('dora');
  const create = { id: dora, holder: 'person', key: publicKeyOf(namedSigner('dora/0')), class: 'full' };
  assert.equal(propose(city, 'anna', [close(city, 'operator'), close(city, 'dora')]), 'OK');
  assert.equal(approve(city, 'ben'), 'ACCOUNT_UNKNOWN');
  assert.equal(isClosed(city, 'operator'), false);
  assert.equal(city.read(at(proposalKind, id))?.approvalCount, 1);
  assert.equal(city.read(at(approvalKind, id, namedId('ben'))), null);
  assert.equal(city.act('registrar', 'account/create', create), 'OK');
  assert.equal(approve(city, 'ben'), 'OK');
  assert.equal(isClosed(city, 'dora'), true);
});

test('an action that needs a role does not run on the authority of a body', () => {
  const city = makeCity();
  const create = { id: namedId('dora'), holder: 'person', key: publicKeyOf(namedSigner('dora/0')), class: 'full' };
  assert.equal(city.decide('account/create', create), 'NOT_AUTHORIZED');
});
