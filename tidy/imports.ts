/** Who imports whom: every import, dynamic import and worker address of a file, resolved to a file or a package. */

import { readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { SyntaxKind } from 'typescript/unstable/ast';
import {
  isCallExpression,
  isExportDeclaration,
  isImportDeclaration,
  isNewExpression,
  isStringLiteral,
} from 'typescript/unstable/ast/is';
import { lineOf, ROOT, type Source, walk } from './sources.ts';

export type Import = {
  readonly specifier: string;
  /** The file of ours it resolves to, from the root; null for packages and Node's own modules. */
  readonly target: string | null;
  readonly typeOnly: boolean;
  /** False for `import()` and `new URL(…)`: those load later, so they cannot close a cycle. */
  readonly atLoad: boolean;
  readonly line: number;
  readonly names: readonly string[];
  /** True for `import * as`, which may use every export. */
  readonly whole: boolean;
};

/** Folder of every package by its name. */
export const PACKAGE_FOLDERS: Readonly<Record<string, string>> = {
  '@oppidum/formats': 'core/formats',
  '@oppidum/proofs': 'core/proofs',
  '@oppidum/ledger': 'core/ledger',
  '@oppidum/contracts': 'core/contracts',
  '@oppidum/crypto': 'sdk/crypto',
  '@oppidum/device': 'sdk/device',
  '@oppidum/web-device': 'sdk/web-device',
  '@oppidum/onboarding': 'sdk/onboarding',
  '@oppidum/pages': 'sdk/pages',
  '@oppidum/abci': 'services/abci',
  '@oppidum/node': 'services/node',
  '@oppidum/telemetry': 'services/telemetry',
  '@oppidum/gateway': 'services/gateway',
  '@oppidum/city': 'apps/city',
  '@oppidum/bridge': 'apps/bridge',
  '@oppidum/device-page': 'apps/device-page',
  '@oppidum/signer': 'apps/signer',
  '@oppidum/signing': 'sdk/signing',
  '@oppidum/verifier': 'apps/verifier',
  '@oppidum/console': 'apps/console',
  '@oppidum/cli': 'apps/cli',
};

/** `@scope/name` or `name` of a specifier that is neither relative nor `node:`. */
export function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/** The file of ours that a specifier means, or null. */
function resolveSpecifier(fromPath: string, specifier: string): string | null {
  if (specifier.startsWith('.')) return posix.normalize(posix.join(dirname(fromPath), specifier));
  const folder = PACKAGE_FOLDERS[packageOf(specifier)];
  return folder === undefined ? null : `${folder}/src/${specifier.split('/').slice(2).join('/')}.ts`;
}

/** Packages that the package.json of a house (`core/formats`) declares; `.` is the root's. */
export function declaredDependencies(house: string): ReadonlySet<string> {
  const text = readFileSync(join(ROOT, house, 'package.json'), 'utf8');
  const parsed = JSON.parse(text) as Record<'dependencies' | 'devDependencies', Record<string, string> | undefined>;
  return new Set([...Object.keys(parsed.dependencies ?? {}), ...Object.keys(parsed.devDependencies ?? {})]);
}

const cache = new WeakMap<Source, readonly Import[]>();

/** All imports of a file, in the order in which they stand. */
export function importsOf(source: Source): readonly Import[] {
  const known = cache.get(source);
  if (known !== undefined) return known;
  const found: Import[] = [];
  walk(source.tree, (node) => {
    const line = (): number => lineOf(source, node);
    if (isImportDeclaration(node) && isStringLiteral(node.moduleSpecifier)) {
      const specifier = node.moduleSpecifier.text;
      const clause = node.importClause;
      const bindings = clause?.namedBindings;
      const elements = bindings !== undefined && 'elements' in bindings ? [...bindings.elements] : [];
      const names = elements.map((element) => (element.propertyName ?? element.name).text);
      const typeOnly =
        clause?.phaseModifier === SyntaxKind.TypeKeyword ||
        (elements.length > 0 && elements.every(({ isTypeOnly }) => isTypeOnly));
      const whole = bindings !== undefined && !('elements' in bindings);
      found.push({
        specifier,
        target: resolveSpecifier(source.path, specifier),
        typeOnly,
        atLoad: true,
        line: line(),
        names,
        whole,
      });
    } else if (isExportDeclaration(node) && node.moduleSpecifier !== undefined && isStringLiteral(node.moduleSpecifier)) {
      found.push({ ...later(source, node.moduleSpecifier.text, line()), atLoad: true });
    } else if (isCallExpression(node) && node.expression.kind === SyntaxKind.ImportKeyword) {
      const [argument] = node.arguments;
      if (argument !== undefined && isStringLiteral(argument)) found.push(later(source, argument.text, line()));
    } else if (isNewExpression(node) && node.expression.getText(source.tree) === 'URL') {
      const [argument] = node.arguments ?? [];
      if (argument !== undefined && isStringLiteral(argument) && argument.text.endsWith('.ts'))
        found.push(later(source, argument.text, line()));
    } else if (isCallExpression(node) && node.expression.getText(source.tree) === 'import.meta.resolve') {
      const [argument] = node.arguments;
      if (argument !== undefined && isStringLiteral(argument)) found.push(later(source, argument.text, line()));
    }
  });
  cache.set(source, found);
  return found;
}

function later(source: Source, specifier: string, line: number): Import {
  const target = resolveSpecifier(source.path, specifier);
  return { specifier, target, typeOnly: false, atLoad: false, line, names: [], whole: true };
}
