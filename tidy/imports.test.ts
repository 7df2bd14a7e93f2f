import assert from 'node:assert/strict';
import { test } from 'node:test';
import { declaredDependencies, type Import, importsOf, PACKAGE_FOLDERS, packageOf } from './imports.ts';
import { assertLaw, type Breach } from './law.ts';
import { sampleSource } from './samples.ts';
import { type Source, sources } from './sources.ts';

/** The one-way law (ARCHITECTURE.md): what each house may import. `formats` sees nothing but itself. */
const MAY_SEE: Readonly<Record<string, readonly string[]>> = {
  'core/formats': [],
  'core/proofs': ['core/formats'],
  'core/ledger': ['core/formats', 'core/proofs'],
  'core/contracts': ['core/formats', 'core/proofs', 'core/ledger'],
  'sdk/crypto': ['core/formats'],
  'sdk/device': ['core/formats', 'core/proofs', 'sdk/crypto'],
  'services/abci': [],
  'services/node': ['core/formats', 'core/proofs', 'core/ledger', 'core/contracts', 'sdk/crypto', 'services/abci'],
  'services/telemetry': ['core/formats', 'core/proofs', 'core/ledger', 'core/contracts', 'sdk/crypto', 'services/node'],
  'services/gateway': [
    'core/formats',
    'core/proofs',
    'core/ledger',
    'core/contracts',
    'sdk/crypto',
    'services/node',
    'services/telemetry',
  ],
  'apps/city': ['core/formats', 'core/proofs', 'sdk/crypto', 'sdk/device'],
  'sdk/web-device': ['core/formats', 'sdk/device'],
  'sdk/onboarding': ['core/formats', 'sdk/device'],
  'apps/device-page': ['core/formats', 'sdk/device', 'sdk/web-device'],
  'apps/bridge': ['core/formats', 'core/proofs', 'sdk/crypto', 'sdk/device'],
  'sdk/pages': ['core/formats', 'core/proofs'],
  'apps/verifier': ['core/formats', 'core/proofs', 'sdk/pages'],
  'sdk/signing': ['core/formats', 'core/proofs', 'sdk/pages'],
  'apps/signer': ['core/formats', 'sdk/pages', 'sdk/signing'],
  'apps/console': ['core/formats', 'core/proofs', 'sdk/pages', 'sdk/device', 'sdk/onboarding', 'sdk/signing'],
  'apps/cli': ['core/formats', 'core/proofs', 'sdk/crypto', 'sdk/device', 'sdk/onboarding', 'sdk/signing'],
};

/** The command line launches services by these files and otherwise sees only types of the gateway's API. */
const ENTRY_POINTS = /^(services\/[a-z]+|apps\/city|apps\/bridge)\/src\/([a-z-]+-)?main\.ts$/;

const isCore = (house: string): boolean => house.startsWith('core/');

function checkImport(source: Source, imported: Import): string | null {
  const { specifier, target, typeOnly } = imported;
  const inPackage = source.house.includes('/');
  if (specifier.startsWith('node:')) return isCore(source.house) && !source.isTest ? 'core imports nothing of Node' : null;
  if (target === null) return checkPackage(source, packageOf(specifier));
  if (specifier.startsWith('.')) {
    if (!inPackage) return /^(test|tidy|tools)\//.test(target) ? null : 'name the package (@oppidum/…) instead of a path into it';
    if (target.startsWith(`${source.house}/`)) return null;
    // Launched, not loaded.
    if (source.house === 'apps/cli' && target === 'tools/pages.ts') return null;
    return source.isTest && target.startsWith('test/support/') ? null : 'a relative import leaves its package';
  }
  const house = PACKAGE_FOLDERS[packageOf(specifier)] ?? '';
  if (house === source.house) return 'inside a package import by ./path.ts';
  if (source.isTest || !inPackage || MAY_SEE[source.house]?.includes(house)) return null;
  if (source.house === 'apps/cli' && ENTRY_POINTS.test(target)) return null;
  if (/^apps\/(cli|console)$/.test(source.house) && typeOnly && house === 'services/gateway') return null;
  return `${source.house} may not see ${house}`;
}

function checkPackage(source: Source, name: string): string | null {
  const root = declaredDependencies('.');
  if (!source.house.includes('/')) return null;
  if (declaredDependencies(source.house).has(name)) return null;
  return source.isTest && root.has(name) ? null : `${name} is not among the dependencies of ${source.house}/package.json`;
}

test('imports go one way, by package name, and only to declared packages', () => {
  const breaches: Breach[] = [];
  for (const source of sources()) {
    for (const imported of importsOf(source)) {
      const what = checkImport(source, imported);
      if (what !== null) breaches.push({ file: source.path, what: `line ${imported.line}: '${imported.specifier}': ${what}` });
    }
  }
  assertLaw('imports', breaches);
});

const REFUSED: readonly (readonly [text: string, what: RegExp])[] = [
  ["import { a } from '@oppidum/proofs/merkle';", /may not see core\/proofs/],
  ["import type { A } from '@oppidum/node/client';", /may not see services\/node/],
  ["import { readFileSync } from 'node:fs';", /nothing of Node/],
  ["import { a } from '../../proofs/src/merkle.ts';", /leaves its package/],
  ["import { a } from '@oppidum/formats/cbor';", /import by \.\/path/],
  ["import { a } from 'lmdb';", /not among the dependencies/],
  ["export const a = () => import('@oppidum/ledger/block');", /may not see core\/ledger/],
  ["export const a = new URL('../../ledger/src/block.ts', 'x:');", /leaves its package/],
];

for (const [text, what] of REFUSED) {
  test(`formats may not hold: ${text}`, () => {
    const source = sampleSource(text);
    const [imported] = importsOf(source);
    assert.ok(imported !== undefined);
    assert.match(checkImport(source, imported) ?? '', what);
  });
}

test('formats may import its own files and its declared packages', () => {
  const source = sampleSource("import { a } from './cbor.ts';\nimport { b } from '@noble/hashes/sha2.js';");
  assert.deepEqual(
    importsOf(source).map((imported) => checkImport(source, imported)),
    [null, null],
  );
});

test('no file needs itself to load', () => {
  const edges = new Map(
    sources().map((source) => [
      source.path,
      importsOf(source).flatMap(({ target, typeOnly, atLoad }) => (target !== null && atLoad && !typeOnly ? [target] : [])),
    ]),
  );
  const breaches: Breach[] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    const at = trail.indexOf(path);
    if (at >= 0) breaches.push({ file: path, what: `a cycle of imports: ${[...trail.slice(at), path].join(' → ')}` });
    if (at >= 0 || done.has(path)) return;
    for (const next of edges.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of edges.keys()) visit(path, []);
  assertLaw('cycles', breaches);
});
