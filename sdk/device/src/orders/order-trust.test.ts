import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Bytes } from '@oppidum/formats/bytes';
import { encodeEvidence } from '@oppidum/formats/evidence';
import { encodePolicy, type Policy } from '@oppidum/formats/policy';
import { nodeCrypto } from '../../../../test/support/crypto.ts';
import { EvidenceCity } from '../../../../test/support/evidence.ts';
import { OrderTrust } from './order-trust.ts';

const digestOf = (policy: Policy): Bytes => nodeCrypto.sha256(encodePolicy(nodeCrypto, policy));

/** A city that changed its policy twice, and evidence of each change. */
function history() {
  const city = new EvidenceCity({ validatorCount: 1 });
  const policies = [city.policy];
  const changes: Bytes[] = [];
  for (const name of ['second', 'third']) {
    changes.push(encodeEvidence(city.changePolicy(name, 4).announced));
    policies.push(city.policy);
  }
  return { policies: policies as [Policy, Policy, Policy], changes: changes as [Bytes, Bytes] };
}

const { policies, changes } = history();
const [first, second, third] = policies;
/** Which of the three are trusted. */
const trusted = (trust: OrderTrust): boolean[] => policies.map((policy) => trust.policyOf(digestOf(policy)) !== null);

test('the policy that the pinned one leads on to is trusted, and no former one any more', async () => {
  const trust = new OrderTrust(nodeCrypto, first, async () => changes);
  assert.deepEqual(trusted(trust), [true, false, false]);
  assert.equal(trust.policyOf(digestOf(first)), first);
  await trust.follow();
  assert.deepEqual(trusted(trust), [false, false, true]);
  assert.deepEqual(trust.policyOf(digestOf(third)), third);
});

test('what proves nothing changes nothing, and nobody to ask neither', async () => {
  const [, toThird] = changes;
  for (const ask of [async () => [], async () => [toThird], async () => [Uint8Array.of(1, 2, 3)], null]) {
    const trust = new OrderTrust(nodeCrypto, first, ask);
    await trust.follow();
    assert.deepEqual(trusted(trust), [true, false, false]);
  }
});

test('an answer that is kept back until another has led further leads nobody back to former validators', async () => {
  const answers: ((files: readonly Bytes[]) => void)[] = [];
  const trust = new OrderTrust(nodeCrypto, first, () => new Promise((resolve) => answers.push(resolve)));
  const asked = [trust.follow(), trust.follow(), trust.follow()];
  const [late, , further] = answers as [(files: readonly Bytes[]) => void, unknown, (files: readonly Bytes[]) => void];
  further(changes);
  await asked[2];
  assert.deepEqual(trusted(trust), [false, false, true]);
  late([]);
  await asked[0];
  assert.deepEqual(trusted(trust), [false, false, true]);
  answers[1]?.(changes.slice(0, 1));
  await asked[1];
  assert.deepEqual(trusted(trust), [false, false, true], 'nor half of the way');
  assert.equal(trust.policyOf(digestOf(second)), null);
});

test('nor answers that come at one moment', async () => {
  const answers: ((files: readonly Bytes[]) => void)[] = [];
  const trust = new OrderTrust(nodeCrypto, first, () => new Promise((resolve) => answers.push(resolve)));
  const asked = [trust.follow(), trust.follow()];
  answers[0]?.(changes);
  answers[1]?.([]);
  await Promise.all(asked);
  assert.deepEqual(trusted(trust), [false, false, true]);
});
