import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { renderCddl } from '../../tools/cddl.ts';

test('specs/oppidum.cddl says what the schemas say', () => {
  const text = readFileSync(join(resolve(import.meta.dirname, '../..'), 'specs/oppidum.cddl'), 'utf8');
  assert.equal(text, renderCddl(), 'run `node tools/cddl.ts`');
});

test('no rule of specs/oppidum.cddl is defined twice', () => {
  const names = renderCddl().match(/^[a-zA-Z-]+(?= =)/gm) ?? [];
  assert.ok(names.length > 30);
  assert.equal(new Set(names).size, names.length);
});
