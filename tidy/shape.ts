/** How a file may look: lengths, and a language without hidden doors. */

import { type Node, SyntaxKind } from 'typescript/unstable/ast';
import {
  isArrowFunction,
  isCallExpression,
  isClassDeclaration,
  isConstructorDeclaration,
  isEnumDeclaration,
  isExportAssignment,
  isExportDeclaration,
  isFunctionDeclaration,
  isFunctionExpression,
  isFunctionLikeDeclaration,
  isModuleDeclaration,
  isParameterDeclaration,
  isVariableStatement,
} from 'typescript/unstable/ast/is';
import type { Breach } from './law.ts';
import { lineOf, type Source, walk } from './sources.ts';

export const FILE_LINES_MAX = 400;
export const FUNCTION_LINES_MAX = 70;

/** The file's own length in lines, when it is too long. */
export function findLongFile({ path, text }: Source): Breach[] {
  const lines = text.trimEnd().split('\n').length;
  return lines > FILE_LINES_MAX ? [{ file: path, what: `${lines} lines, at most ${FILE_LINES_MAX}` }] : [];
}

/** Functions, methods and arrows that are too long; `describe(…)` only groups tests and is not counted. */
export function findLongFunctions(source: Source): Breach[] {
  const found: Breach[] = [];
  walk(source.tree, (node) => {
    if (!isFunctionLikeDeclaration(node) || isGroupOfTests(node)) return;
    const first = lineOf(source, node);
    const last = source.tree.getLineAndCharacterOfPosition(node.end).line + 1;
    const lines = last - first + 1;
    if (lines > FUNCTION_LINES_MAX)
      found.push({ file: source.path, what: `line ${first}: a function of ${lines} lines, at most ${FUNCTION_LINES_MAX}` });
  });
  return found;
}

function isGroupOfTests(node: Node): boolean {
  return isCallExpression(node.parent) && /^(describe|suite)$/.test(node.parent.expression.getText());
}

/** Forms this house does without: each hides a name, a side effect or a second way to say the same. */
export function findFancyLanguage(source: Source): Breach[] {
  const found: Breach[] = [];
  walk(source.tree, (node) => {
    const what = describeFancy(source, node);
    if (what !== null) found.push({ file: source.path, what: `line ${lineOf(source, node)}: ${what}` });
  });
  if (/(^|\/)index\.ts$/.test(source.path))
    found.push({ file: source.path, what: 'a file is named after what it holds, not index.ts' });
  const silenced = source.text.match(/@ts-(ignore|expect-error|nocheck)|biome-ignore|\b(TODO|FIXME|XXX)\b/);
  if (silenced !== null && source.house !== 'tidy')
    found.push({ file: source.path, what: `${silenced[0]}: finish it, or make it unnecessary` });
  return found;
}

function describeFancy(source: Source, node: Node): string | null {
  if (isExportAssignment(node)) return 'no default export: name it';
  if (isExportDeclaration(node) && node.moduleSpecifier !== undefined) return 'no barrel: import from the file that defines it';
  if (isEnumDeclaration(node)) return 'no enum: use a union of texts';
  if (isModuleDeclaration(node) && !/^(\s*declare module ['"])/.test(node.getText(source.tree)))
    return 'no namespace: use a file';
  if (node.kind === SyntaxKind.Decorator) return 'no decorator: call the function';
  if (isParameterDeclaration(node) && isConstructorDeclaration(node.parent) && (node.modifiers?.length ?? 0) > 0) {
    return 'no parameter property: write the field';
  }
  if (isExported(node) && (node.modifiers ?? []).some(({ kind }) => kind === SyntaxKind.DefaultKeyword))
    return 'no default export: name it';
  if (isCallExpression(node) && /^(test|it|describe|suite)\.only$/.test(node.expression.getText(source.tree)))
    return '.only hides all other tests';
  return null;
}

function isExported(node: Node): node is Node & { readonly modifiers: readonly Node[] } {
  const modifiers = 'modifiers' in node ? (node.modifiers as readonly Node[] | undefined) : undefined;
  return (modifiers ?? []).some(({ kind }) => kind === SyntaxKind.ExportKeyword);
}

/** Exported functions and classes without a sentence that says what they do. */
export function findUndocumented(source: Source): Breach[] {
  const found: Breach[] = [];
  source.tree.forEachChild((node) => {
    if (!isExported(node) || hasDocstring(source, node)) return;
    if (isFunctionDeclaration(node) || isClassDeclaration(node)) {
      found.push({ file: source.path, what: `line ${lineOf(source, node)}: ${node.name?.text ?? 'this'} has no docstring` });
    }
    if (!isVariableStatement(node)) return;
    for (const { initializer, name } of node.declarationList.declarations) {
      const isFunction = initializer !== undefined && (isArrowFunction(initializer) || isFunctionExpression(initializer));
      if (isFunction)
        found.push({ file: source.path, what: `line ${lineOf(source, node)}: ${name.getText(source.tree)} has no docstring` });
    }
  });
  return found;
}

function hasDocstring(source: Source, node: Node): boolean {
  return /\/\*\*[\s\S]*\w[\s\S]*\*\/\s*$/.test(source.text.slice(node.pos, node.getStart(source.tree)));
}
