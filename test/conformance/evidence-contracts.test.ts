/** Evidence from a city under its real contracts: what they write is what the verifier reads. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Bytes } from '@oppidum/formats/bytes';
import { encodeErasureLeaf } from '@oppidum/formats/erasure-leaf';
import { type Evidence, encodeEvidence } from '@oppidum/formats/evidence';
import { encodeEvents } from '@oppidum/formats/result';
import { anchorKind } from '@oppidum/formats/state-telemetry';
import type { Executed } from '@oppidum/ledger/block';
import type { Report } from '@oppidum/proofs/report';
import { verifyEvidence } from '@oppidum/proofs/verify-evidence';
import { nodeCrypto } from '../support/crypto.ts';
import { deviceId, enrol, makeDeviceCity, rotation, signedReading, TestShard } from '../support/devices.ts';
import { EvidenceCity } from '../support/evidence.ts';
import { namedId, type TestCity } from '../support/ledger.ts';
import { MemoryLog } from '../support/memory-log.ts';

/** A lamp of the works, a shard, and somebody who proves. */
class Scene {
  readonly city: TestCity = makeDeviceCity();
  readonly prover: EvidenceCity;
  readonly shard: TestShard;
  readonly envelopes: Bytes[] = [];

  constructor() {
    this.prover = new EvidenceCity({ city: this.city });
    enrol(this.city, 'lamp');
    this.shard = new TestShard(this.city);
  }

  /** A kept reading under an anchor of its own. */
  anchored(sequence: number, keyNumber = 0): { readonly index: number; readonly size: number; readonly anchor: Executed } {
    const envelope = signedReading(this.city, 'lamp', { sequence, keyNumber });
    const index = this.shard.keep(envelope);
    this.envelopes[index] = envelope;
    assert.equal(this.shard.anchor(), 'OK');
    return { index, size: this.shard.log.size, anchor: this.latest() };
  }

  /** The transaction of the newest block. */
  latest(): Executed {
    const envelope = this.city.blocks.at(-1)?.transactions[0] ?? assert.fail();
    const index = this.city.state.leaves.length - 2;
    const { events } = this.city;
    const result = { code: 'OK', events, rejection: null, encodedEvents: encodeEvents(events) } as const;
    return { id: namedId('unused'), envelope, index, position: 0, ...result };
  }

  act(signer: string, kind: string, body: object): void {
    assert.equal(this.city.act(signer, kind, body), 'OK');
  }

  proveReading({ index, size, anchor }: ReturnType<Scene['anchored']>, keyNumber = 0): Evidence {
    const { prover } = this;
    const [makerRange, modelRange, ...ranges] = prover.deviceRanges(keyNumber, deviceId('lamp'));
    assert.ok(makerRange !== undefined && modelRange !== undefined);
    // The same kinds, of this maker and model.
    const named = [replaceId(makerRange, namedId('works')), replaceId(modelRange, namedId('lamp')), ...ranges];
    return {
      version: 1,
      fact: 'reading',
      envelope: this.envelopes[index] ?? assert.fail(),
      shard: this.shard.log.hop(index, size),
      anchor: prover.transactionHop(anchor),
      state: prover.stateHop(named),
      checkpoint: prover.checkpoint(),
    };
  }

  verify(evidence: Evidence): Report {
    return verifyEvidence(nodeCrypto, encodeEvidence(evidence), { policy: this.prover.policy });
  }
}

function replaceId({ lo, hi }: { readonly lo: Bytes; readonly hi: Bytes }, id: Bytes) {
  const key = Uint8Array.of(...lo.subarray(0, 2), ...id);
  assert.equal(key.length, hi.length);
  return { lo: key, hi: key };
}

test('a reading of a registered, activated device: OK, with what the records say', () => {
  const scene = new Scene();
  const report = scene.verify(scene.proveReading(scene.anchored(1)));
  assert.equal(report.verdict, 'OK', JSON.stringify(report.steps));
  assert.deepEqual([report.facts['manufacturer'], report.facts['model'], report.facts['grade']], ['The works', 'lamp', 'device']);
});

