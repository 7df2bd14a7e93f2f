import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawPlan } from './draw-plan.ts';
import { makePlan } from './plan.ts';
import { labelOf, makeTown } from './town.ts';

/** Texts of a sheet whose tags are closed in their order; fails where they are not. */
function textsOf(sheet: string): readonly string[] {
  const open: string[] = [];
  const texts: string[] = [];
  for (const [, text = '', end, name, attributes = ''] of sheet.matchAll(
    /([^<]*)<(\/?)([a-z]+)((?: [a-zA-Z0-9:-]+="[^"<]*")*) ?\/?>/g,
  )) {
    if (text.trim() !== '') texts.push(text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&'));
    if (end === '/') assert.equal(open.pop(), name);
    else if (sheet.includes(`<${name}${attributes}>`)) open.push(name ?? '');
  }
  assert.deepEqual(open, []);
  return texts;
}

test('every device that stands somewhere is on the sheet, once and within it, and each kind is explained', () => {
  const plan = makePlan(1);
  const posts = makeTown(plan, 1, 120);
  const sheet = drawPlan(plan, posts);
  const texts = textsOf(sheet);
  const standing = posts.filter(({ isMoving }) => !isMoving);
  const marks = texts.filter((text) => /^[A-Z][0-9]+$/.test(text));
  const legendCount = new Set(standing.map(({ kind }) => kind)).size;
  assert.equal(marks.length, standing.length + legendCount);
  for (const [letter, kind] of [
    ['L', 'street-light'],
    ['W', 'water-station'],
  ] as const) {
    const numbers = standing.filter(({ kind: { name } }) => name === kind).map(({ number }) => `${letter}${number}`);
    assert.ok(numbers.every((mark) => marks.includes(mark)));
    assert.ok(texts.includes(labelOf({ kind: { name: kind, modelName: '' }, number: 1 })));
  }
  for (const [, x, y] of sheet.matchAll(/<circle cx="([-0-9.]+)" cy="([-0-9.]+)"/g))
    assert.ok(Number(x) >= 0 && Number(x) <= 297 && Number(y) >= 0 && Number(y) <= 210, `${x} ${y}`);
});

test('what a map file says of its source is text on the sheet, whatever it is', () => {
  const attribution = '© <script>alert(1)</script> & others';
  const plan = { ...makePlan(1), attribution };
  const sheet = drawPlan(plan, makeTown(plan, 1, 10));
  assert.ok(textsOf(sheet).includes(attribution));
  assert.ok(!sheet.includes('<script'));
});
