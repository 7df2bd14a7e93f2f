import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertLaw } from './law.ts';
import { sampleSource } from './samples.ts';
import {
  FILE_LINES_MAX,
  FUNCTION_LINES_MAX,
  findFancyLanguage,
  findLongFile,
  findLongFunctions,
  findUndocumented,
} from './shape.ts';
import { productSources, sources } from './sources.ts';

test(`a file has at most ${FILE_LINES_MAX} lines`, () => {
  assertLaw('file-length', sources().flatMap(findLongFile));
  assert.equal(findLongFile(sampleSource('x;\n'.repeat(FILE_LINES_MAX + 1))).length, 1);
});

test(`a function has at most ${FUNCTION_LINES_MAX} lines`, () => {
  assertLaw('function-length', sources().flatMap(findLongFunctions));
  const body = '  g("}");\n'.repeat(FUNCTION_LINES_MAX - 2);
  assert.equal(findLongFunctions(sampleSource(`const f = () => {\n${body}};\n`)).length, 0);
  assert.equal(findLongFunctions(sampleSource(`const f = () => {\n${body}  g();\n};\n`)).length, 1);
});

test('plain language: no barrels, default exports, enums, namespaces, decorators, parameter properties', () => {
  // Declarations describe what others wrote, as it is.
  const own = sources().filter(({ path }) => !path.endsWith('.d.ts'));
  assertLaw('plain-language', own.flatMap(findFancyLanguage));
  const fancy = [
    'export default 1;',
    'export default function f() {}',
    "export * from './a.ts';",
    "export { a } from './a.ts';",
    'enum E { A }',
    'namespace N {}',
    '@d class C {}',
    'class C { constructor(private x: number) {} }',
    'test.only("x", () => {});',
  ];
  for (const text of fancy) assert.equal(findFancyLanguage(sampleSource(text)).length, 1, text);
});

test('every exported function says what it does', () => {
  assertLaw('docstrings', productSources().flatMap(findUndocumented));
  assert.equal(findUndocumented(sampleSource('export function f() {}\nexport const g = () => 1;\nexport class C {}')).length, 3);
  assert.equal(
    findUndocumented(sampleSource('/** Says. */\nexport function f() {}\nfunction h() {}\nexport const n = 1;')).length,
    0,
  );
});
