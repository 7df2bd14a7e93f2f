/**
 * Writes vectors/evidence/*.json: evidence files of a small city, true and false, each with its verdict and why.
 * `node tools/evidence-vectors.ts`; specs/evidence.md says how to read them. Keys are the test keys of test/support/signers.ts.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Bytes, concatBytes, parseUtf8, toHex } from '@oppidum/formats/bytes';
import { type Evidence, encodeEvidence, encodeEvidenceJson, type StateEvidence } from '@oppidum/formats/evidence';
import { encodePolicy, type Policy } from '@oppidum/formats/policy';
import { deviceKeyKind, deviceKind, suspensionKind } from '@oppidum/formats/state-devices';
import { policyEffectiveKind } from '@oppidum/formats/state-governance';
import type { Verdict } from '@oppidum/formats/verdicts';
import { headOf, refreshEvidence } from '@oppidum/proofs/refresh-evidence';
import { nodeCrypto } from '../test/support/crypto.ts';
import { EvidenceCity, type TestValidator, testNote, testPolicy, testValidators } from '../test/support/evidence.ts';
import { namedId } from '../test/support/ledger.ts';
import { namedSigner } from '../test/support/signers.ts';
import { es256Signer } from './signature-vectors.ts';

/** One file and what a verifier says of it. */
type Vector = {
  readonly why: string;
  /** Name of the newest policy, and of those known to have been succeeded, newest first. */
  readonly policy: string;
  readonly former?: readonly string[];
  readonly seen?: { readonly size: number; readonly root: Bytes };
  readonly file: Bytes;
  readonly verdict: Verdict;
  /** The name of the last step. */
  readonly step: string;
};

type PolicyName = 'first' | 'second' | 'third' | 'witnessed' | 'elsewhere';
const OTHER_CITY = `other.oppidum.example/${'00'.repeat(32)}`;

const json = (evidence: Evidence): Bytes => new TextEncoder().encode(encodeEvidenceJson(evidence));

function vectorOf(verdict: Verdict, step: string, why: string, evidence: Evidence | Bytes, more: Partial<Vector> = {}): Vector {
  const file = evidence instanceof Uint8Array ? evidence : encodeEvidence(evidence);
  return { why, policy: 'first', ...more, file, verdict, step };
}

/** A city of its own for a device that is not as it should be; same genesis, so the same policy. */
function cityWith(prepare: (city: EvidenceCity) => void, changes: Parameters<EvidenceCity['sign']>[1] = {}): Evidence {
  const city = new EvidenceCity();
  prepare(city);
  const index = city.keep(city.sign(1, changes));
  return city.proveReading(index, city.anchor());
}

const ENTITLED = 'entitled when anchored';

