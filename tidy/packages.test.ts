import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { assertLaw, type Breach } from './law.ts';
import { ROOT, trackedFiles } from './sources.ts';

/** Licences that ask for no more than their notice. */
const PERMISSIVE = new Set(
  'MIT MIT-0 ISC BSD-2-Clause BSD-3-Clause Apache-2.0 0BSD BlueOak-1.0.0 Unlicense CC0-1.0 CC-BY-4.0 Python-2.0 Zlib WTFPL'.split(
    ' ',
  ),
);
/** Asks for the source of its own changed files (MPL-2.0 §3), and is no part of what is built or run: the style compiler of the page builder, and the judge of accessibility. */
const TOOLS_ONLY = /^(lightningcss(-[a-z0-9-]+)?|axe-core): MPL-2\.0$/;
const EXACT = /^(npm:(@[\w.-]+\/)?[\w.-]+@)?\d+\.\d+\.\d+(-[\w.]+)?$/;

type PackageFile = {
  name?: string;
  license?: string | { type: string };
  licenses?: { type: string }[];
} & Partial<Record<'dependencies' | 'devDependencies' | 'optionalDependencies' | 'overrides', Record<string, string>>>;

function readPackage(file: string): PackageFile {
  return JSON.parse(readFileSync(join(ROOT, file), 'utf8')) as PackageFile;
}

test('every dependency is pinned exactly', () => {
  const breaches: Breach[] = [];
  for (const file of trackedFiles().filter((path) => /(^|\/)package\.json$/.test(path))) {
    const parsed = readPackage(file);
    const all = { ...parsed.dependencies, ...parsed.devDependencies, ...parsed.optionalDependencies, ...parsed.overrides };
    for (const [name, version] of Object.entries(all)) {
      if (!EXACT.test(version)) breaches.push({ file, what: `${name} is ${version}: pin one version` });
    }
  }
  assertLaw('packages', breaches);
});

/** True when the SPDX expression can be met with permissive licences alone. */
function isPermissive(expression: string): boolean {
  const choices = expression.replaceAll(/[()]/g, '').split(/\s+OR\s+/);
  return choices.some((choice) => choice.split(/\s+AND\s+/).every((licence) => PERMISSIVE.has(licence.trim())));
}

test('every installed package has a permissive licence', () => {
  const files = globSync(
    ['node_modules/*/package.json', 'node_modules/@*/*/package.json', 'node_modules/**/node_modules/{*,@*/*}/package.json'],
    {
      cwd: ROOT,
    },
  );
  assert.ok(files.length > 100, 'packages are installed');
  const refused: string[] = [];
  for (const file of files) {
    const { name, license, licenses } = readPackage(file);
    if (name === undefined || name.startsWith('@oppidum/')) continue;
    const expression =
      typeof license === 'string' ? license : (license?.type ?? licenses?.map(({ type }) => type).join(' OR ') ?? 'none');
    if (!isPermissive(expression) && !TOOLS_ONLY.test(`${name}: ${expression}`)) refused.push(`${name}: ${expression}`);
  }
  assert.deepEqual(refused, []);
});
