import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  encodeEntryBundle,
  encodeTilePath,
  newBundles,
  newTiles,
  parseEntryBundle,
  parseTilePath,
  type Tile,
  tileOf,
} from './tiles.ts';

const paths = (tiles: Iterable<Tile>) => [...tiles].map(encodeTilePath);

test('the paths of C2SP tlog-tiles', () => {
  assert.equal(encodeTilePath({ level: 0, index: 1234067, width: 256 }), 'tile/0/x001/x234/067');
  assert.equal(encodeTilePath({ level: 63, index: 0, width: 1 }), 'tile/63/000.p/1');
  assert.equal(encodeTilePath({ level: 'entries', index: 999, width: 255 }), 'tile/entries/999.p/255');
  assert.equal(encodeTilePath({ level: 1, index: 1000, width: 256 }), 'tile/1/x001/000');
});

const anyTile = fc.record(
  {
    level: fc.oneof(fc.integer({ min: 0, max: 63 }), fc.constant('entries' as const)),
    index: fc.maxSafeNat(),
    width: fc.integer({ min: 1, max: 256 }),
  },
  { noNullPrototype: true },
);

test('a path parses back to its tile', () => {
  fc.assert(fc.property(anyTile, (tile) => assert.deepEqual(parseTilePath(encodeTilePath(tile)), tile)));
});

for (const path of [
  '',
  'tile/0/1',
  'tile/0/0067',
  'tile/00/067',
  'tile/64/067',
  'tile/-1/067',
  'tile/0/x000/067',
  'tile/0/x001/x067',
  'tile/0/001/067',
  'tile/0/067.p/0',
  'tile/0/067.p/256',
  'tile/0/067.p/01',
  'tile/0/067.p/',
  'tile/0/067/',
  '/tile/0/067',
  'tile/entry/067',
  'tile/0/x999/x999/x999/x999/x999/999',
]) {
  test(`refuses the path ${JSON.stringify(path)} with TEXT_INVALID`, () => {
    assert.throws(() => parseTilePath(path), { code: 'TEXT_INVALID' });
  });
}

test('tiles outside their ranges have no path', () => {
  for (const tile of [
    { level: 64, index: 0, width: 1 },
    { level: 0, index: -1, width: 1 },
    { level: 0, index: 0, width: 0 },
    { level: 0, index: 0, width: 257 },
  ]) {
    assert.throws(() => encodeTilePath(tile), { code: 'NUMBER_RANGE' });
  }
});

test('a log of 70,000 entries has the tiles that C2SP tlog-tiles counts', () => {
  const tiles = [...newTiles(0, 70_000)];
  const count = (level: number, isFull: boolean) =>
    tiles.filter((tile) => tile.level === level && (tile.width === 256) === isFull).length;
  assert.deepEqual(
    [count(0, true), count(0, false), count(1, true), count(1, false), count(2, true), count(2, false)],
    [273, 1, 1, 1, 0, 1],
  );
  const partial = tiles.filter(({ width }) => width < 256).map(({ level, width }) => [level, width]);
  assert.deepEqual(partial, [
    [0, 112],
    [1, 17],
    [2, 1],
  ]);
  assert.equal([...newBundles(0, 70_000)].length, 274);
});

test('a log of 256 entries has a full tile and a partial one above', () => {
  assert.deepEqual(paths(newTiles(0, 256)), ['tile/0/000', 'tile/1/000.p/1']);
  assert.deepEqual(paths(newTiles(0, 0)), []);
  assert.deepEqual(paths(newTiles(255, 256)), ['tile/0/000', 'tile/1/000.p/1']);
  assert.deepEqual(paths(newTiles(256, 257)), ['tile/0/001.p/1']);
  assert.deepEqual(paths(newTiles(10, 10)), []);
});

test('growing step by step ends with every tile of the last size', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 3000 }), { maxLength: 20 }), (steps) => {
      const seen = new Set<string>();
      let size = 0;
      for (const step of steps) {
        for (const path of paths(newTiles(size, size + step))) seen.add(path);
        size += step;
      }
      for (const path of paths(newTiles(0, size))) assert.ok(seen.has(path), path);
    }),
  );
});

test('the tile of an entry is one of the log', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200_000 }), fc.nat(), fc.integer({ min: 0, max: 3 }), (size, seed, level) => {
      const tile = tileOf(level, seed % size, size);
      if (tile !== null) assert.ok(paths(newTiles(0, size)).includes(encodeTilePath(tile)));
    }),
    { numRuns: 30 },
  );
  assert.equal(tileOf(1, 256, 300), null);
});

test('bundles give their entries back', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 256 }), (entries) => {
      assert.deepEqual(parseEntryBundle(encodeEntryBundle(entries), entries.length), entries);
    }),
  );
});

test('bundles of another width or with other sizes are refused', () => {
  const bundle = encodeEntryBundle([Uint8Array.of(1, 2, 3), new Uint8Array(0)]);
  assert.deepEqual([...bundle], [0, 3, 1, 2, 3, 0, 0]);
  assert.throws(() => parseEntryBundle(bundle, 1), { code: 'TRAILING_BYTES' });
  assert.throws(() => parseEntryBundle(bundle, 3), { code: 'TRUNCATED' });
  assert.throws(() => parseEntryBundle(bundle.slice(0, 4), 1), { code: 'TRUNCATED' });
  assert.throws(() => encodeEntryBundle([]), { code: 'LENGTH_WRONG' });
  assert.throws(() => encodeEntryBundle(Array.from({ length: 257 }, () => new Uint8Array(1))), { code: 'LENGTH_WRONG' });
  assert.ok(encodeEntryBundle([new Uint8Array(65_535)]));
  assert.throws(() => encodeEntryBundle([new Uint8Array(65_536)]), { code: 'TOO_LARGE' });
});