describe('what ends a device’s right to sign touches what is anchored afterwards, and nothing before', () => {
  const ends: readonly (readonly [kind: string, signer: string, body: object, verdict: string])[] = [
    ['device/suspend', 'operator', { id: deviceId('lamp'), reason: 'tilted' }, 'REVOKED'],
    ['device/revoke', 'operator', { id: deviceId('lamp'), reason: 'stolen' }, 'REVOKED'],
    ['model/revoke', 'maker', { id: namedId('lamp'), reason: 'recalled' }, 'REVOKED'],
    ['manufacturer/revoke', 'operator', { id: namedId('works'), reason: 'closed' }, 'REVOKED'],
  ];
  for (const [kind, signer, body, verdict] of ends) {
    test(`${kind}: ${verdict}`, () => {
      const scene = new Scene();
      const before = scene.anchored(1);
      scene.act(signer, kind, body);
      const after = scene.anchored(2);
      const earlier = scene.verify(scene.proveReading(before));
      assert.equal(earlier.verdict, 'OK', JSON.stringify(earlier.steps.at(-1)));
      assert.ok(earlier.steps.some(({ outcome, detail }) => outcome === 'noted' && detail.startsWith('no longer entitled')));
      assert.equal(scene.verify(scene.proveReading(after)).verdict, verdict);
    });
  }

  test('resumed: OK again', () => {
    const scene = new Scene();
    scene.act('operator', 'device/suspend', { id: deviceId('lamp'), reason: 'tilted' });
    const during = scene.anchored(1);
    scene.act('operator', 'device/resume', { id: deviceId('lamp') });
    const afterwards = scene.anchored(2);
    assert.equal(scene.verify(scene.proveReading(during)).verdict, 'REVOKED');
    assert.equal(scene.verify(scene.proveReading(afterwards)).verdict, 'OK');
  });

  test('set apart: OK, and the verdict says so, of what was anchored then and of nothing else', () => {
    const scene = new Scene();
    const [before, quarantine] = [scene.anchored(1), 'device/quarantine'];
    scene.act('operator', quarantine, { id: deviceId('lamp'), reason: 'drifts' });
    const during = scene.anchored(2);
    scene.act('operator', 'device/release', { id: deviceId('lamp') });
    const afterwards = scene.anchored(3);
    for (const [anchored, want] of [
      [before, undefined],
      [during, 'drifts'],
      [afterwards, undefined],
    ] as const) {
      const { verdict, facts, steps } = scene.verify(scene.proveReading(anchored));
      assert.deepEqual([verdict, facts['quarantine']], ['OK', want]);
      const noted = steps.some(({ outcome, detail }) => outcome === 'noted' && detail.includes('in quarantine (manual: drifts)'));
      assert.equal(noted, want !== undefined);
    }
  });

  test('a rotated key: the old one KEY_REVOKED, the new one OK', () => {
    const scene = new Scene();
    scene.act('maker', 'device/rotate-key', rotation(scene.city, 'lamp', 1));
    const old = scene.anchored(1, 0);
    const fresh = scene.anchored(1, 1);
    assert.equal(scene.verify(scene.proveReading(old, 0)).verdict, 'KEY_REVOKED');
    assert.equal(scene.verify(scene.proveReading(fresh, 1)).verdict, 'OK');
  });
});

test('an erasure on the ledger: ERASED', () => {
  const scene = new Scene();
  const { index, size, anchor } = scene.anchored(1);
  const salt = namedId('salt').slice(0, 16);
  const tree = new MemoryLog([encodeErasureLeaf({ salt, shard: scene.shard.id, index })]);
  const body = { id: namedId('erasure'), root: tree.root(), count: 1, legalBasis: 'consent-withdrawn' };
  scene.act('protector', 'erasure/record', body);
  const erasure = scene.prover.transactionHop(scene.latest());
  const report = scene.verify({
    version: 1,
    fact: 'erased',
    entry: scene.shard.log.entries[index] ?? assert.fail(),
    shard: scene.shard.log.hop(index, size),
    anchor: scene.prover.transactionHop(anchor),
    erasure,
    salt,
    leaf: tree.hop(0),
    checkpoint: scene.prover.checkpoint(),
  });
  assert.equal(report.verdict, 'ERASED', JSON.stringify(report.steps));
});

test('records of every area are readable as evidence', () => {
  const scene = new Scene();
  scene.anchored(1);
  const policy = scene.prover;
  for (const kind of [
    'city',
    'account',
    'accountKey',
    'policyEffective',
    'manufacturer',
    'model',
    'device',
    'shard',
    'anchorHead',
  ]) {
    const report = scene.verify(policy.proveState({ kind, segments: [] }));
    assert.equal(report.verdict, 'OK', `${kind}: ${JSON.stringify(report.steps.at(-1))}`);
    assert.ok((report.facts['records'] as unknown[]).length > 0, kind);
  }
  const range = { kind: anchorKind.name, segments: [scene.shard.id], from: 1, to: 1 };
  const { records, answer } = scene.verify(policy.proveState(range)).facts;
  assert.equal((records as unknown[]).length, 1);
  assert.equal(answer, `complete: all records of ${anchorKind.name}: 1`);
});
