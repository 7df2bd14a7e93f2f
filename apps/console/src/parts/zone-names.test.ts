import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Anchor, offsetOf, placeNames } from './zone-names.ts';

const MAP = { width: 358, height: 384 };
const name = (id: string, x: number, y: number, width = 70) => ({ id, x, y, width, height: 21 });

test('a name alone stands below its place; at an edge, wherever it is whole', () => {
  const setAt = (x: number, y: number) => placeNames([name('a', x, y)], MAP).get('a');
  assert.deepEqual([setAt(180, 190), setAt(180, 380), setAt(350, 190), setAt(5, 190)], ['top', 'bottom', 'right', 'left']);
  assert.deepEqual([setAt(0, 0), setAt(358, 384)], ['top-left', 'bottom-right']);
  assert.equal(setAt(400, 190), undefined, 'a place that is out of sight has no name');
});

test('two places close together both have their name; at one place stand as many as there is room for', () => {
  const beside = placeNames([name('a', 180, 190), name('b', 200, 190)], MAP);
  assert.deepEqual(
    [...beside],
    [
      ['a', 'top'],
      ['b', 'bottom'],
    ],
  );
  const many = ['a', 'b', 'c', 'd', 'e'].map((id) => name(id, 180, 190));
  assert.deepEqual([...placeNames(many, MAP).keys()], ['a', 'b']);
  assert.deepEqual([...placeNames(many.toReversed(), MAP).keys()], ['e', 'd'], 'the most important come first');
});

test('a name that is wider than the map is left out', () => {
  assert.equal(placeNames([name('a', 180, 190, 400)], MAP).size, 0);
});

test('whatever the places are: no two names overlap, none leaves the map, and the first that could stand does', () => {
  const place = fc.record({
    x: fc.integer({ min: 0, max: MAP.width }),
    y: fc.integer({ min: 0, max: MAP.height }),
    width: fc.integer({ min: 10, max: 120 }),
  });
  fc.assert(
    fc.property(fc.array(place, { maxLength: 20 }), (places) => {
      const names = places.map(({ x, y, width }, i) => name(String(i), x, y, width));
      const boxes = [...placeNames(names, MAP)].map(([id, anchor]) =>
        drawn(names[Number(id)] as ReturnType<typeof name>, anchor),
      );
      for (const [i, a] of boxes.entries()) {
        assert.ok(a.x >= 0 && a.y >= 0 && a.x + a.width <= MAP.width && a.y + a.height <= MAP.height);
        for (const b of boxes.slice(i + 1))
          assert.ok(a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y);
      }
      if (names.length > 0) assert.ok(boxes.length > 0 || (names[0]?.width ?? 0) > MAP.width);
    }),
  );
});

/** Where MapLibre draws it. */
function drawn({ x, y, width, height }: ReturnType<typeof name>, anchor: Anchor) {
  const [right, down] = offsetOf(anchor);
  const across = anchor.endsWith('left') ? 0 : anchor.endsWith('right') ? 1 : 0.5;
  const along = anchor.startsWith('top') ? 0 : anchor.startsWith('bottom') ? 1 : 0.5;
  return { x: x + right - across * width, y: y + down - along * height, width, height };
}
