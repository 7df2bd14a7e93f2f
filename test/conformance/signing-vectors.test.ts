import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { renderVectors } from '../../tools/signing-vectors.ts';

test('vectors/signing is what the tool writes', () => {
  const folder = join(resolve(import.meta.dirname, '../..'), 'vectors/signing');
  for (const [name, text] of renderVectors()) assert.equal(readFileSync(join(folder, name), 'utf8'), text, name);
});
