import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { hasBegun } from '../cluster-folder.ts';
import { openingLine } from './tell.ts';

test('a city is made, begins or goes on', () => {
  assert.equal(openingLine('city', { founded: true, isFirst: false }), 'A new city was made in city.');
  assert.equal(openingLine('city', { founded: false, isFirst: true }), 'The city in city begins here.');
  assert.equal(openingLine('city', { founded: false, isFirst: false }), 'The city in city goes on.');
});

test('a folder has begun once there is a head in it', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'oppidum-begun-'));
  t.after(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'log'));
  writeFileSync(join(folder, 'log/last-signed'), '');
  assert.equal(hasBegun(folder), false, 'its founding signs nothing');
  writeFileSync(join(folder, 'log/checkpoint'), '');
  assert.equal(hasBegun(folder), true);
});
