/**
 * What core may not contain, because two replicas could then disagree: clocks, randomness, IO, waiting,
 * what depends on locale, Unicode version or stack depth, and arithmetic that engines may round differently.
 */

import { type Node, SyntaxKind, type TryStatement } from 'typescript/unstable/ast';
import {
  isBinaryExpression,
  isBindingElement,
  isCallExpression,
  isForOfStatement,
  isIdentifier,
  isNumericOrStringLikeLiteral,
  isPropertyAccessExpression,
  isRegularExpressionLiteral,
  isTryStatement,
  isVariableStatement,
} from 'typescript/unstable/ast/is';
import type { Breach } from './law.ts';
import { lineOf, type Source, walk } from './sources.ts';

const GLOBALS = new Set(
  (
    'Date Intl Promise Temporal console process performance fetch setTimeout setInterval setImmediate queueMicrotask ' +
    'WeakRef FinalizationRegistry SharedArrayBuffer Atomics eval Function RangeError globalThis require Buffer'
  ).split(' '),
);
const METHODS = new Set(
  'localeCompare normalize toLocaleString toLocaleLowerCase toLocaleUpperCase toLowerCase toUpperCase'.split(' '),
);
/** Exact by ECMA-262 §21.3.2 or IEEE 754; every other function of Math may differ between engines. */
const EXACT_MATH = new Set('abs ceil clz32 floor fround imul max min round sign sqrt trunc'.split(' '));
const ERROR_NAMES = /^(e|err|error|cause|reason|problem)$/;

function checkName(node: Node & { readonly text: string }): string | null {
  const { parent } = node;
  if (isPropertyAccessExpression(parent) && parent.name === node) {
    if (METHODS.has(node.text)) return `.${node.text}() depends on locale or Unicode version`;
    const owner = isIdentifier(parent.expression) ? parent.expression.text : '';
    if (owner === 'Math' && !EXACT_MATH.has(node.text)) return `Math.${node.text} may differ between engines`;
    if (ERROR_NAMES.test(owner) && (node.text === 'message' || node.text === 'stack')) return "an error's text is not data";
    return null;
  }
  // A property or binding called like a global is not the global.
  if ('name' in parent && parent.name === node) return null;
  if (isBindingElement(parent) && parent.propertyName === node) return null;
  if (node.text === 'RangeError')
    return parent.kind === SyntaxKind.NewExpression ? null : 'catching RangeError depends on stack depth';
  return GLOBALS.has(node.text) ? `${node.text} has no place in core` : null;
}

function checkRegex(text: string): string | null {
  const flags = text.slice(text.lastIndexOf('/') + 1);
  if (/[uvi]/.test(flags)) return `the regular expression flag in ${flags} depends on the Unicode version`;
  return /\\p\{/.test(text) ? 'a Unicode regular expression depends on the Unicode version' : null;
}

/** Catching sorts out our FormatError and throws the rest (stack overflow, a bug) on, or translates one call of a platform decoder. */
function checkTry(node: TryStatement, text: (node: Node) => string): string | null {
  const { catchClause, tryBlock } = node;
  if (catchClause === undefined) return null;
  const caught = text(catchClause);
  if (/instanceof FormatError/.test(caught) && /\bthrow\b/.test(caught)) return null;
  if (tryBlock.statements.length === 1 && /^catch \{\s*throw formatError\(/.test(caught)) return null;
  return 'a catch takes FormatError and throws everything else on';
}

function checkNode(source: Source, node: Node): string | null {
  if (isIdentifier(node)) return checkName(node);
  if (isRegularExpressionLiteral(node)) return checkRegex(node.text);
  if (isTryStatement(node)) return checkTry(node, (part) => part.getText(source.tree));
  if (node.kind === SyntaxKind.AwaitExpression || node.kind === SyntaxKind.AsyncKeyword) return 'core does not wait';
  if (node.kind === SyntaxKind.ForInStatement) return 'for…in has no order';
  if (isForOfStatement(node) && node.awaitModifier !== undefined) return 'core does not wait';
  if (isCallExpression(node) && isPropertyAccessExpression(node.expression)) {
    const sorts = node.expression.name.text === 'sort' || node.expression.name.text === 'toSorted';
    if (sorts && node.arguments.length === 0) return 'sort() without a comparison orders by text';
  }
  if (isBinaryExpression(node) && node.operatorToken.kind === SyntaxKind.AsteriskAsteriskToken) {
    const literal = (side: Node): boolean => isNumericOrStringLikeLiteral(side) || side.kind === SyntaxKind.BigIntLiteral;
    const isBig = /\dn\b|BigInt\(/.test(node.getText(source.tree));
    // A power of two with a whole exponent is exact everywhere.
    const isTwo = node.left.getText(source.tree) === '2';
    return isBig || isTwo || (literal(node.left) && literal(node.right)) ? null : '** of numbers may differ between engines';
  }
  const atTop = isVariableStatement(node) && node.parent === source.tree;
  if (atTop && /^(export )?(let|var)\b/.test(node.getText(source.tree))) return 'a variable of a module is hidden state';
  return null;
}

/** Everything impure in one file of core. */
export function findImpurities(source: Source): Breach[] {
  const found: Breach[] = [];
  walk(source.tree, (node) => {
    const what = checkNode(source, node);
    if (what !== null) found.push({ file: source.path, what: `line ${lineOf(source, node)}: ${what}` });
  });
  return found;
}