function readingVectors(): readonly Vector[] {
  const city = new EvidenceCity();
  const [first = 0, second = 0] = [1, 2].map((n) => city.keep(city.sign(n)));
  const anchored = city.anchor();
  const reading = city.proveReading(first, anchored);
  const next = city.city.height + 1;
  city.put(deviceKind, [city.device], city.deviceRecord({ status: 'revoked', to: next, reason: 'stolen' }));
  const afterwards = city.proveReading(second, anchored);
  const { anchor, state } = reading;
  const secure = new EvidenceCity({ device: es256Signer });
  const bySecure = secure.proveReading(secure.keep(secure.sign(1)), secure.anchor());
  const stranger = { signer: namedSigner('mallory') };
  return [
    vectorOf('OK', 'signature', 'a reading', reading),
    vectorOf('OK', 'signature', 'the same in JSON', json(reading)),
    vectorOf('OK', 'signature', 'by a secure element: ES256 with low s', bySecure),
    vectorOf('OK', 'signature', 'the device was revoked afterwards', afterwards),
    vectorOf('UNREADABLE', 'format', 'a byte after the end', concatBytes(encodeEvidence(reading), Uint8Array.of(0))),
    vectorOf('UNREADABLE', 'format', 'cut short', encodeEvidence(reading).subarray(0, -1)),
    vectorOf(
      'UNREADABLE',
      'format',
      'JSON on one line',
      new TextEncoder().encode(JSON.stringify(JSON.parse(parseUtf8(json(reading))))),
    ),
    vectorOf('UNSUPPORTED_VERSION', 'format', 'version 2', { ...reading, version: 2 }),
    vectorOf('NOT_OURS', 'checkpoint', 'under the policy of another city', reading, { policy: 'elsewhere' }),
    vectorOf(
      'NOT_OURS',
      'reading',
      'signed for another city',
      cityWith(() => undefined, { audience: namedId('elsewhere') }),
    ),
    vectorOf('NOT_IN_LOG', 'anchor in log', 'the anchor at another position', { ...reading, anchor: { ...anchor, position: 1 } }),
    vectorOf('HASH_MISMATCH', 'anchor in log', 'no such action', { ...reading, anchor: { ...anchor, action: 1 } }),
    vectorOf('NOT_IN_LOG', 'entry in shard', 'another reading in its place', { ...reading, envelope: city.sign(3) }),
    vectorOf('NOT_IN_LOG', 'entry in shard', 'another index', { ...reading, shard: { ...reading.shard, index: 1 } }),
    vectorOf('KEY_UNKNOWN', 'device records', 'a record is missing', {
      ...reading,
      state: { ...state, values: state.values.slice(1) },
    }),
    vectorOf('HASH_MISMATCH', 'device records', 'suspensions are not in the proof', withheld()),
    vectorOf(
      'KEY_REVOKED',
      ENTITLED,
      'the key was revoked',
      cityWith((it) => it.put(deviceKeyKind, [it.device, 0], it.keyRecord({ to: 5 }))),
    ),
    vectorOf(
      'REVOKED',
      ENTITLED,
      'the device was suspended',
      cityWith((it) => it.put(suspensionKind, [it.device, 5], { reason: 'tilted' })),
    ),
    vectorOf(
      'NOT_YET_VALID',
      ENTITLED,
      'the key was not active yet',
      cityWith((it) => it.put(deviceKeyKind, [it.device, 0], it.keyRecord({ from: 99 }))),
    ),
    vectorOf(
      'SIGNATURE_INVALID',
      'signature',
      'another key signed',
      cityWith(() => undefined, stranger),
    ),
  ];
}

/** A suspended device, whose suspension the proof does not cover. */
function withheld(): Evidence {
  const city = new EvidenceCity();
  city.put(suspensionKind, [city.device, 5], { reason: 'tilted' });
  const index = city.keep(city.sign(1));
  const evidence = city.proveReading(index, city.anchor());
  return { ...evidence, state: city.stateHop(city.deviceRanges().slice(0, 4)) };
}

function checkpointVectors(): readonly Vector[] {
  const city = new EvidenceCity();
  city.keep(city.sign(1));
  const evidence = city.proveTransaction(city.anchor());
  const [v0, v1, v2, v3] = city.validators as [TestValidator, TestValidator, TestValidator, TestValidator];
  const head = { origin: city.origin, size: city.log.size, root: city.log.root() };
  const under = (
    verdict: Verdict,
    why: string,
    log: TestValidator,
    cosigners: readonly TestValidator[],
    more?: Partial<Vector>,
  ) =>
    vectorOf(
      verdict,
      verdict === 'OK' ? 'transaction in log' : 'checkpoint',
      why,
      { ...evidence, checkpoint: testNote(head, log.log, cosigners) },
      more,
    );
  return [
    under('OK', 'the validators 0, 1, 2', v0, [v0, v1, v2]),
    under('OK', 'the validators 1, 2, 3, logged by 3', v3, [v1, v2, v3]),
    under('QUORUM_MISSING', 'two validators', v0, [v0, v1]),
    under('QUORUM_MISSING', 'nobody', v0, []),
    under('QUORUM_MISSING', 'strangers', v0, testValidators('stranger', 3)),
    under('UNREADABLE', 'one validator too many', v0, [v0, v1, v2, v3]),
    under('UNREADABLE', 'in another order', v0, [v1, v0, v2]),
    under('SIGNATURE_INVALID', 'logged by a stranger', { ...v0, log: namedSigner('mallory') }, [v0, v1, v2]),
    under('WITNESS_MISSING', 'the outside witness did not cosign', v0, [v0, v1, v2], { policy: 'witnessed' }),
    under('OK', 'the outside witness did', v0, [v0, v1, v2, outsideWitness()], { policy: 'witnessed' }),
    under('LOG_INCONSISTENT', 'another head of this size was seen', v0, [v0, v1, v2], {
      seen: { size: head.size, root: namedId('another root') },
    }),
  ];
}

