import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  isClassDeclaration,
  isFunctionDeclaration,
  isIdentifier,
  isTypeAliasDeclaration,
  isVariableStatement,
} from 'typescript/unstable/ast/is';
import { importsOf } from './imports.ts';
import { assertLaw, type Breach } from './law.ts';
import { lineOf, type Source, sources, walk } from './sources.ts';

/** Files that something outside TypeScript starts: `tools/run.cjs`, and services by their entry points. */
const ENTRIES =
  /^(apps\/[a-z-]+\/src\/main|services\/[a-z]+\/src\/main|tools\/test|tools\/[a-z-]+-docs|test\/(bench|simulator)\/main)\.tsx?$/;

test('every file is reached from an entry point or a test', () => {
  const byPath = new Map(sources().map((source) => [source.path, source]));
  const waiting = sources().filter(({ path, isTest }) => isTest || ENTRIES.test(path));
  const reached = new Set(waiting.map(({ path }) => path));
  for (let source = waiting.pop(); source !== undefined; source = waiting.pop()) {
    for (const { target } of importsOf(source)) {
      const next = target === null ? undefined : byPath.get(target);
      if (next === undefined || reached.has(next.path)) continue;
      reached.add(next.path);
      waiting.push(next);
    }
  }
  // Declarations are seen by the compiler alone.
  const dead = sources().filter(({ path }) => !reached.has(path) && !path.endsWith('.d.ts'));
  assertLaw(
    'dead-files',
    dead.map(({ path }) => ({ file: path, what: 'nothing reaches this file: use it or delete it' })),
  );
});

type Export = { readonly name: string; readonly isType: boolean; readonly line: number };

function exportsOf(source: Source): Export[] {
  const found: Export[] = [];
  source.tree.forEachChild((node) => {
    if (!/^export\b/.test(node.getText(source.tree))) return;
    const line = lineOf(source, node);
    if (isVariableStatement(node)) {
      for (const { name } of node.declarationList.declarations)
        found.push({ name: name.getText(source.tree), isType: false, line });
    } else if (isFunctionDeclaration(node) || isClassDeclaration(node)) {
      found.push({ name: node.name?.text ?? '', isType: false, line });
    } else if (
      isTypeAliasDeclaration(node) ||
      ('name' in node && /^export (declare )?interface\b/.test(node.getText(source.tree)))
    ) {
      const name = (node as unknown as { name: { text: string } }).name.text;
      found.push({ name, isType: true, line });
    }
  });
  return found;
}

/** How often each identifier stands in a file. */
function countIdentifiers(source: Source): Map<string, number> {
  const counts = new Map<string, number>();
  walk(source.tree, (node) => {
    if (isIdentifier(node)) counts.set(node.text, (counts.get(node.text) ?? 0) + 1);
  });
  return counts;
}

test('every export is used by another file', () => {
  const used = new Set<string>();
  const wholeFiles = new Set<string>();
  for (const source of sources()) {
    for (const { target, names, whole } of importsOf(source)) {
      if (target === null) continue;
      if (whole) wholeFiles.add(target);
      for (const name of names) used.add(`${target} ${name}`);
    }
  }
  assert.ok(used.size > 0, 'imports were found');
  const breaches: Breach[] = [];
  for (const source of sources()) {
    if (source.isTest || wholeFiles.has(source.path)) continue;
    const counts = countIdentifiers(source);
    for (const { name, isType, line } of exportsOf(source)) {
      if (used.has(`${source.path} ${name}`)) continue;
      // A type may be exported because it names a part of another export's shape.
      if (isType && (counts.get(name) ?? 0) > 1) continue;
      breaches.push({ file: source.path, what: `line ${line}: nobody imports ${name}: use it, drop \`export\` or delete it` });
    }
  }
  assertLaw('dead-exports', breaches);
});
