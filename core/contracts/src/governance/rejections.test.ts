import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareBytes } from '@oppidum/formats/bytes';
import { approvalKind, proposalKind, rejectionKind } from '@oppidum/formats/state-governance';
import { at } from '@oppidum/formats/state-layout';
import {
  makeCity as makeAnyCity,
  namedId,
  publicKeyOf,
  type TestCity,
  type TestCityOptions,
} from '../../../../test/support/ledger.ts';
import { namedSigner } from '../../../../test/support/signers.ts';
import { TRUSTEES_SINCE } from './trustees.ts';

const makeCity = (options: TestCityOptions = {}): TestCity => makeAnyCity({ rulesVersion: TRUSTEES_SINCE, ...options });
const id = namedId('p');
const council = namedId('council');
const reason = 'not at this price';

/** anna proposes that the operator's account be closed. The council is of anna, ben and clara, and two decide. */
function proposed(options: TestCityOptions = {}): TestCity {
  const city = makeCity(options);
  const actions = [city.action('account/close', { account: namedId('operator') })];
  const body = { id, body: council, actions, expiresMs: city.timeMs + 60_000 };
  assert.equal(city.act('anna', 'proposal/create', body), 'OK');
  return city;
}
const approve = (city: TestCity, by: string | readonly string[]) => city.act(by, 'proposal/approve', { id });
const rejects = (city: TestCity, by: string | readonly string[]) => city.act(by, 'proposal/reject', { id, reason });
const proposalOf = (city: TestCity) => city.read(at(proposalKind, id));

test('a rejection is kept with its reason; the one that leaves too few to approve ends the proposal', () => {
  const city = proposed();
  assert.equal(rejects(city, 'ben'), 'OK');
  assert.deepEqual(city.read(at(rejectionKind, id, namedId('ben'))), { at: 2, keyNumber: 0, reason });
  assert.equal(proposalOf(city)?.rejected, undefined);
  assert.equal(rejects(city, 'clara'), 'OK');
  assert.deepEqual(
    city.events.map(({ kind }) => kind),
    ['proposal/rejected', 'proposal/failed'],
  );
  assert.equal(proposalOf(city)?.rejected, 3);
  assert.equal(proposalOf(city)?.executed, false);
});

test('what was rejected stays so; its id is used up, and the same may be proposed again under another', () => {
  const city = proposed();
  assert.equal(rejects(city, ['ben', 'clara']), 'OK', 'together, for one reason');
  assert.equal(approve(city, 'ben'), 'PROPOSAL_CLOSED');
  assert.equal(city.details['rejected'], 2);
  assert.equal(rejects(city, 'anna'), 'PROPOSAL_CLOSED');
  assert.equal(city.act('anna', 'proposal/withdraw', { id }), 'PROPOSAL_CLOSED');
  const actions = [city.action('account/close', { account: namedId('operator') })];
  const again = { id, body: council, actions, expiresMs: city.timeMs + 60_000 };
  assert.equal(city.act('anna', 'proposal/create', again), 'PROPOSAL_EXISTS');
  assert.equal(city.act('anna', 'proposal/create', { ...again, id: namedId('q') }), 'OK');
  assert.equal(city.act('ben', 'proposal/approve', { id: namedId('q') }), 'OK');
});

test('proposal/reject is refused, in this order', () => {
  const city = makeCity();
  assert.equal(rejects(city, 'anna'), 'PROPOSAL_UNKNOWN');
  const waiting = proposed();
  assert.equal(rejects(waiting, 'registrar'), 'NOT_AUTHORIZED');
  assert.equal(rejects(waiting, 'anna/1'), 'KEY_CLASS_TOO_LOW');
  assert.equal(rejects(waiting, 'ben'), 'OK');
  assert.equal(rejects(waiting, 'ben'), 'ALREADY_REJECTED');
  assert.equal(rejects(waiting, ['ben', 'anna/1']), 'ALREADY_REJECTED', 'an everyday key beside adds nothing');
  const late = proposed();
  late.block([], late.timeMs + 60_000);
  assert.equal(rejects(late, 'registrar'), 'PROPOSAL_EXPIRED');
  const done = proposed();
  assert.equal(approve(done, 'ben'), 'OK');
  assert.equal(rejects(done, 'registrar'), 'PROPOSAL_CLOSED');
});

test('each member has one word, the last: who rejects approves no more, and the other way round', () => {
  const city = proposed();
  assert.equal(rejects(city, 'anna'), 'OK', 'the proposer, too');
  assert.equal(city.read(at(approvalKind, id, namedId('anna'))), null);
  assert.equal(proposalOf(city)?.approvalCount, 0);
  assert.equal(approve(city, 'ben'), 'OK');
  assert.equal(proposalOf(city)?.executed, false, 'the approval that was taken back does not count');
  assert.equal(approve(city, 'anna'), 'OK');
  assert.equal(city.read(at(rejectionKind, id, namedId('anna'))), null);
  assert.equal(proposalOf(city)?.executed, true);
  assert.equal(proposalOf(city)?.approvalCount, 2);
});

