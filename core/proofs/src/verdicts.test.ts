import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { p256Signer } from '@oppidum/crypto/signer';
import { type Evidence, encodeEvidence, encodeEvidenceJson, type ReadingEvidence } from '@oppidum/formats/evidence';
import { nobleCrypto } from '@oppidum/formats/noble-crypto';
import { deviceKeyKind, deviceKind, manufacturerKind, modelKind, suspensionKind } from '@oppidum/formats/state-devices';
import { policyEffectiveKind } from '@oppidum/formats/state-governance';
import { type AnyKind, prefixRange } from '@oppidum/formats/state-layout';
import { VERDICTS, type Verdict } from '@oppidum/formats/verdicts';
import { nodeCrypto } from '../../../test/support/crypto.ts';
import { EvidenceCity } from '../../../test/support/evidence.ts';
import { namedId } from '../../../test/support/ledger.ts';
import { namedSigner } from '../../../test/support/signers.ts';
import type { Report } from './report.ts';
import type { Trust } from './verify-checkpoint.ts';
import { verifyEvidence } from './verify-evidence.ts';

/** Verifies both forms by two backends, and asserts the one verdict and the step that led to it. */
function expect(evidence: Evidence, trust: Trust, verdict: Verdict, step: string): Report {
  const reports = [encodeEvidence(evidence), new TextEncoder().encode(encodeEvidenceJson(evidence))].flatMap((file) => [
    verifyEvidence(nodeCrypto, file, trust),
    verifyEvidence(nobleCrypto, file, trust),
  ]);
  for (const report of reports) {
    assert.equal(report.verdict, verdict, JSON.stringify(report.steps.at(-1)));
    assert.equal(report.steps.at(-1)?.name, step);
    assert.equal(report.means, VERDICTS[verdict].means);
    if (report.color === 'red') assert.deepEqual(report.facts, {});
  }
  return reports[0] ?? assert.fail();
}

function readingCity(prepare: (city: EvidenceCity) => void = () => undefined, options = {}) {
  const city = new EvidenceCity(options);
  prepare(city);
  return { city, trust: { policy: city.policy } };
}

/** The height so far; what is written next stands in the block after it. */
const at = (city: EvidenceCity): number => city.city.height;

describe('the device was not entitled when anchored', () => {
  const cases: readonly (readonly [why: string, Verdict, prepare: (city: EvidenceCity) => void])[] = [
    ['key revoked', 'KEY_REVOKED', (city) => city.put(deviceKeyKind, [city.device, 0], city.keyRecord({ to: at(city) + 1 }))],
    [
      'device revoked',
      'REVOKED',
      (city) => city.put(deviceKind, [city.device], city.deviceRecord({ status: 'revoked', to: at(city) + 1 })),
    ],
    [
      'model revoked',
      'REVOKED',
      (city) => {
        const model = {
          name: 'Lamp 3',
          deviceType: 'street-light',
          personal: false,
          simulated: false,
          from: 2,
          to: at(city) + 1,
        };
        city.put(modelKind, [namedId('model')], { ...model, manufacturer: namedId('maker') });
      },
    ],
    [
      'manufacturer revoked',
      'REVOKED',
      (city) =>
        city.put(manufacturerKind, [namedId('maker')], {
          name: 'Lumen Works',
          account: namedId('registrar'),
          from: 1,
          to: at(city) + 1,
        }),
    ],
    ['suspended', 'REVOKED', (city) => city.put(suspensionKind, [city.device, at(city) + 1], { reason: 'tilted' })],
    [
      'registered only',
      'NOT_YET_VALID',
      (city) => city.put(deviceKind, [city.device], city.deviceRecord({ status: 'registered' })),
    ],
    ['key not active yet', 'NOT_YET_VALID', (city) => city.put(deviceKeyKind, [city.device, 0], city.keyRecord({ from: 1_000 }))],
  ];
  for (const [why, verdict, prepare] of cases) {
    test(`${why}: ${verdict}`, () => {
      const { city, trust } = readingCity(prepare);
      const evidence = city.proveReading(city.keep(city.sign(1)), city.anchor());
      expect(evidence, trust, verdict, 'entitled when anchored');
    });
  }

  test('a key whose record says it never proved possession: NOT_YET_VALID', () => {
    const { city, trust } = readingCity((it) => {
      const { from: _, ...key } = it.keyRecord();
      it.put(deviceKeyKind, [it.device, 0], key);
    });
    expect(city.proveReading(city.keep(city.sign(1)), city.anchor()), trust, 'NOT_YET_VALID', 'entitled when anchored');
  });
});

