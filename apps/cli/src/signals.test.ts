import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { toHex } from '@oppidum/formats/bytes';
import { encodeBy } from '@oppidum/formats/common-schemas';
import { signalMatrixSchema } from '@oppidum/formats/signal-matrix';
import { signalPlansSchema } from '@oppidum/formats/signal-plan';
import { runCommand } from '../../../test/support/command-line.ts';
import { inFolder } from '../../../test/support/folder.ts';
import { digestOf, matrix, plans } from '../../../test/support/signals.ts';

const { matrix: _of, ...draft } = signalPlansSchema.toJson(plans) as Readonly<Record<string, never>>;

const DRAFTS = {
  'matrix.json': JSON.stringify(signalMatrixSchema.toJson(matrix)),
  'plans.json': JSON.stringify(draft),
};

test('drafts become the bodies that engineers sign', () =>
  inFolder(DRAFTS, async (cwd) => {
    const made = await runCommand(['signals', 'matrix', 'matrix.json', '--out', 'matrix.cbor'], { cwd });
    assert.equal(made.code, 0, made.stderr);
    assert.match(made.stdout, /^Main Street and Mill Lane: 9 phases, 12 pairs/);
    assert.match(made.stdout, /2 +Main east +major +at least 4 s +at least 1\.8 s +minimum 7 to 15 s +yellow +5 6 9 11/);
    assert.match(made.stderr, /For two engineers to sign: .* zone document draft <zone> matrix/);
    assert.equal(toHex(readFileSync(join(cwd, 'matrix.cbor'))), toHex(encodeBy(signalMatrixSchema, matrix)));
    const planned = await runCommand(['signals', 'plans', 'plans.json', '--matrix', 'matrix.cbor', '--out', 'plans.cbor'], {
      cwd,
    });
    assert.equal(planned.code, 0, planned.stderr);
    assert.match(planned.stdout, /3 +night +ordinary +actuated +100 s +0 s +2\+6\+9\+11 50 s, 1\+5 16 s, 4\+8\+10 34 s/);
    assert.equal(toHex(readFileSync(join(cwd, 'plans.cbor'))), toHex(encodeBy(signalPlansSchema, plans)));
    const drafted = await runCommand(['signals', 'plans', 'plans.json', '--matrix', 'matrix.json'], { cwd });
    assert.deepEqual([drafted.code, drafted.stdout], [0, planned.stdout]);
    const json = await runCommand(['signals', 'matrix', 'matrix.json', '--json'], { cwd });
    assert.equal((JSON.parse(json.stdout) as { digest: string }).digest, toHex(digestOf(matrix)));
  }));

test('an error is named by where, what and why, and nothing is written', () =>
  inFolder(DRAFTS, async (cwd) => {
    writeFileSync(join(cwd, 'matrix.cbor'), encodeBy(signalMatrixSchema, matrix));
    const bad = DRAFTS['plans.json'].replace('[2,6,9,11]', '[2,4,6,9,11]');
    writeFileSync(join(cwd, 'bad.json'), bad);
    const refused = await runCommand(['signals', 'plans', 'bad.json', '--matrix', 'matrix.cbor', '--out', 'bad.cbor'], { cwd });
    assert.equal(refused.code, 1);
    assert.match(
      refused.stderr,
      /plan 1 \(day\), stage 1.*phases 2 \(Main east\) and 4 \(Mill north\).*not declare them compatible/,
    );
    assert.throws(() => readFileSync(join(cwd, 'bad.cbor')), { code: 'ENOENT' });
    for (const text of ['', '[]', '{"local":1}', DRAFTS['matrix.json']]) {
      writeFileSync(join(cwd, 'bad.json'), text);
      const none = await runCommand(['signals', 'plans', 'bad.json', '--matrix', 'matrix.cbor'], { cwd });
      assert.notEqual(none.code, 0, text);
      assert.doesNotMatch(none.stderr, /^\s+at /m, 'no stack');
    }
  }));