test('a rejection by a key that was retired counts no more, and its owner may reject anew', () => {
  const city = proposed({
    accounts: { anna: {}, ben: { keyClasses: ['full', 'full'] }, clara: {}, operator: {}, registrar: { roles: ['registrar'] } },
  });
  assert.equal(rejects(city, 'ben/1'), 'OK');
  assert.equal(city.act('ben', 'account/retire-key', { account: namedId('ben'), keyNumber: 1 }), 'OK');
  assert.equal(rejects(city, 'clara'), 'OK');
  assert.equal(proposalOf(city)?.rejected, undefined);
  assert.equal(rejects(city, 'ben'), 'OK');
  assert.equal(proposalOf(city)?.rejected, city.height);
});

test('who approves anew by another key is one approval all the same, and none once it is taken back', () => {
  for (const [rulesVersion, want] of [
    [1, [1, 2, 3]],
    [TRUSTEES_SINCE, [1, 1, 1]],
  ] as const) {
    const city = proposed({
      rulesVersion,
      accounts: { anna: { keyClasses: ['full', 'full', 'full'] }, ben: {}, clara: {}, operator: {} },
    });
    const counts = [proposalOf(city)?.approvalCount];
    for (const keyNumber of [0, 1]) {
      const by = `anna/${keyNumber + 1}`;
      assert.equal(city.act(by, 'account/retire-key', { account: namedId('anna'), keyNumber }), 'OK');
      assert.equal(approve(city, by), 'OK');
      counts.push(proposalOf(city)?.approvalCount);
    }
    assert.deepEqual(counts, want, `by version ${rulesVersion}`);
    if (rulesVersion === 1) continue;
    assert.equal(rejects(city, 'anna/2'), 'OK');
    assert.equal(proposalOf(city)?.approvalCount, 0);
  }
});

test('members and threshold are those of the moment: who left is not counted, who came back says it again', () => {
  const city = proposed();
  const change = (threshold: number, ...names: string[]) =>
    city.decide('body/change', { id: council, threshold, members: names.map(namedId).sort(compareBytes) });
  assert.equal(rejects(city, 'clara'), 'OK');
  assert.equal(change(2, 'anna', 'ben', 'operator'), 'OK');
  assert.equal(rejects(city, 'clara'), 'NOT_AUTHORIZED');
  assert.equal(rejects(city, 'operator'), 'OK');
  assert.equal(proposalOf(city)?.rejected, undefined, 'one of three');
  assert.equal(change(2, 'anna', 'ben', 'clara'), 'OK');
  assert.equal(rejects(city, 'clara'), 'OK', 'the rejection from before does not stand any more');
  assert.equal(proposalOf(city)?.rejected, undefined);
  assert.equal(rejects(city, 'ben'), 'OK');
  assert.equal(proposalOf(city)?.rejected, city.height);
});

test('where one alone decides, all have to reject', () => {
  const city = makeCity({
    bodies: { council: { threshold: 2, members: ['anna', 'ben'] }, board: { threshold: 1, members: ['anna', 'ben'] } },
  });
  const close = { id: namedId('dora'), holder: 'person', key: publicKeyOf(namedSigner('dora/0')), class: 'full' };
  const body = { id, body: namedId('board'), actions: [city.action('account/create', close)], expiresMs: city.timeMs + 60_000 };
  assert.equal(city.act('anna', 'proposal/create', body), 'NOT_AUTHORIZED', 'decided at once, and refused by what it would do');
  const two = { ...body, body: council };
  assert.equal(city.act('anna', 'proposal/create', two), 'OK');
  assert.equal(rejects(city, 'ben'), 'OK');
  assert.equal(proposalOf(city)?.rejected, city.height, 'of two that both have to approve, one ends it');
});

test('a rejection inside a proposal is refused as any act about proposals is', () => {
  const city = makeCity();
  const actions = [city.action('proposal/reject', { id, reason })];
  const body = { id, body: council, actions, expiresMs: city.timeMs + 60_000 };
  assert.equal(city.act('anna', 'proposal/create', body), 'PROPOSAL_NESTED');
});

test('before version 2 of the rules there is no such act, nor one that appoints trustees: as in a program that knows neither', () => {
  const city = proposed({ rulesVersion: 1 });
  const leafCount = city.state.leaves.length;
  assert.equal(rejects(city, 'ben'), 'ACTION_UNKNOWN');
  assert.equal(city.act('anna', 'trustees/appoint', { body: council }), 'ACTION_UNKNOWN');
  assert.equal(city.state.leaves.length, leafCount, 'neither was admitted');
  const draft = { id: namedId('q'), body: council, expiresMs: city.timeMs + 60_000 };
  const broken = { ...draft, actions: [{ kind: 'trustees/appoint', body: new Map() }] };
  assert.equal(city.act('anna', 'proposal/create', broken), 'ACTION_UNKNOWN', 'whatever its body');
  assert.equal(city.state.leaves.length, leafCount + 2, 'a proposal of it is refused in its block');
});

test('with the block of an upgrade to version 2 members may reject what was proposed before', () => {
  const city = proposed({ rulesVersion: 1 });
  assert.equal(city.decide('upgrade/plan', { version: TRUSTEES_SINCE, height: 5 }), 'OK');
  assert.equal(rejects(city, 'ben'), 'ACTION_UNKNOWN');
  assert.equal(city.height, 4);
  assert.equal(rejects(city, 'ben'), 'OK', 'in the very block that begins with it');
  assert.equal(rejects(city, 'clara'), 'OK');
  assert.equal(proposalOf(city)?.rejected, 6);
});
