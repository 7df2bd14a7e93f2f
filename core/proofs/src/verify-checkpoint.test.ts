import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Bytes } from '@oppidum/formats/bytes';
import { encodeCheckpoint } from '@oppidum/formats/checkpoint';
import { cosignCheckpoint } from '@oppidum/formats/cosignature';
import { type Evidence, encodeEvidence, type TransactionEvidence } from '@oppidum/formats/evidence';
import type { Policy } from '@oppidum/formats/policy';
import { encodeSignedNote, type NoteSignature, parseSignedNote, signNote } from '@oppidum/formats/signed-note';
import type { Verdict } from '@oppidum/formats/verdicts';
import { nodeCrypto } from '../../../test/support/crypto.ts';
import { EvidenceCity, type TestValidator, testNote, testPolicy, testValidators } from '../../../test/support/evidence.ts';
import { namedSigner } from '../../../test/support/signers.ts';
import type { Report } from './report.ts';
import type { Trust } from './verify-checkpoint.ts';
import { verifyEvidence } from './verify-evidence.ts';

const city = new EvidenceCity();
city.keep(city.sign(1));
const evidence = city.proveTransaction(city.anchor());
const { origin, validators, policy } = city;
const head = { origin, size: city.log.size, root: city.log.root() };
const [v0, v1, v2, v3] = validators as [TestValidator, TestValidator, TestValidator, TestValidator];
const trust: Trust = { policy };

function verify(changes: Partial<TransactionEvidence>, by: Trust = trust): Report {
  return verifyEvidence(nodeCrypto, encodeEvidence({ ...evidence, ...changes } as Evidence), by);
}

function expect(report: Report, verdict: Verdict, step = 'checkpoint'): Report {
  assert.equal(report.verdict, verdict, JSON.stringify(report.steps.at(-1)));
  assert.equal(report.steps.at(-1)?.name, step);
  return report;
}

const note = (log = v0.log, cosigners: readonly TestValidator[] = [v0, v1, v2]): Bytes => testNote(head, log, cosigners);
const edited = (edit: (lines: readonly NoteSignature[]) => readonly NoteSignature[], of = note()): Bytes => {
  const { text, signatures } = parseSignedNote(of);
  return encodeSignedNote({ text, signatures: edit(signatures) });
};

describe('which notes are the city’s word', () => {
  test('any three of four validators, and any of the log keys', () => {
    for (const cosigners of [
      [v0, v1, v2],
      [v0, v1, v3],
      [v0, v2, v3],
      [v1, v2, v3],
    ])
      for (const log of [v0.log, v3.log]) expect(verify({ checkpoint: note(log, cosigners) }), 'OK', 'transaction in log');
  });

  const stranger = testValidators('stranger', 3);
  const cases: readonly (readonly [why: string, Verdict, note: Bytes])[] = [
    ['two of four', 'QUORUM_MISSING', note(v0.log, [v0, v1])],
    ['nobody cosigned', 'QUORUM_MISSING', note(v0.log, [])],
    ['strangers cosigned', 'QUORUM_MISSING', note(v0.log, stranger)],
    ['one validator three times', 'QUORUM_MISSING', note(v0.log, [v0, v0, v0])],
    [
      'a stranger under a validator’s name',
      'QUORUM_MISSING',
      note(v0.log, [v0, v1, { ...v2, cosigner: namedSigner('mallory') }]),
    ],
    ['one too many', 'UNREADABLE', note(v0.log, [v0, v1, v2, v3])],
    ['one cosignature twice', 'UNREADABLE', edited((lines) => [...lines, ...lines.slice(-1)])],
    ['a stranger besides', 'UNREADABLE', note(v0.log, [v0, v1, v2, ...stranger.slice(0, 1)])],
    ['in another order', 'UNREADABLE', note(v0.log, [v1, v0, v2])],
    ['log line last', 'UNREADABLE', edited(([log, ...rest]) => [...rest, log as NoteSignature])],
    ['two log lines', 'UNREADABLE', edited(([log, ...rest]) => [log as NoteSignature, lineOf(v1), ...rest])],
    ['no log line', 'SIGNATURE_INVALID', edited((lines) => lines.slice(1))],
    ['a log line by a stranger', 'SIGNATURE_INVALID', note(namedSigner('mallory'))],
    ['a log line by a cosigning key', 'SIGNATURE_INVALID', note(v0.cosigner)],
    ['signatures of two validators exchanged', 'SIGNATURE_INVALID', edited(exchange)],
    [
      'a cosignature of another head',
      'SIGNATURE_INVALID',
      edited(([log, first, ...rest]) => [log, foreignLine(), ...rest, first] as NoteSignature[]),
    ],
    ['of another city', 'NOT_OURS', testNote({ ...head, origin: `other.example/${'00'.repeat(32)}` }, v0.log, [v0, v1, v2])],
    ['of this city’s shard', 'NOT_OURS', testNote({ ...head, origin: `${origin}/shard-0` }, v0.log, [v0, v1, v2])],
    ['with an extension line', 'UNREADABLE', withExtension()],
    ['no note', 'UNREADABLE', Uint8Array.of(1, 2, 3)],
  ];
  for (const [why, verdict, checkpoint] of cases) {
    test(`${why}: ${verdict}`, () => {
      expect(verify({ checkpoint }), verdict);
    });
  }
});

