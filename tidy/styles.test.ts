/** Pages are read from right to left as well: their styles name sides by where lines begin and end, never left and right. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { assertLaw, type Breach } from './law.ts';
import { ROOT, trackedFiles } from './sources.ts';

/** A property of one side, or a value that is one; in style sheets, and by their names in scripts. */
const IN_SHEETS =
  /(?<![\w-])((margin|padding|border|inset|scroll-margin|scroll-padding)-(left|right)[\w-]*|border-(top|bottom)-(left|right)-radius|left|right|(text-align|float|clear|caption-side)\s*:\s*(left|right))\s*[:;}]/g;
const IN_SCRIPTS =
  /\b((margin|padding|border|scrollMargin|scrollPadding)(Left|Right)\w*|border(Top|Bottom)(Left|Right)Radius|style\.(left|right)|(textAlign|float|clear)\s*:\s*'(left|right)')/g;

function sidesIn(file: string, text: string): Breach[] {
  const pattern = file.endsWith('.css') || file.endsWith('.html') ? IN_SHEETS : IN_SCRIPTS;
  // Comments speak of left and right as people do.
  return [...text.replaceAll(/\/\*[\s\S]*?\*\//g, '').matchAll(pattern)].map(([what]) => ({
    file,
    what: `${what.trim()}: say start or end (margin-inline-start, text-align: end)`,
  }));
}

test('styles of pages know no left and right', () => {
  const files = trackedFiles().filter((file) => /^(apps|sdk)\/.*(\.css|\.html|\.tsx)$/.test(file));
  assert.ok(files.filter((file) => file.endsWith('.css')).length > 15, files.join());
  assertLaw(
    'logical-styles',
    files.flatMap((file) => sidesIn(file, readFileSync(join(ROOT, file), 'utf8'))),
  );
});

test('the law of styles sees what it forbids', () => {
  for (const text of [
    'p { margin-left: 1rem }',
    'p { border-right-color: red; }',
    'p { text-align: right; }',
    'p { left: 0; }',
    'p { float:left }',
    'p { border-top-left-radius: 1px }',
  ])
    assert.equal(sidesIn('sample.css', text).length, 1, text);
  for (const text of ['<p style={{ marginLeft: 1 }} />', "<p style={{ textAlign: 'right' }} />"])
    assert.equal(sidesIn('sample.tsx', text).length, 1, text);
  for (const text of [
    'p { margin-inline-start: 1rem; text-align: end }',
    '/* to the left: */ .right { color: red }',
    '.left-over { inset-inline-end: 0 }',
  ])
    assert.deepEqual(sidesIn('sample.css', text), [], text);
});