function outsideWitness(): TestValidator {
  return { name: 'outside', log: namedSigner('outside'), cosigner: namedSigner('outside') };
}

function factVectors(): readonly Vector[] {
  const city = new EvidenceCity();
  const [first = 0, second = 0, third = 0] = [1, 2, 3].map((n) => city.keep(city.sign(n)));
  const anchored = city.anchor();
  const transaction = city.proveTransaction(anchored);
  const state = (segments: (Bytes | number)[], more: object = {}) => city.proveState({ kind: 'deviceKey', segments, ...more });
  const present = state([city.device, 0]);
  const another = state([city.shard]);
  const erased = city.proveErased([third, second], anchored);
  const shown = 'records';
  return [
    vectorOf('OK', 'transaction in log', 'a transaction', transaction),
    vectorOf('OK', 'transaction in log', 'the same in JSON', json(transaction)),
    vectorOf('NOT_IN_LOG', 'transaction in log', 'with another code', { ...transaction, code: 'NOT_AUTHORIZED' }),
    vectorOf('NOT_IN_LOG', 'transaction in log', 'without its events', { ...transaction, events: Uint8Array.of(0x80) }),
    vectorOf('OK', shown, 'a record is present', present),
    vectorOf('OK', shown, 'the same in JSON', json(present)),
    vectorOf('OK', shown, 'a record is absent', state([city.device, 1])),
    vectorOf('OK', shown, 'all keys of a device', state([city.device])),
    vectorOf('OK', shown, 'all keys of all devices', state([])),
    vectorOf('OK', shown, 'the keys 0 to 5 of a device', state([city.device], { from: 0, to: 5 })),
    vectorOf('HASH_MISMATCH', 'claim', 'another claim', { ...present, claim: { kind: 'deviceKey', segments: [city.device, 1] } }),
    vectorOf('HASH_MISMATCH', 'state proof', 'the proof of another claim', { ...present, state: another.state }),
    vectorOf('HASH_MISMATCH', 'state proof', 'another value', {
      ...present,
      state: { ...present.state, values: [Uint8Array.of(0xa0)] },
    }),
    vectorOf('ERASED', 'entry in erasure', 'an erased reading', erased),
    vectorOf('ERASED', 'entry in erasure', 'the same in JSON', json(erased)),
    vectorOf('NOT_IN_LOG', 'entry in erasure', 'another salt', { ...erased, salt: new Uint8Array(16) }),
    vectorOf('NOT_IN_LOG', 'entry in shard', 'a reading that was not erased', {
      ...erased,
      entry: city.entries[first]?.digest ?? erased.entry,
    }),
  ];
}

