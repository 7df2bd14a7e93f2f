import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Evidence, encodeEvidence } from '@oppidum/formats/evidence';
import { deviceKeyKind, suspensionKind } from '@oppidum/formats/state-devices';
import { VERDICTS, type Verdict } from '@oppidum/formats/verdicts';
import { nodeCrypto } from '../../../test/support/crypto.ts';
import { EvidenceCity, testNote, testPolicy, testValidators } from '../../../test/support/evidence.ts';
import { namedId } from '../../../test/support/ledger.ts';
import { namedSigner } from '../../../test/support/signers.ts';
import type { Trust } from './verify-checkpoint.ts';
import { verifyEvidence } from './verify-evidence.ts';

const make = (prepare: (city: EvidenceCity) => void = () => undefined, changes: Parameters<EvidenceCity['sign']>[1] = {}) => {
  const city = new EvidenceCity({ validatorCount: 1 });
  prepare(city);
  const index = city.keep(city.sign(1, changes));
  const anchored = city.anchor();
  return { city, index, anchored, evidence: city.proveReading(index, anchored), trust: { policy: city.policy } };
};
const plain = make();
const { city, evidence, trust } = plain;
const [validator = assert.fail()] = city.validators;
const head = { origin: city.origin, size: city.log.size, root: city.log.root() };

type Example = readonly [evidence: Evidence | Uint8Array, trust: Trust];

/** One example of each; null: a verdict about passes, which no evidence of today's facts can get, or of orders and fork files. */
const EXAMPLES: Readonly<Record<Verdict, (() => Example) | null>> = {
  OK: () => [evidence, trust],
  NOT_OURS: () => [evidence, { policy: testPolicy(`other.example/${'00'.repeat(32)}`, city.validators) }],
  UNREADABLE: () => [Uint8Array.of(0xa0), trust],
  UNSUPPORTED_VERSION: () => [{ ...evidence, version: 2 }, trust],
  HASH_MISMATCH: () => [
    { ...evidence, state: { ...evidence.state, values: [...evidence.state.values, new Uint8Array(1)] } },
    trust,
  ],
  SIGNATURE_INVALID: () => {
    const forged = make(undefined, { signer: namedSigner('mallory') });
    return [forged.evidence, forged.trust];
  },
  KEY_UNKNOWN: () => [{ ...evidence, state: { ...evidence.state, values: evidence.state.values.slice(0, 2) } }, trust],
  KEY_REVOKED: () => {
    const late = make((it) => it.put(deviceKeyKind, [it.device, 0], it.keyRecord({ to: 5 })));
    return [late.evidence, late.trust];
  },
  EXPIRED: null,
  NOT_YET_VALID: () => {
    const early = make((it) => it.put(deviceKeyKind, [it.device, 0], it.keyRecord({ from: 1_000 })));
    return [early.evidence, early.trust];
  },
  REVOKED: () => {
    const suspended = make((it) => it.put(suspensionKind, [it.device, 5], { reason: 'tilted' }));
    return [suspended.evidence, suspended.trust];
  },
  STATUS_UNKNOWN_OFFLINE: null,
  POLICY_STALE: () => [evidence, { policy: testPolicy(city.origin, testValidators('next', 4)), former: [city.policy] }],
  NOT_IN_LOG: () => [{ ...evidence, anchor: { ...evidence.anchor, position: 1 } }, trust],
  LOG_INCONSISTENT: () => [evidence, { ...trust, seen: [{ size: head.size, root: namedId('another root') }] }],
  QUORUM_MISSING: () => [{ ...evidence, checkpoint: testNote(head, validator.log, []) }, trust],
  WITNESS_MISSING: () => {
    const publicKey = namedSigner('outside').publicKey;
    const outside = { name: 'outside', key: { name: 'outside', algorithm: 'cosignature', publicKey }, url: null } as const;
    const groups = [...city.policy.groups, { name: 'all', threshold: 2, members: ['validators', 'outside'] }];
    return [evidence, { policy: { ...city.policy, witnesses: [...city.policy.witnesses, outside], groups, quorum: 'all' } }];
  },
  FORK_PROVEN: null,
  FORK_UNPROVEN: null,
  ERASED: () => [city.proveErased([plain.index], plain.anchored), trust],
};

for (const [verdict, example] of Object.entries(EXAMPLES) as [Verdict, (() => Example) | null][]) {
  if (example === null) continue;
  test(`${verdict}`, () => {
    const [subject, by] = example();
    const file = subject instanceof Uint8Array ? subject : encodeEvidence(subject);
    const report = verifyEvidence(nodeCrypto, file, by);
    assert.equal(report.verdict, verdict, JSON.stringify(report.steps.at(-1)));
    assert.deepEqual(
      [report.color, report.means, report.action],
      [VERDICTS[verdict].color, VERDICTS[verdict].means, VERDICTS[verdict].action],
    );
    const failed = report.steps.filter(({ outcome }) => outcome === 'failed');
    assert.equal(failed.length, report.color === 'red' ? 1 : 0, 'the first failing step ends it');
  });
}

test('only what passes will need, and what is said of orders and fork files, is without an example', () => {
  const without = Object.entries(EXAMPLES).filter(([, example]) => example === null);
  assert.deepEqual(
    without.map(([verdict]) => verdict),
    ['EXPIRED', 'STATUS_UNKNOWN_OFFLINE', 'FORK_PROVEN', 'FORK_UNPROVEN'],
  );
});
