import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { checkContradictions } from '@oppidum/contracts/safety/contradictions';
import { evaluateInterlocks, type SensorView } from '@oppidum/contracts/safety/interlocks';
import { parseHex } from '@oppidum/formats/bytes';
import { encodeBy } from '@oppidum/formats/common-schemas';
import { envelopeSchema, parseEnvelope } from '@oppidum/formats/envelope';
import { answerOf } from '@oppidum/ledger/action';
import { renderInterlockVectors } from '../../tools/interlock-vectors.ts';

const folder = new URL('../../vectors/interlocks/', import.meta.url);
const read = <T>(name: string): readonly T[] => JSON.parse(readFileSync(new URL(name, folder), 'utf8')).cases;

type EnvelopeCase = { why: string; envelope: string; code: string | null; first?: string; second?: string };
for (const { why, envelope, code, first, second } of read<EnvelopeCase>('envelopes.json')) {
  test(`envelope ${code ?? 'accepted'}: ${why}`, () => {
    const bytes = parseHex(envelope);
    const refused = answerOf(() => checkContradictions(parseEnvelope(bytes)));
    assert.equal(refused?.code ?? null, code);
    if (code === null) assert.deepEqual(encodeBy(envelopeSchema, parseEnvelope(bytes)), bytes);
    if (first !== undefined) assert.deepEqual([refused?.details['first'], refused?.details['second']], [first, second]);
  });
}

type Evaluation = {
  why: string;
  envelope: string;
  command: string;
  arguments: number[];
  nowMs: number;
  views: SensorView[];
  code: string | null;
  details?: object;
};
for (const { why, envelope: hex, nowMs, views, code, details, ...given } of read<Evaluation>('evaluations.json')) {
  test(`interlock ${code ?? 'passed'}: ${why}`, () => {
    const envelope = parseEnvelope(parseHex(hex));
    const sensors = envelope.quantities.flatMap((quantity) => quantity.sensors);
    const refused = evaluateInterlocks(envelope, given, nowMs, (sensor) => views[sensors.indexOf(sensor)]!);
    assert.deepEqual(refused, code === null ? null : { code, details });
  });
}

test('the vectors are what their tool writes', () => {
  for (const [name, text] of Object.entries(renderInterlockVectors())) {
    assert.equal(readFileSync(new URL(name, folder), 'utf8'), text, name);
  }
});
