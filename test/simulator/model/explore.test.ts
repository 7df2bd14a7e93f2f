import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explore, type Model } from './explore.ts';

/** A counter that goes round, with a shortcut. */
const counter = (top: number, invariants: Model<number, never>['invariants'] = {}): Model<number, never> => ({
  initial: [0],
  steps: (n) => [
    { event: 'add', next: (n + 1) % top },
    { event: 'double', next: (2 * n) % top },
  ],
  invariants,
});

test('all states are found, each once, and the shortest way to the furthest', () => {
  assert.deepEqual(explore(counter(7), 7), { states: 7, transitions: 14, depth: 4, broken: null });
});

test('a broken invariant is named with the shortest way to it', () => {
  const { broken } = explore(counter(100, { 'is not 6': (_, { next }) => next !== 6 }), 100);
  assert.deepEqual(broken, { invariant: 'is not 6', trace: ['begin', 'add', 'add', 'add', 'double'] });
});

test('a model that does not fit its bound does not pass', () => {
  assert.throws(() => explore(counter(8), 7), /more than 7 states/);
});
