import assert from 'node:assert/strict';
import { test } from 'node:test';
import { importsOf } from './imports.ts';
import { assertLaw, type Breach } from './law.ts';
import { sources } from './sources.ts';

const ENTRY = 'services/telemetry/src/fsck-main.ts';
const FOLDER = 'services/telemetry/src/fsck/';
/** That nobody else uses the folder, and how an entry point ends: nothing of what is written or how. */
const BESIDE_THE_ENTRY = new Set(['services/node/src/folder-lock.ts', 'services/node/src/run-entry.ts']);

test('what derives a data folder again shares nothing with what writes it', () => {
  const breaches: Breach[] = [];
  const files = sources().filter(({ path, isTest }) => !isTest && (path === ENTRY || path.startsWith(FOLDER)));
  for (const source of files) {
    for (const { target, line } of importsOf(source)) {
      const isShared = target === null || /^(core|sdk\/crypto)\//.test(target) || target.startsWith(FOLDER);
      const isEntry = source.path === ENTRY && (target === ENTRY || BESIDE_THE_ENTRY.has(target ?? ''));
      if (!isShared && !isEntry) breaches.push({ file: source.path, what: `line ${line}: ${target} belongs to a writer` });
    }
  }
  assert.ok(files.length > 10);
  assertLaw('imports', breaches);
});
