import assert from 'node:assert/strict';
import { test } from 'node:test';
import { actionJson, eventJson } from '@oppidum/formats/action-json';
import { encodeEvidence, parseEvidenceFile } from '@oppidum/formats/evidence';
import { parseEvents } from '@oppidum/formats/result';
import { parsePayload } from '@oppidum/formats/transaction';
import { verifyEvidence } from '@oppidum/proofs/verify-evidence';
import { nodeCrypto } from '../../../test/support/crypto.ts';
import { EvidenceCity } from '../../../test/support/evidence.ts';
import { differences, type Shown } from './shown-facts.ts';

const device = 'ab'.repeat(32);
const record = { name: 'level', unit: 'm', value: 3.5, data: null, sum: null, timeMs: 1_767_225_600_123 };
const told = { device, label: 'Pump', sequence: 7, grade: 'device', personal: false } as const;
const shown = { fact: 'reading', ...told, timeMs: record.timeMs, records: [record] } as const satisfies Shown;
const proven = { name: `urn:oppidum:${device}:level`, unit: 'm', timeS: 1_767_225_600.123, value: 3.5 };
const report = { color: 'green', facts: { fact: 'reading', ...told, records: [proven] } } as const;
const NO_FILE = new Uint8Array(0);

test('what is proven may be shown', () => assert.deepEqual(differences(shown, report, NO_FILE), []));

const altered: Readonly<Record<string, Shown>> = {
  'another value': { ...shown, records: [{ ...record, value: 3.6 }] },
  'another unit': { ...shown, records: [{ ...record, unit: 'cm' }] },
  'another time': { ...shown, records: [{ ...record, timeMs: record.timeMs + 1 }] },
  'another name': { ...shown, records: [{ ...record, name: 'flow' }] },
  'a sum that nobody signed': { ...shown, records: [{ ...record, sum: 1 }] },
  'a record more': { ...shown, records: [record, record] },
  'a record less': { ...shown, records: [] },
};
for (const [why, other] of Object.entries(altered))
  test(`${why} is told`, () => assert.deepEqual(differences(other, report, NO_FILE), ['records']));

test('another device and number are told', () =>
  assert.deepEqual(
    differences({ ...shown, device: 'cd'.repeat(32), sequence: 8 }, report, NO_FILE).filter((name) => name !== 'records'),
    ['device', 'sequence'],
  ));

const untrue: Readonly<Record<string, Partial<typeof shown> | object>> = {
  label: { label: 'Another pump' },
  grade: { grade: 'imported' },
  time: { timeMs: record.timeMs + 1 },
};
for (const [name, change] of Object.entries(untrue))
  test(`another ${name} is told`, () => assert.deepEqual(differences({ ...shown, ...change }, report, NO_FILE), [name]));

test('values about people may be kept back, and none may be made up in their place', () => {
  const personal = { ...shown, personal: true } as const;
  const other = [{ ...record, value: 99 }];
  const facts = { ...report.facts, personal: true };
  assert.deepEqual(differences({ ...personal, records: [] }, { color: 'green', facts }, NO_FILE), []);
  assert.deepEqual(differences({ ...personal, records: other }, { color: 'green', facts }, NO_FILE), ['records']);
  assert.deepEqual(differences({ ...personal, records: other }, report, NO_FILE), ['personal', 'records']);
  assert.deepEqual(differences({ ...personal, records: [] }, report, NO_FILE), ['personal']);
});

test('bytes are compared as base64', () => {
  const bytes = { ...record, value: null, data: 'AAEC' };
  const facts = { ...report.facts, records: [{ ...proven, value: 'AAEC' }] };
  assert.deepEqual(differences({ ...shown, records: [bytes] }, { color: 'green', facts }, NO_FILE), []);
});

test('a transaction is compared by where it stands, who signed, what it did to its last field, and how it ended', () => {
  const city = new EvidenceCity({ validatorCount: 1 });
  const file = encodeEvidence(city.proveTransaction(city.anchor()));
  const proof = verifyEvidence(nodeCrypto, file, { policy: city.policy });
  assert.equal(proof.verdict, 'OK');
  const {
    height,
    code,
    signers,
    actions: kinds,
  } = proof.facts as unknown as Extract<Shown, { fact: 'transaction' }> & {
    readonly actions: string[];
  };
  const { validUntil, actions, events } = openTransaction(file);
  const honest: Shown = { fact: 'transaction', height, code, signers, kinds, validUntil, actions, events };
  assert.deepEqual(differences(honest, proof, file), []);
  // The order of members is nobody's statement.
  const [action] = actions;
  assert.ok(action !== undefined && events.length > 0);
  const turned = { kind: action.kind, body: Object.fromEntries(Object.entries(action.body).reverse()) };
  assert.deepEqual(differences({ ...honest, actions: [turned] }, proof, file), []);
  const otherBody = { ...action, body: { ...action.body, size: 999 } };
  const lies: Readonly<Record<string, Partial<typeof honest>>> = {
    height: { height: height + 1 },
    code: { code: 'NOT_AUTHORIZED' },
    signers: { signers: [] },
    kinds: { kinds: ['device/suspend'] },
    'valid until': { validUntil: validUntil + 1 },
    actions: { actions: [otherBody] },
    events: { events: [] },
  };
  for (const [name, lie] of Object.entries(lies))
    assert.deepEqual(differences({ ...honest, ...lie } as Shown, proof, file), [name], name);
});

/** As a city shows it: as JSON that was sent. */
function openTransaction(file: Uint8Array): Pick<Extract<Shown, { fact: 'transaction' }>, 'validUntil' | 'actions' | 'events'> {
  const evidence = parseEvidenceFile(file);
  assert.equal(evidence.fact, 'transaction');
  const { validUntil, actions } = parsePayload(evidence.payload);
  return JSON.parse(
    JSON.stringify({ validUntil, actions: actions.map(actionJson), events: parseEvents(evidence.events).map(eventJson) }),
  );
}

test('where nothing is proven nothing is compared', () =>
  assert.deepEqual(differences({ ...shown, sequence: 9 }, { color: 'red', facts: {} }, NO_FILE), []));