/** The same city under three policies, one after the other. */
function successorVectors(): { readonly vectors: readonly Vector[]; readonly policies: Record<'second' | 'third', Policy> } {
  const city = new EvidenceCity();
  const index = city.keep(city.sign(1));
  const reading = city.proveReading(index, city.anchor());
  const second = city.changePolicy('second', 4);
  const third = city.changePolicy('third', 1);
  city.put(policyEffectiveKind, [], { policy: encodePolicy(nodeCrypto, third.policy), from: city.city.height });
  const consistency = city.log.consistency(headOf(reading).size);
  const refreshed = refreshEvidence(nodeCrypto, reading, city.policy, { note: city.checkpoint(), consistency });
  if ('code' in refreshed) throw new Error(refreshed.code);
  const { prior = { size: 1, root: city.shard, consistency: [] } } = refreshed.evidence;
  const newest = { policy: 'third' };
  const announced = (why: string, evidence: StateEvidence, verdict: Verdict, more: Partial<Vector>) =>
    vectorOf(verdict, verdict === 'QUORUM_MISSING' ? 'checkpoint' : 'records', why, evidence, more);
  const vectors = [
    announced('the second policy under the first', second.announced, 'OK', { policy: 'first' }),
    announced('the third policy under the second', third.announced, 'OK', { policy: 'second' }),
    announced('the third policy under the first', third.announced, 'QUORUM_MISSING', { policy: 'first' }),
    announced('the second policy by one who knows the third', second.announced, 'POLICY_STALE', {
      ...newest,
      former: ['second', 'first'],
    }),
    vectorOf('POLICY_STALE', 'signature', 'a reading under a former policy', reading, { ...newest, former: ['second', 'first'] }),
    vectorOf('QUORUM_MISSING', 'checkpoint', 'under a policy nobody knows to be a former one', reading, newest),
    vectorOf('OK', 'signature', 'refreshed', refreshed.evidence, newest),
    vectorOf(
      'LOG_INCONSISTENT',
      'older head',
      'an older head of another log',
      { ...refreshed.evidence, prior: { ...prior, root: city.shard } },
      newest,
    ),
  ];
  return { vectors, policies: { second: second.policy, third: third.policy } };
}

function policies(others: Record<'second' | 'third', Policy>): Record<PolicyName, string> {
  const { policy, validators } = new EvidenceCity();
  const { name, cosigner } = outsideWitness();
  const witnessed: Policy = {
    ...policy,
    witnesses: [...policy.witnesses, { name, key: { name, algorithm: 'cosignature', publicKey: cosigner.publicKey }, url: null }],
    groups: [...policy.groups, { name: 'all', threshold: 2, members: ['validators', name] }],
    quorum: 'all',
  };
  const text = (one: Policy) => parseUtf8(encodePolicy(nodeCrypto, one));
  const { second, third } = others;
  return {
    first: text(policy),
    second: text(second),
    third: text(third),
    witnessed: text(witnessed),
    elsewhere: text(testPolicy(OTHER_CITY, validators)),
  };
}

function renderVector({ file, seen, ...vector }: Vector) {
  return { ...vector, ...(seen === undefined ? {} : { seen: [{ size: seen.size, root: toHex(seen.root) }] }), file: toHex(file) };
}

/** Name and text of every file in vectors/evidence. */
export function renderEvidenceVectors(): readonly (readonly [string, string])[] {
  const successors = successorVectors();
  const files = {
    'readings.json': readingVectors(),
    'checkpoints.json': checkpointVectors(),
    'facts.json': factVectors(),
    'policies.json': successors.vectors,
  };
  const known = policies(successors.policies);
  return Object.entries(files).map(([name, vectors]) => {
    const used = new Set(vectors.flatMap(({ policy, former = [] }) => [policy, ...former]));
    const shown = Object.fromEntries(Object.entries(known).filter(([policy]) => used.has(policy)));
    return [name, `${JSON.stringify({ policies: shown, cases: vectors.map(renderVector) }, null, 2)}\n`];
  });
}

if (import.meta.main) {
  const folder = join(resolve(import.meta.dirname, '..'), 'vectors/evidence');
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of renderEvidenceVectors()) writeFileSync(join(folder, name), text);
}
