import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { parseHex } from '@oppidum/formats/bytes';
import { ERRORS } from '@oppidum/formats/error-catalogue';
import { LIMITS } from '@oppidum/formats/limits';
import { VERDICTS } from '@oppidum/formats/verdicts';

const ROOT = resolve(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const spec = read('specs/evidence.md');
const digits = (n: number) => String(n).replaceAll(/\B(?=(\d{3})+$)/g, ',');

test('specs/evidence.md says what every verdict is for, and in which color', () => {
  for (const [verdict, { color }] of Object.entries(VERDICTS)) {
    const rows = spec.split('\n').filter((line) => line.startsWith('| `') && line.includes(`\`${verdict}\``));
    const isToCome = verdict === 'EXPIRED';
    if (isToCome) assert.match(spec, new RegExp(`\`${verdict}\`.* to come`));
    else
      assert.ok(
        rows.some((row) => row.includes(`| ${color} |`)),
        verdict,
      );
  }
});

test('specs/evidence.md names every step that a vector ends in', () => {
  for (const name of ['readings', 'checkpoints', 'facts', 'policies']) {
    const { cases } = JSON.parse(read(`vectors/evidence/${name}.json`)) as { cases: readonly { step: string; file: string }[] };
    for (const { step, file } of cases) {
      assert.ok(spec.includes(`\`${step}\``), step);
      assert.ok(parseHex(file).length > 0);
    }
  }
});

test('the limits in the specifications are those of the code', () => {
  assert.ok(spec.includes(`at most ${digits(LIMITS.evidenceSizeMax)} bytes`));
  assert.ok(spec.includes(`at most ${digits(2 * LIMITS.evidenceSizeMax)} characters`));
  assert.ok(read('specs/readings-and-receipts.md').includes(`at most ${digits(LIMITS.readingSizeMax)} bytes`));
  const cbor = read('specs/cbor.md');
  assert.ok(cbor.includes(`deeper than ${LIMITS.cborDepthMax}`) && cbor.includes(`more than ${digits(LIMITS.cborItemCountMax)}`));
});

test('every code that these specifications name is in the catalogue, or a verdict', () => {
  const known = new Set([...Object.keys(ERRORS), ...Object.keys(VERDICTS)]);
  for (const page of ['cbor', 'signatures', 'readings-and-receipts', 'evidence']) {
    const codes = read(`specs/${page}.md`).match(/(?<=`)[A-Z][A-Z]+_?[A-Z_]*(?=`)/g) ?? [];
    for (const code of codes) assert.ok(known.has(code) || ['CBOR', 'JSON', 'COSE', 'OK'].includes(code), `${page}: ${code}`);
  }
});
