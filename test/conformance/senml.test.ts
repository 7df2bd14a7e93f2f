import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { runSenmlSuite } from '@oppidum/cli/conformance/senml';
import { sharedFolder } from '../support/shared.ts';

const shared = sharedFolder();

test('the examples of the SenML specification', {
  skip: shared === null ? 'the shared test data is not here' : false,
}, async () => {
  const result = await runSenmlSuite(join(shared as string, 'data', 'senml'));
  assert.deepEqual(result.failures, []);
  assert.equal(result.passed, 20);
  assert.deepEqual(
    result.skips.map(({ file }) => file),
    ['ex3.gen.cbor.diag'],
  );
});

/** Runs the suite over files of our own in a folder below the one that is named. */
async function runOver(files: Readonly<Record<string, string>>) {
  const dir = mkdtempSync(join(tmpdir(), 'oppidum-senml-'));
  try {
    mkdirSync(join(dir, 'examples'));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, 'examples', name), text);
    return await runSenmlSuite(dir);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

const EXAMPLE = '[{"bn":"urn:dev:x:","n":"a","v":1.5},{"n":"b","t":-2,"vb":true}]';

test('relative times must fit one now', async () => {
  const resolved = (t: number) => `[{"n":"urn:dev:x:b","t":${t},"vb":true},{"n":"urn:dev:x:a","t":1.5e9,"v":1.5}]`;
  assert.equal((await runOver({ 'ex1.json': EXAMPLE, 'ex1.gen.resolved.json': resolved(1_499_999_998) })).passed, 2);
  const wrong = await runOver({ 'ex1.json': EXAMPLE, 'ex1.gen.resolved.json': resolved(1_499_999_997) });
  assert.deepEqual(
    wrong.failures.map(({ file, reason }) => [file, reason]),
    [[join('examples', 'ex1.gen.resolved.json'), 'record 1: timeS differs']],
  );
});

const CBOR_DUMPS: Readonly<Record<string, string>> = {
  'with offsets': '0000 81 a3 00 61 61 02 01 06 |..aa...|\n0008 1a 6a b1 3b 80           |.j.;.|\n000d\n',
  'as xxd writes it': '00000000: 81a3 0061 6102 0106  ...aa...\n00000008: 1a6a b13b 80         .j.;.\n',
  'digits and comments': '81 a3 # one record\n  00 6161 # name\n  02 01\n  06 1A6AB13B80\n',
};

for (const [why, dump] of Object.entries(CBOR_DUMPS)) {
  test(`a hex dump ${why}`, async () => {
    const result = await runOver({ 'ex1.json': '[{"n":"a","t":1790000000,"v":1}]', 'ex1.gen.cbor.hex': dump });
    assert.deepEqual([result.passed, result.failures], [2, []]);
  });
}

test('what is wrong fails with its reason, what is not read is skipped with its reason', async () => {
  const result = await runOver({
    'ex1.json': '[{"n":"a","t":1790000000,"v":1}]',
    'ex1.gen.resolved.json': '[{"n":"a","t":1790000000,"v":1,"u":"V"}]',
    'ex1.gen.cbor.hex': '81a3006161020206',
    'ex1.gen.xml': '<sensml/>',
    'ex2.json': '[{"n":"a"}]',
    'ex3.gen.resolved.json': '[{"n":"a","t":1790000000,"v":1}]',
    'senml.cddl': 'no case',
  });
  assert.deepEqual([result.passed, result.failed, result.skipped], [1, 3, 2]);
  assert.match(result.failures[0]?.reason ?? '', /ends too early/);
  assert.equal(result.failures[1]?.reason, 'record 0: unit differs');
  assert.match(result.failures[2]?.reason ?? '', /not exactly one value/);
  assert.deepEqual(
    result.skips.map(({ reason }) => reason),
    ['no representation read here: .gen.xml', 'the example itself is not here'],
  );
});
