import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ERRORS } from '@oppidum/formats/error-catalogue';
import { isNoSubstitutionTemplateLiteral, isStringLiteral } from 'typescript/unstable/ast/is';
import { renderErrorDocs } from '../tools/error-docs.ts';
import { assertLaw, type Breach } from './law.ts';
import { productSources, ROOT, type Source, sources, trackedFiles, walk } from './sources.ts';

const CATALOGUE = 'core/formats/src/error-catalogue.ts';
const DOCS = 'docs/errors.md';

/** All texts of these files that could be a code. */
function literals(files: readonly Source[]): Set<string> {
  const found = new Set<string>();
  for (const { tree } of files) {
    walk(tree, (node) => {
      if ((isStringLiteral(node) || isNoSubstitutionTemplateLiteral(node)) && /^[A-Z][A-Z0-9_]+$/.test(node.text))
        found.add(node.text);
    });
  }
  return found;
}

/** Codes that a vector expects: the tests that read the vectors assert them. */
function codesOfVectors(): string[] {
  const files = trackedFiles().filter((file) => /^vectors\/.*\.json$/.test(file));
  return files.flatMap((file) => readFileSync(join(ROOT, file), 'utf8').match(/(?<=")[A-Z][A-Z0-9_]+(?=")/g) ?? []);
}

test('every error code is given somewhere and asserted by a test', () => {
  const given = literals(productSources().filter(({ path }) => path !== CATALOGUE));
  const asserted = literals(sources().filter(({ isTest, house }) => isTest || house === 'test'));
  for (const code of codesOfVectors()) asserted.add(code);
  const breaches: Breach[] = [];
  for (const code of Object.keys(ERRORS)) {
    if (!given.has(code)) breaches.push({ file: CATALOGUE, what: `${code} is never given: use it or remove it` });
    if (!asserted.has(code)) breaches.push({ file: CATALOGUE, what: `${code} is asserted by no test` });
  }
  assertLaw('error-codes', breaches);
});

test('docs/errors.md says what the catalogue says', () => {
  assert.equal(readFileSync(join(ROOT, DOCS), 'utf8'), renderErrorDocs(), 'run `node tools/error-docs.ts`');
});

test('every code has a sentence, an action, an HTTP status and an exit code', () => {
  for (const [code, { message, action, httpStatus, exitCode }] of Object.entries(ERRORS)) {
    assert.match(message, /^[A-Z`].*[^.!]$/, `${code}: a sentence without its full stop`);
    assert.match(action, /^[A-Z`].*[^.!]$/, `${code}: an action without its full stop`);
    assert.ok(httpStatus >= 400 && httpStatus <= 599, `${code}: HTTP status ${httpStatus}`);
    // 6 is a verdict's.
    assert.ok([1, 2, 3, 4, 5, 7].includes(exitCode), `${code}: exit code ${exitCode}`);
  }
});
