import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { nextOrderState, ORDER_EVENTS, ORDER_STATES, type OrderEvent, type OrderState } from '@oppidum/formats/order-life';

const spec = readFileSync(join(resolve(import.meta.dirname, '../..'), 'specs/orders.md'), 'utf8');

test('the table of specs/orders.md §8 is the one that the code follows', () => {
  const section = spec.split('\n## ').find((text) => text.startsWith('8. Life')) ?? assert.fail('no section on lives');
  const cells = section
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) => line.split('|').map((cell) => cell.trim()));
  const [head = [], ...rows] = cells;
  assert.deepEqual(head.slice(2, -1), [...ORDER_EVENTS]);
  assert.deepEqual(
    rows.map((row) => row[1]),
    [...ORDER_STATES],
  );
  for (const [, state, ...next] of rows)
    for (const [i, event] of head.slice(2, -1).entries()) {
      const want = next[i] === '·' ? state : next[i];
      assert.equal(nextOrderState(state as OrderState, event as OrderEvent), want, `${state} ${event}`);
    }
});
