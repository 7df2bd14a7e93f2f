import assert from 'node:assert/strict';
import { test } from 'node:test';
import { differences, type Shown } from './shown-facts.ts';

const device = 'ab'.repeat(32);
const record = { name: 'level', unit: 'm', value: 3.5, data: null, sum: null, timeMs: 1_767_225_600_123 };
const shown = { fact: 'reading', device, sequence: 7, records: [record] } as const satisfies Shown;
const proven = { name: `urn:oppidum:${device}:level`, unit: 'm', timeS: 1_767_225_600.123, value: 3.5 };
const report = { color: 'green', facts: { fact: 'reading', device, sequence: 7, records: [proven] } } as const;

test('what is proven may be shown', () => assert.deepEqual(differences(shown, report), []));

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
  test(`${why} is told`, () => assert.deepEqual(differences(other, report), ['records']));

test('another device and number are told', () =>
  assert.deepEqual(differences({ ...shown, device: 'cd'.repeat(32), sequence: 8 }, report).slice(0, 2), ['device', 'sequence']));

test('bytes are compared as base64', () => {
  const bytes = { ...record, value: null, data: 'AAEC' };
  const facts = { ...report.facts, records: [{ ...proven, value: 'AAEC' }] };
  assert.deepEqual(differences({ ...shown, records: [bytes] }, { color: 'green', facts }), []);
});

test('a transaction is compared by where it stands, who signed, what it did and how it ended', () => {
  const facts = { fact: 'transaction', height: 5, code: 'OK', signers: [device], actions: ['device/suspend'] };
  const told: Shown = { fact: 'transaction', height: 5, code: 'OK', signers: [device], kinds: ['device/suspend'] };
  assert.deepEqual(differences(told, { color: 'green', facts }), []);
  assert.deepEqual(differences({ ...told, code: 'NOT_AUTHORIZED', kinds: [] }, { color: 'green', facts }), ['code', 'actions']);
});

test('where nothing is proven nothing is compared', () =>
  assert.deepEqual(differences({ ...shown, sequence: 9 }, { color: 'red', facts: {} }), []));
