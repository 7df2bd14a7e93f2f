import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Bytes } from '@oppidum/formats/bytes';
import type { Evidence } from '@oppidum/formats/evidence';
import { shardOrigin } from '@oppidum/formats/ids';
import type { Policy } from '@oppidum/formats/policy';
import { nodeCrypto } from '../../../test/support/crypto.ts';
import { EvidenceCity } from '../../../test/support/evidence.ts';
import { evidenceHops } from './evidence-hops.ts';
import { headOf, refreshEvidence } from './refresh-evidence.ts';
import { verifyTlogProof } from './verify-tlog-proof.ts';

const city = new EvidenceCity();
const [first, second] = [1, 2].map((n) => city.keep(city.sign(n))) as [number, number];
const anchored = city.anchor();
const reading = city.proveReading(first, anchored);

/** Whoever checks the shard's log must know its key; it has no cosigners. */
const shardPolicy: Policy = {
  logs: [{ key: { name: shardOrigin(city.origin, 0), algorithm: 'log', publicKey: city.shardSigner.publicKey }, url: null }],
  witnesses: [],
  groups: [],
  quorum: null,
};

function assertHops(evidence: Evidence, want: readonly string[]): void {
  const hops = evidenceHops(nodeCrypto, evidence);
  assert.deepEqual(
    hops.map(({ name }) => name),
    want,
  );
  for (const { name, proof, entry } of hops) {
    const policy = name === 'shard' ? shardPolicy : city.policy;
    assert.equal(verifyTlogProof(nodeCrypto, { policy, proof, entry }).verdict, 'OK', name);
    const altered: Bytes = entry.map((byte, i) => (i === 0 ? byte ^ 1 : byte));
    assert.equal(verifyTlogProof(nodeCrypto, { policy, proof, entry: altered }).verdict, 'NOT_IN_LOG', name);
  }
}

test('every hop is a standard proof that verifies by itself', () => {
  assertHops(reading, ['shard', 'anchor', 'records']);
  assertHops(city.proveTransaction(anchored), ['transaction']);
  assertHops(city.proveState({ kind: 'device', segments: [] }), ['records']);
  assertHops(city.proveErased([second], anchored), ['shard', 'anchor', 'erasure']);
});

test('the entry of the first hop is the digest of the reading', () => {
  assert.deepEqual(evidenceHops(nodeCrypto, reading)[0]?.entry, nodeCrypto.sha256(reading.envelope));
});

test('of refreshed evidence the shard’s hop remains', () => {
  const consistency = city.log.consistency(headOf(reading).size);
  const answer = refreshEvidence(nodeCrypto, reading, city.policy, { note: city.checkpoint(), consistency });
  assert.ok('evidence' in answer);
  assertHops(answer.evidence, ['shard']);
});

test('an anchor that is none: WRONG_TYPE', () => {
  assert.throws(() => evidenceHops(nodeCrypto, { ...reading, anchor: { ...reading.anchor, action: 1 } }), { code: 'WRONG_TYPE' });
});
