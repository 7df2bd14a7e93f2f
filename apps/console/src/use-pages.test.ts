import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withNewest, withOlder } from './use-pages.ts';

const keyOf = (item: number): string => String(item);

test('the first page is what is known', () =>
  assert.deepEqual(withNewest(null, { items: [9, 8], next: 'c8' }, keyOf), { items: [9, 8], next: 'c8' }));

test('a newest page that reaches what was known goes before it', () => {
  const known = { items: [9, 8, 7, 6], next: 'c6' };
  assert.deepEqual(withNewest(known, { items: [11, 10, 9], next: 'c9' }, keyOf), { items: [11, 10, 9, 8, 7, 6], next: 'c6' });
  assert.deepEqual(withNewest(known, { items: [9, 8], next: 'c8' }, keyOf), known);
});

test('a newest page that does not reach it leaves no hole: the older ones are let go', () =>
  assert.deepEqual(withNewest({ items: [5, 4], next: 'c4' }, { items: [9, 8], next: 'c8' }, keyOf), {
    items: [9, 8],
    next: 'c8',
  }));

test('older items come after, once, and the end is the end', () => {
  const known = { items: [9, 8], next: 'c8' };
  assert.deepEqual(withOlder(known, { items: [8, 7], next: null }, keyOf), { items: [9, 8, 7], next: null });
  assert.deepEqual(withNewest({ items: [9, 8, 7], next: null }, { items: [10, 9], next: 'c9' }, keyOf), {
    items: [10, 9, 8, 7],
    next: null,
  });
});
