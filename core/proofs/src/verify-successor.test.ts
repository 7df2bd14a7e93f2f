import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encodeEvidence, type StateEvidence } from '@oppidum/formats/evidence';
import { encodePolicy } from '@oppidum/formats/policy';
import { policyEffectiveKind } from '@oppidum/formats/state-governance';
import { at } from '@oppidum/formats/state-layout';
import type { Verdict } from '@oppidum/formats/verdicts';
import { nodeCrypto } from '../../../test/support/crypto.ts';
import { EvidenceCity, testNote, testPolicy, testValidators } from '../../../test/support/evidence.ts';
import { headOf, refreshEvidence } from './refresh-evidence.ts';
import type { Trust } from './verify-checkpoint.ts';
import { verifyEvidence } from './verify-evidence.ts';
import { type SuccessorReport, verifySuccessorPolicy } from './verify-successor.ts';

const POLICY = { kind: 'policyEffective', segments: [] };

/** A city under its third policy, with what was said under each. */
function history() {
  const city = new EvidenceCity({ validatorCount: 1 });
  const index = city.keep(city.sign(1));
  const anchored = city.anchor();
  const first = {
    policy: city.policy,
    validators: city.validators,
    reading: city.proveReading(index, anchored),
    state: city.proveState(POLICY),
  };
  const toSecond = city.changePolicy('second', 4);
  // A block of the second set that shows the record again.
  city.put(policyEffectiveKind, [], city.city.read(at(policyEffectiveKind)));
  const second = { policy: city.policy, validators: city.validators, state: city.proveState(POLICY) };
  const toThird = city.changePolicy('third', 4);
  city.keep(city.sign(2));
  city.anchor();
  return { city, first, second, third: city.policy, toSecond: toSecond.announced, toThird: toThird.announced };
}

const { city, first, second, third, toSecond, toThird } = history();
const successor = (evidence: StateEvidence, trust: Trust) => verifySuccessorPolicy(nodeCrypto, encodeEvidence(evidence), trust);

function refused({ report, successor: found, trust }: SuccessorReport, verdict: Verdict): void {
  assert.equal(report.verdict, verdict, JSON.stringify(report.steps.at(-1)));
  assert.deepEqual([found, trust], [null, null]);
}

describe('successor policies', () => {
  test('each is proven under the one before, step by step', () => {
    const one = successor(toSecond, { policy: first.policy });
    assert.equal(one.report.verdict, 'OK');
    assert.deepEqual(one.successor?.file, encodePolicy(nodeCrypto, second.policy));
    assert.deepEqual(one.trust, { policy: second.policy, former: [first.policy] });
    const two = successor(toThird, one.trust ?? assert.fail());
    assert.deepEqual(two.trust, { policy: third, former: [second.policy, first.policy] });
  });

  test('none is skipped: QUORUM_MISSING', () => {
    refused(successor(toThird, { policy: first.policy }), 'QUORUM_MISSING');
  });

  test('the policy that is trusted already: OK, and nothing changes', () => {
    refused(successor(first.state, { policy: first.policy }), 'OK');
    refused(successor(second.state, { policy: second.policy }), 'OK');
  });

  test('nobody goes back to a former policy: POLICY_STALE', () => {
    const trust = { policy: second.policy, former: [first.policy] };
    refused(successor(first.state, trust), 'POLICY_STALE');
    refused(successor(toSecond, trust), 'POLICY_STALE');
    refused(successor(toSecond, { policy: third, former: [second.policy, first.policy] }), 'POLICY_STALE');
  });

  test('not by way of an older head that the newest one extends: POLICY_STALE', () => {
    const trust = { policy: third };
    const under = refreshed(first.state);
    assert.equal(verifyEvidence(nodeCrypto, encodeEvidence(under), trust).verdict, 'OK', 'true once, and proven so');
    refused(successor(under as StateEvidence, trust), 'POLICY_STALE');
  });

  test('evidence of anything else: UNREADABLE', () => {
    refused(verifySuccessorPolicy(nodeCrypto, encodeEvidence(first.reading), { policy: first.policy }), 'UNREADABLE');
    refused(verifySuccessorPolicy(nodeCrypto, Uint8Array.of(1), { policy: first.policy }), 'UNREADABLE');
    const other = city.proveState({ kind: 'policyPending', segments: [] });
    refused(successor(other, { policy: third }), 'UNREADABLE');
  });

  test('a city without the record, or with another city’s policy: refused', () => {
    const odd = new EvidenceCity({ validatorCount: 1 });
    const trust = { policy: odd.policy };
    odd.put(policyEffectiveKind, [], {
      policy: encodePolicy(nodeCrypto, testPolicy(`b.example/${'ab'.repeat(32)}`, odd.validators)),
      from: 9,
    });
    refused(successor(odd.proveState(POLICY), trust), 'NOT_OURS');
    odd.put(policyEffectiveKind, [], { policy: new TextEncoder().encode('quorum none\n'), from: 9 });
    refused(successor(odd.proveState(POLICY), trust), 'UNREADABLE');
    odd.put(policyEffectiveKind, [], null);
    refused(successor(odd.proveState(POLICY), trust), 'UNREADABLE');
  });
});