describe('what came later does not touch what was anchored', () => {
  const cases: readonly (readonly [why: string, after: (city: EvidenceCity) => void])[] = [
    [
      'revoked',
      (city) => city.put(deviceKind, [city.device], city.deviceRecord({ status: 'revoked', to: at(city) + 1, reason: 'stolen' })),
    ],
    ['suspended', (city) => city.put(suspensionKind, [city.device, at(city) + 1], { reason: 'tilted' })],
    ['key retired', (city) => city.put(deviceKeyKind, [city.device, 0], city.keyRecord({ to: at(city) + 1 }))],
  ];
  for (const [why, after] of cases) {
    test(`${why}: OK, noted`, () => {
      const { city, trust } = readingCity();
      const index = city.keep(city.sign(1));
      const anchored = city.anchor();
      after(city);
      const report = expect(city.proveReading(index, anchored), trust, 'OK', 'signature');
      assert.ok(report.steps.some(({ outcome, detail }) => outcome === 'noted' && detail.startsWith('no longer entitled')));
    });
  }

  test('a suspension that ended before: OK', () => {
    const { city, trust } = readingCity((it) =>
      it.put(suspensionKind, [it.device, at(it)], { reason: 'tilted', to: at(it) + 1 }),
    );
    expect(city.proveReading(city.keep(city.sign(1)), city.anchor()), trust, 'OK', 'signature');
  });
});

