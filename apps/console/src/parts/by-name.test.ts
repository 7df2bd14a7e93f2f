import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byName, inColumn } from './by-name.ts';

test('the second junction comes before the tenth, in every language of the console', () => {
  const names = ['Junction 10', 'Junction 2', 'Junction 1', 'Allee 100', 'allee 20'];
  for (const tag of ['en', 'et', 'zh', 'ar'])
    assert.deepEqual(names.toSorted(byName(tag)), ['allee 20', 'Allee 100', 'Junction 1', 'Junction 2', 'Junction 10'], tag);
  assert.deepEqual(['Õismäe', 'Zoo', 'Oru'].toSorted(byName('et')), ['Oru', 'Zoo', 'Õismäe'], 'z stands before õ in Estonian');
});

test('a column of numbers is sorted by their sizes, one of names as names are', () => {
  assert.deepEqual([10, 2, -1, 2.5].toSorted(inColumn('en')), [-1, 2, 2.5, 10]);
  assert.deepEqual(['Lamp 10', 'Lamp 9', ''].toSorted(inColumn('en')), ['', 'Lamp 9', 'Lamp 10']);
});