const [signer = assert.fail(), ...others] = testValidators('third', 4);

function refreshed(evidence: typeof first.reading | StateEvidence) {
  const consistency = city.log.consistency(headOf(evidence).size);
  const answer = refreshEvidence(nodeCrypto, evidence, third, { note: city.checkpoint(), consistency });
  if ('code' in answer) throw new Error(answer.code);
  return answer.evidence;
}

describe('evidence under a former policy', () => {
  const verdict = (evidence: Parameters<typeof encodeEvidence>[0], trust: Trust) =>
    verifyEvidence(nodeCrypto, encodeEvidence(evidence), trust);

  test('known as former: amber POLICY_STALE with its facts; unknown: QUORUM_MISSING', () => {
    assert.equal(verdict(first.reading, { policy: first.policy }).verdict, 'OK');
    const report = verdict(first.reading, { policy: third, former: [second.policy, first.policy] });
    assert.deepEqual([report.verdict, report.color, report.facts['sequence']], ['POLICY_STALE', 'amber', 1]);
    assert.ok(report.steps.some(({ outcome }) => outcome === 'noted'));
    assert.equal(verdict(first.reading, { policy: third }).verdict, 'QUORUM_MISSING');
    assert.equal(verdict(first.reading, { policy: third, former: [second.policy] }).verdict, 'QUORUM_MISSING');
  });

  test('an older policy than the evidence: QUORUM_MISSING', () => {
    assert.equal(verdict(refreshed(first.reading), { policy: first.policy }).verdict, 'QUORUM_MISSING');
  });

  test('refreshed: OK under the newest policy alone', () => {
    const report = verdict(refreshed(first.reading), { policy: third });
    assert.equal(report.verdict, 'OK', JSON.stringify(report.steps));
    assert.ok(report.steps.some(({ name }) => name === 'older head'));
  });

  test('no bit of refreshed evidence can change', () => {
    const file = encodeEvidence(refreshed(first.reading));
    for (let bit = 0; bit < 8 * file.length; bit += 11) {
      const flipped = file.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
      assert.equal(verifyEvidence(nodeCrypto, flipped, { policy: third }).color, 'red', `bit ${bit}`);
    }
  });

  test('refreshed again, and at the same size: nothing piles up', () => {
    const once = refreshed(first.reading);
    assert.deepEqual(refreshed(once as typeof first.reading), once);
    const now = city.proveState(POLICY);
    assert.deepEqual(refreshed(now), now);
    assert.equal(verdict(now, { policy: third }).verdict, 'OK');
  });

  test('a head that does not extend it: refused, and LOG_INCONSISTENT', () => {
    const { size } = headOf(first.reading);
    const root = new Uint8Array(32);
    const fork = {
      note: testNote({ origin: city.origin, size: size + 1, root }, signer.log, [signer, ...others.slice(1)]),
      consistency: [],
    };
    const answer = refreshEvidence(nodeCrypto, first.reading, third, fork);
    assert.equal('code' in answer && answer.code, 'PROOF_LENGTH_WRONG');
    const strangers = { note: testNote({ origin: city.origin, size: size + 1, root }, signer.log, []), consistency: [] };
    const none = refreshEvidence(nodeCrypto, first.reading, third, strangers);
    assert.equal('code' in none && none.code, 'QUORUM_MISSING');
    const good = refreshed(first.reading);
    const prior = good.prior ?? assert.fail();
    for (const wrong of [
      { ...prior, root },
      { ...prior, size: prior.size - 1 },
      { ...prior, consistency: prior.consistency.slice(1) },
    ])
      assert.equal(verdict({ ...good, prior: wrong }, { policy: third }).verdict, 'LOG_INCONSISTENT');
  });

  test('a head that is not older than the checkpoint: UNREADABLE', () => {
    const now = city.proveState(POLICY);
    const prior = { ...headOf(now), consistency: [] };
    assert.equal(
      verdict({ ...now, prior: { size: prior.size, root: prior.root, consistency: [] } }, { policy: third }).verdict,
      'UNREADABLE',
    );
  });
});
