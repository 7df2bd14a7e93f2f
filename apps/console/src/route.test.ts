import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressOf, parseRoute, type Route } from './route.ts';

const id = 'ab'.repeat(32);

test('every view has one address', () => {
  const routes: readonly Route[] = [
    { view: 'city' },
    { view: 'ledger' },
    { view: 'trust' },
    { view: 'device', id },
    { view: 'reading', id },
    { view: 'transaction', id },
    { view: 'area', area: 'certificate', argument: id },
    { view: 'area', area: 'certificate', argument: `records.suspension.${id}` },
    { view: 'account', id },
    { view: 'proposal', id },
    { view: 'model', id },
    { view: 'manufacturer', id },
    { view: 'block', height: 17 },
    { view: 'search', text: 'a/b #%' },
    { view: 'area', area: 'tour', argument: '' },
    { view: 'area', area: 'tour', argument: 'a/b #%' },
  ];
  for (const route of routes) assert.deepEqual(parseRoute(addressOf(route)), route);
});

for (const hash of [
  '',
  '#',
  '#/device/xyz',
  `#/device/${id.toUpperCase()}`,
  '#/block/-1',
  '#/block/1e3',
  '#/nothing',
  '#/__proto__',
])
  test(`${JSON.stringify(hash)} is the city`, () => assert.deepEqual(parseRoute(hash), { view: 'city' }));

test('a search that cannot be decoded is empty', () =>
  assert.deepEqual(parseRoute('#/search/%E0%A4%A'), { view: 'search', text: '' }));
