import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ORDER_PLANTS, type OrderPlant } from '../plants.ts';
import { idealHands, realHands } from './hands.ts';
import { simulateOrders } from './run.ts';

/** A million are lived by `npm run simulate -- --orders 1000000` (docs/precision.md). */
test('random sequences with ideal signatures: nothing is done without authority', async (t) => {
  const run = await simulateOrders({ hands: idealHands, seed: 2_026, count: 2_000 });
  t.diagnostic(JSON.stringify(run));
  assert.equal(run.breach, null);
  // Where nothing ever moves, nothing is shown.
  assert.ok(run.obeyed > 100 && run.brokenGlass > 10 && run.interrupted > 10, JSON.stringify(run));
});

test('the same with real ones', async () => {
  const run = await simulateOrders({ hands: realHands, seed: 7, count: 60 });
  assert.equal(run.breach, null);
  assert.ok(run.obeyed > 0 && run.delivered > 100, JSON.stringify(run));
});

test('a run is its seed, and a sequence of it can be lived alone', async () => {
  const again = () => simulateOrders({ hands: idealHands, seed: 5, count: 40 });
  assert.deepEqual(await again(), await again());
  const { breach } = await simulateOrders({ hands: idealHands, seed: 1, count: 2_000, plant: 'keys' });
  assert.ok(breach !== null);
  const alone = await simulateOrders({ hands: idealHands, seed: breach.seed, count: 1, plant: 'keys' });
  assert.deepEqual(alone.breach, breach);
});

const FOUND: Readonly<Record<OrderPlant, RegExp>> = {
  keys: /^too few keys signed/,
  quorum: /^the city never issued it/,
  challenges: /^(not its newest challenges|its challenge was spent)/,
  time: /^its lifetime was over/,
  veto: /^its monitor said no/,
};
for (const plant of ORDER_PLANTS) {
  test(`found when planted: ${plant}`, async () => {
    const { breach } = await simulateOrders({ hands: idealHands, seed: 1, count: 5_000, plant });
    assert.match(breach?.what ?? '', FOUND[plant]);
  });
}
