import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { lengthOf, metresBetween, type Place } from './geometry.ts';
import { Ways } from './ways.ts';

const SIZE = 5;
const placeAt = (corner: number): Place => ({ lat: 0.001 * Math.floor(corner / SIZE), lon: 0.0013 * (corner % SIZE) });
const corners = fc.integer({ min: 0, max: SIZE * SIZE - 1 });
/** Streets between any two corners. */
const nets = fc.array(fc.tuple(corners, corners), { minLength: 1, maxLength: 40 });

/** Floyd and Warshall's: all distances at once. */
function distancesOf(net: readonly (readonly [number, number])[]): readonly (readonly number[])[] {
  const count = SIZE * SIZE;
  const metres = Array.from({ length: count }, (_, a) => Array.from({ length: count }, (__, b) => (a === b ? 0 : Infinity)));
  for (const [a, b] of net) {
    const length = metresBetween(placeAt(a), placeAt(b));
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const)
      metres[from]![to] = Math.min(metres[from]![to]!, length);
  }
  for (let via = 0; via < count; via++)
    for (let a = 0; a < count; a++)
      for (let b = 0; b < count; b++) metres[a]![b] = Math.min(metres[a]![b]!, metres[a]![via]! + metres[via]![b]!);
  return metres;
}

test('the shortest way is as long as another algorithm says, along streets that are there; none where none leads', () => {
  fc.assert(
    fc.property(nets, (net) => {
      const ways = new Ways(net.map(([a, b]) => [placeAt(a), placeAt(b)]));
      const want = distancesOf(net);
      const known = [...new Set(net.flat())];
      const [from] = known as [number, ...number[]];
      const isReached = ways.reachedFrom(placeAt(from));
      for (const to of known) {
        const way = ways.shortest(placeAt(from), placeAt(to));
        assert.equal(isReached(placeAt(to)), want[from]![to]! < Infinity);
        if (want[from]![to] === Infinity) assert.deepEqual(way, []);
        else assert.ok(Math.abs(lengthOf(way) - want[from]![to]!) < 1e-6 && metresBetween(way.at(-1)!, placeAt(to)) === 0);
      }
      const reached = known.map((to) => want[from]![to]!).filter((metres) => metres < Infinity);
      const far = ways.farthest(placeAt(from));
      assert.ok(Math.abs(lengthOf(ways.shortest(placeAt(from), far)) - Math.max(...reached)) < 1e-6);
    }),
    { numRuns: 200 },
  );
});

test('the middle lies in the largest net', () => {
  const large = [0, 1, 2, 7, 12].map(placeAt);
  const small = [20, 21].map(placeAt);
  const middle = new Ways([large, small]).middle();
  assert.ok(large.some((place) => metresBetween(place, middle) === 0));
});
