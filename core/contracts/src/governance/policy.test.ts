import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeUtf8, parseUtf8 } from '@oppidum/formats/bytes';
import { policyOfValidators } from '@oppidum/formats/city-policy';
import { encodePolicy, type Policy } from '@oppidum/formats/policy';
import { cityKind, policyEffectiveKind, policyPendingKind } from '@oppidum/formats/state-governance';
import { at } from '@oppidum/formats/state-layout';
import { makeCity, type TestCity } from '../../../../test/support/ledger.ts';
import { namedSigner } from '../../../../test/support/signers.ts';

function validators(count: number) {
  return Array.from({ length: count }, (_, i) => ({
    name: `next-${i}`,
    logKey: namedSigner(`next ${i} log`).publicKey,
    cosignerKey: namedSigner(`next ${i} cosigner`).publicKey,
  }));
}

const originOf = (city: TestCity) => city.read(at(cityKind))?.origin ?? '';
const encode = (city: TestCity, policy: Policy) => encodePolicy(city.rules.crypto, policy);
const policyOf = (city: TestCity, count: number) => encode(city, policyOfValidators(originOf(city), validators(count)));
const inForce = (city: TestCity) => city.read(at(policyEffectiveKind));
const hasWork = (city: TestCity) => city.rules.registry.hasPendingWork({ read: city.read.bind(city), height: city.height + 1 });

test('a decided policy is in force one block later, and the set it names is the one of the block after that', () => {
  const city = makeCity();
  const first = inForce(city)?.policy;
  const next = policyOf(city, 4);
  assert.equal(hasWork(city), false);
  assert.equal(city.decide('policy/change', { policy: next }), 'OK');
  assert.equal(city.height, 2);
  assert.deepEqual(inForce(city)?.policy, first);
  assert.equal(hasWork(city), true, 'a block is due even without transactions');

  const announcing = city.block();
  assert.deepEqual(inForce(city), { policy: next, from: 3 });
  assert.equal(city.read(at(policyPendingKind)), null);
  assert.equal(hasWork(city), false);
  assert.equal(announcing.blockLeaf?.count, 0);
  assert.deepEqual(announcing.blockLeaf?.validatorSetDigest, city.rules.crypto.sha256(first as Uint8Array));
  assert.equal(city.block().blockLeaf, null);
});

test('the block after the announcing one names the new set', () => {
  const city = makeCity();
  const next = policyOf(city, 4);
  assert.equal(city.decide('policy/change', { policy: next }), 'OK');
  city.block();
  const envelope = city.transaction('anna', [city.action('account/retire-key', { account: city.genesis.council, keyNumber: 0 })]);
  assert.deepEqual(city.block([envelope]).blockLeaf?.validatorSetDigest, city.rules.crypto.sha256(next));
});

test('from version 2 of the rules on the first block of a new set has a leaf, whatever happens in it', () => {
  const city = makeCity({ rulesVersion: 2 });
  assert.equal(hasWork(city), false, 'the set that genesis names cosigned genesis');
  assert.equal(city.block().blockLeaf, null);
  const next = policyOf(city, 4);
  assert.equal(city.decide('policy/change', { policy: next }), 'OK');
  city.block();
  assert.deepEqual(inForce(city), { policy: next, from: 4 });
  assert.equal(hasWork(city), true, 'the block is due even without transactions');
  const { stateRoot, logSize } = city.state;
  const { leaves, changes, blockLeaf } = city.block();
  assert.deepEqual([leaves.length, changes], [1, []]);
  const validatorSetDigest = city.rules.crypto.sha256(next);
  assert.deepEqual(blockLeaf, { height: 5, timeMs: city.timeMs, stateRoot, validatorSetDigest, firstIndex: logSize, count: 0 });
  assert.equal(hasWork(city), false);
  assert.equal(city.block().blockLeaf, null);
});

test('one change at a time', () => {
  const city = makeCity();
  const code = city.decideAll([
    ['policy/change', { policy: policyOf(city, 4) }],
    ['policy/change', { policy: policyOf(city, 7) }],
  ]);
  assert.equal(code, 'POLICY_PENDING');
  assert.equal(city.read(at(policyPendingKind)), null);
});

test('policy/change is refused with the rule it breaks', () => {
  const city = makeCity();
  const good = policyOfValidators(originOf(city), validators(4));
  const text = parseUtf8(encode(city, good));
  const decide = (policy: Uint8Array | string) =>
    city.decide('policy/change', { policy: typeof policy === 'string' ? encodeUtf8(policy) : policy });
  assert.equal(city.act('anna', 'policy/change', { policy: encodeUtf8(text) }), 'PROPOSAL_REQUIRED');
  assert.equal(decide('nonsense\n'), 'POLICY_MALFORMED');
  assert.equal(decide(text.replace('group validators 3', 'group validators 5')), 'POLICY_THRESHOLD');
  assert.equal(decide(text.replace('quorum validators\n', '')), 'POLICY_QUORUM');
  assert.equal(decide(text.replace(/^(log .*\n)/, '$1$1')), 'POLICY_KEY_TWICE');
  assert.equal(decide(`# ours\n${text}`), 'NOT_CANONICAL');
  assert.equal(decide(text.replace('group validators 3', 'group validators 2')), 'POLICY_INVALID');
  assert.equal(decide(encode(city, { ...good, quorum: null })), 'POLICY_INVALID');
  assert.equal(decide(policyOf(city, 2)), 'POLICY_INVALID');
  assert.equal(decide(encode(city, policyOfValidators(`other.example/${'0'.repeat(64)}`, validators(4)))), 'POLICY_INVALID');
  assert.equal(city.details['rule'], 'the origin of this city');
  assert.equal(decide(text), 'OK');
});