describe('readings', () => {
  const plain = () => {
    const { city, trust } = readingCity();
    const index = city.keep(city.sign(1));
    city.keep(city.sign(2));
    return { city, trust, evidence: city.proveReading(index, city.anchor()) };
  };

  test('ES256 with low s: OK', () => {
    const { city, trust } = readingCity(undefined, { device: p256Signer(new Uint8Array(32).fill(9)) });
    const report = expect(city.proveReading(city.keep(city.sign(1)), city.anchor()), trust, 'OK', 'signature');
    assert.equal(report.facts['grade'], 'device');
  });

  test('of a simulated model: OK, noted', () => {
    const { city, trust } = readingCity((it) => {
      const model = { name: 'Lamp 3', deviceType: 'street-light', personal: true, simulated: true, from: 2 };
      it.put(modelKind, [namedId('model')], { ...model, manufacturer: namedId('maker') });
    });
    const report = expect(city.proveReading(city.keep(city.sign(1)), city.anchor()), trust, 'OK', 'signature');
    assert.ok(report.steps.some(({ outcome, detail }) => outcome === 'noted' && detail.includes('simulated')));
    assert.deepEqual([report.facts['simulated'], report.facts['personal']], [true, true]);
  });

  test('signed by another key: SIGNATURE_INVALID', () => {
    const { city, trust } = readingCity();
    const forged = city.sign(1, { signer: namedSigner('mallory') });
    expect(city.proveReading(city.keep(forged), city.anchor()), trust, 'SIGNATURE_INVALID', 'signature');
  });

  test('by the algorithm of another kind of key: SIGNATURE_INVALID', () => {
    const { city, trust } = readingCity();
    const forged = city.sign(1, { signer: p256Signer(new Uint8Array(32).fill(9)) });
    expect(city.proveReading(city.keep(forged), city.anchor()), trust, 'SIGNATURE_INVALID', 'signature');
  });

  test('of an unknown device: KEY_UNKNOWN', () => {
    const { city, trust } = readingCity();
    const index = city.keep(city.sign(1, { device: namedId('nobody') }));
    const anchored = city.anchor();
    const absent = city.proveReading(index, anchored, city.deviceRanges(0, namedId('nobody')));
    expect(absent, trust, 'KEY_UNKNOWN', 'device records');
    // With another device's records in their place the proof is about other keys than the reading's.
    const others = { ...absent, state: city.stateHop(city.deviceRanges()) };
    expect(others, trust, 'HASH_MISMATCH', 'device records');
  });

  test('by a key number that the device does not have: KEY_UNKNOWN', () => {
    const { city, trust } = readingCity();
    const index = city.keep(city.sign(1, { keyNumber: 7 }));
    expect(city.proveReading(index, city.anchor(), city.deviceRanges(7)), trust, 'KEY_UNKNOWN', 'device records');
  });

  test('a value too few for a withheld suspension: never OK', () => {
    const { city, trust } = readingCity((it) => it.put(suspensionKind, [it.device, at(it)], { reason: 'tilted' }));
    const evidence = city.proveReading(city.keep(city.sign(1)), city.anchor());
    const withheld = { ...evidence, state: { ...evidence.state, values: evidence.state.values.slice(0, 4) } };
    expect(withheld, trust, 'HASH_MISMATCH', 'device records');
    const hidden = city.stateHop(city.deviceRanges().slice(0, 4));
    expect({ ...evidence, state: hidden }, trust, 'HASH_MISMATCH', 'device records');
  });

  test('a proof that opens more than the claim needs: UNREADABLE', () => {
    const { city, trust, evidence } = plain();
    const wider = city.stateHop([prefixRange(policyEffectiveKind as unknown as AnyKind, []), ...city.deviceRanges()]);
    const state = { ...wider, values: evidence.state.values };
    assert.notDeepEqual(state.proof, evidence.state.proof);
    expect({ ...evidence, state }, trust, 'UNREADABLE', 'device records');
  });

  test('records older than the anchor: HASH_MISMATCH', () => {
    const { city, trust } = readingCity();
    const index = city.keep(city.sign(1));
    const older = city.stateHop(city.deviceRanges());
    const evidence = city.proveReading(index, city.anchor());
    const state = { ...older, log: city.log.hop(older.log.index) };
    expect({ ...evidence, state }, trust, 'HASH_MISMATCH', 'device records');
  });

  test('meant for another city: NOT_OURS', () => {
    const { city, trust } = readingCity();
    const index = city.keep(city.sign(1, { audience: namedId('elsewhere') }));
    expect(city.proveReading(index, city.anchor()), trust, 'NOT_OURS', 'reading');
  });

  test('another reading of the device in its place: NOT_IN_LOG', () => {
    const { city, trust, evidence } = plain();
    expect({ ...evidence, envelope: city.sign(3) }, trust, 'NOT_IN_LOG', 'entry in shard');
    const moved = { ...evidence, shard: { ...evidence.shard, index: 1 } };
    expect(moved, trust, 'NOT_IN_LOG', 'entry in shard');
  });

  test('never anchored: NOT_IN_LOG, HASH_MISMATCH', () => {
    const { city, trust, evidence } = plain();
    const late = city.keep(city.sign(9));
    const envelope = city.entries[late]?.envelope ?? assert.fail();
    const shard = city.shardLog.hop(late);
    expect({ ...evidence, envelope, shard }, trust, 'NOT_IN_LOG', 'entry in shard');
    // A transaction that took effect, but anchors nothing.
    city.put(deviceKind, [city.device], city.deviceRecord({ label: 'moved' }));
    const executed = city.city.block([city.city.transaction('registrar', [city.city.action('test/put', PUT)])]).outcomes[0];
    assert.ok(executed !== undefined && 'executed' in executed);
    const anchor = city.transactionHop(executed.executed);
    const state = city.stateHop(city.deviceRanges());
    expect({ ...evidence, anchor, state, checkpoint: city.checkpoint() }, trust, 'HASH_MISMATCH', 'anchor in log');
    expect({ ...evidence, anchor: { ...evidence.anchor, action: 1 } }, trust, 'HASH_MISMATCH', 'anchor in log');
  });

  test('an anchor that was refused: NOT_IN_LOG', () => {
    const { city, trust, evidence } = plain();
    const { anchor } = evidence;
    // The leaf of a refused transaction has another code, so the leaf of one that took effect is nowhere.
    for (const change of [{ height: anchor.height + 1 }, { position: 1 }, { eventsDigest: namedId('other events') }]) {
      const state = city.stateHop(city.deviceRanges());
      expect({ ...evidence, state, anchor: { ...anchor, ...change } } as ReadingEvidence, trust, 'NOT_IN_LOG', 'anchor in log');
    }
  });
});

const PUT = { key: Uint8Array.of(1), value: new Uint8Array(0) };