function lineOf({ log }: TestValidator): NoteSignature {
  return signNote(nodeCrypto, log, origin, encodeCheckpoint(head));
}

function exchange([log, a, b, c]: readonly NoteSignature[]): readonly NoteSignature[] {
  if (log === undefined || a === undefined || b === undefined || c === undefined) throw new Error('four lines');
  return [log, { ...a, signature: b.signature }, { ...b, signature: a.signature }, c];
}

/** A cosignature of v0 over an older head. */
function foreignLine(): NoteSignature {
  const older = testNote({ origin, size: 1, root: city.log.root(1) }, v0.log, [v0]);
  return parseSignedNote(older).signatures[1] ?? assert.fail();
}

function withExtension(): Bytes {
  const text = encodeCheckpoint({ ...head, extensions: ['more'] });
  const cosigned = [v0, v1, v2].map(({ name, cosigner }) => cosignCheckpoint(nodeCrypto, cosigner, name, text, 1_750_000_000));
  return encodeSignedNote({ text, signatures: [signNote(nodeCrypto, v0.log, origin, text), ...cosigned] });
}

describe('outside witnesses', () => {
  const outside = namedSigner('outside');
  const witness = { name: 'outside', cosigner: outside };
  const demanding: Policy = {
    ...policy,
    witnesses: [
      ...policy.witnesses,
      { name: 'outside', key: { name: 'outside', algorithm: 'cosignature', publicKey: outside.publicKey }, url: null },
    ],
    groups: [...policy.groups, { name: 'all', threshold: 2, members: ['validators', 'outside'] }],
    quorum: 'all',
  };

  test('the validators and the witness: OK', () => {
    const checkpoint = testNote(head, v0.log, [v0, v1, v2, witness]);
    expect(verify({ checkpoint }, { policy: demanding }), 'OK', 'transaction in log');
  });

  test('the validators alone: WITNESS_MISSING', () => {
    expect(verify({}, { policy: demanding }), 'WITNESS_MISSING');
  });

  test('the witness with too few validators: QUORUM_MISSING', () => {
    expect(verify({ checkpoint: testNote(head, v0.log, [v0, v1, witness]) }, { policy: demanding }), 'QUORUM_MISSING');
  });

  test('a quorum that asks for nobody still asks for the validators', () => {
    const nobody: Policy = { ...policy, quorum: null };
    expect(verify({ checkpoint: note(v0.log, []) }, { policy: nobody }), 'QUORUM_MISSING');
  });
});

describe('whose policy', () => {
  test('the policy of other validators of the same origin: QUORUM_MISSING', () => {
    expect(verify({}, { policy: testPolicy(origin, testValidators('other', 4)) }), 'QUORUM_MISSING');
  });

  test('of another city: NOT_OURS', () => {
    expect(verify({}, { policy: testPolicy(`b.example/${'ab'.repeat(32)}`, validators) }), 'NOT_OURS');
  });

  test('a former policy of another city counts for nothing: NOT_OURS', () => {
    const ours = testPolicy(`b.example/${'ab'.repeat(32)}`, validators);
    expect(verify({}, { policy: ours, former: [policy] }), 'NOT_OURS');
  });
});

describe('one log, one story', () => {
  test('a head that was seen: OK; the same size with another root: LOG_INCONSISTENT', () => {
    expect(verify({}, { policy, seen: [head] }), 'OK', 'transaction in log');
    expect(verify({}, { policy, seen: [{ size: head.size, root: new Uint8Array(32) }] }), 'LOG_INCONSISTENT');
    expect(verify({}, { policy, seen: [{ size: 3, root: new Uint8Array(32) }] }), 'OK', 'transaction in log');
  });
});
