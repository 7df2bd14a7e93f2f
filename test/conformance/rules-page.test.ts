import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';

const ROOT = resolve(import.meta.dirname, '../..');
const page = readFileSync(join(ROOT, 'docs/rules.md'), 'utf8');
/** Rows of the tables but for their heads. */
const rows = page.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| rule |'));

test('docs/rules.md names a test for each rule, and the test is there', () => {
  const missing: string[] = [];
  for (const row of rows) {
    const [, path = '', title = ''] = /\| `([^`]+\.test\.ts)`: \*(.+)\* \|$/.exec(row) ?? [];
    const file = join(ROOT, path);
    const source = path !== '' && existsSync(file) ? readFileSync(file, 'utf8') : '';
    if (title === '' || !namesTest(source, title)) missing.push(row);
  }
  assert.deepEqual(missing, []);
  for (const part of ['The life of a device', 'Traffic signals', 'Street lighting'])
    assert.ok(page.includes(`\n## ${part}\n`), part);
  assert.ok(rows.length > 50);
});

test('a title that only a comment says is no test', () => {
  assert.ok(namesTest("test('a lamp is lit', () => {", 'a lamp is lit'));
  assert.ok(namesTest('  test(`without $' + '{what} a lamp is lit`, () => {', ' a lamp is lit'));
  assert.ok(namesTest("  ['a lamp that is dim', 'OK', code()],", 'a lamp that is dim'));
  assert.ok(!namesTest('// a lamp is lit', 'a lamp is lit'));
  assert.ok(!namesTest("test('a lamp is lit by day', () => {", 'a lamp is lit'));
});

/** True where a line names a test so: the title of one, the end of a title that differs from case to case, or the first cell of a case. */
function namesTest(source: string, title: string): boolean {
  return source.split('\n').some((line) => {
    const code = line.trim();
    return (
      code.startsWith(`test('${title}',`) ||
      code.startsWith(`['${title}',`) ||
      (code.startsWith('test(`') && [`}${title}\`,`, `} ${title}\`,`].some((end) => code.includes(end)))
    );
  });
}
