import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '@oppidum/formats/bytes';
import { encodeEvidence, type StateClaim } from '@oppidum/formats/evidence';
import { verifyFile } from '@oppidum/proofs/verify-file';
import { nodeCrypto } from '../../../test/support/crypto.ts';
import { EvidenceCity } from '../../../test/support/evidence.ts';
import { type Asked, askedText, evidencePathOf, isAbout, parseAsked, recordsOf } from './asked.ts';

const id = 'ab'.repeat(32);
const ASKED: readonly (readonly [Asked, path: string])[] = [
  [{ by: 'id', id }, `/api/v1/evidence/${id}`],
  [recordsOf('policyEffective'), '/api/v1/evidence/state?kind=policyEffective&segments='],
  [recordsOf('suspension', id), `/api/v1/evidence/state?kind=suspension&segments=${id}`],
  [recordsOf('role', id, id), `/api/v1/evidence/state?kind=role&segments=${id}%2C${id}`],
  [
    { by: 'records', kind: 'anchor', segments: [id], from: 5, to: 90 },
    `/api/v1/evidence/state?kind=anchor&segments=${id}&from=5&to=90`,
  ],
  [
    { by: 'records', kind: 'deviceKey', segments: [id], from: 1, to: null },
    `/api/v1/evidence/state?kind=deviceKey&segments=${id}&from=1`,
  ],
  [
    { by: 'readings', device: id, keyNumber: 2, fromMs: 0, toMs: 1_767_225_600_000 },
    `/api/v1/evidence/readings?device=${id}&key=2&from=0&to=1767225600000`,
  ],
];

test('what is asked has one text, which is read again, and one place where the city answers it', () => {
  for (const [asked, path] of ASKED) {
    assert.deepEqual(parseAsked(askedText(asked)), asked);
    assert.equal(evidencePathOf(asked).path, path);
  }
});

for (const text of [
  '',
  'records',
  'records.nothing',
  'records.__proto__',
  `records.device.${id.slice(1)}`,
  `records.device.${id}.${id}`,
  `records.device.${id}.1-2`,
  `records.suspension.5`,
  `records.suspension.${id}.01`,
  `readings.${id}.0`,
  `readings.${id}.0.5-5`,
  `readings.${id}.0.-5`,
  `readings.${id}.0.1-5.6`,
  `other.${id}`,
])
  test(`${JSON.stringify(text)} asks for nothing`, () => assert.equal(parseAsked(text), null));

test('true evidence is about what was asked, or about something else', () => {
  const city = new EvidenceCity({ validatorCount: 1 });
  const prove = (claim: StateClaim): Uint8Array => encodeEvidence(city.proveState(claim));
  const device = toHex(city.device);
  const files = {
    device: prove({ kind: 'device', segments: [city.device] }),
    keys: prove({ kind: 'deviceKey', segments: [city.device] }),
    someKeys: prove({ kind: 'deviceKey', segments: [city.device], from: 0, to: 3 }),
    reading: encodeEvidence(city.proveReading(city.keep(city.sign(1)), city.anchor())),
  };
  const facts = (file: Uint8Array) => {
    const { report } = verifyFile(nodeCrypto, file, { policy: city.policy });
    assert.equal(report.verdict, 'OK');
    return report.facts;
  };
  const asked: Readonly<Record<keyof typeof files, Asked>> = {
    device: recordsOf('device', device),
    keys: recordsOf('deviceKey', device),
    someKeys: { by: 'records', kind: 'deviceKey', segments: [device], from: 0, to: 3 },
    reading: { by: 'id', id: String(facts(files.reading)['id']) },
  };
  for (const [name, each] of Object.entries(asked))
    for (const [of, file] of Object.entries(files))
      assert.equal(isAbout(each, file, facts(file)), of === name, `${name} by ${of}`);
  const range: Asked = { by: 'readings', device, keyNumber: 0, fromMs: 0, toMs: 1 };
  for (const file of Object.values(files)) assert.equal(isAbout(range, file, facts(file)), false);
});
