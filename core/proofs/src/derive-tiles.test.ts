import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concatBytes, encodeUint32, toHex } from '@oppidum/formats/bytes';
import { nobleCrypto as crypto } from '@oppidum/formats/noble-crypto';
import { newTiles, TILE_WIDTH } from '@oppidum/formats/tiles';
import { type DerivedTile, TileDeriver } from './derive-tiles.ts';
import { leafHash } from './merkle-hash.ts';
import { CompactTree } from './merkle-tree.ts';

const hashOf = (index: number) => leafHash(crypto, encodeUint32(index));

test('roots are those of the log at every size', () => {
  const deriver = new TileDeriver(crypto, () => undefined);
  const tree = new CompactTree(crypto);
  for (let size = 0; size <= 700; size++) {
    assert.equal(toHex(deriver.root()), toHex(tree.root()), `size ${size}`);
    assert.equal(deriver.size, size);
    deriver.append(hashOf(size));
    tree.append(hashOf(size));
  }
});

test('tiles are those of C2SP tlog-tiles, each hash the root of what it stands for', () => {
  for (const size of [0, 1, 255, 256, 257, 1000, TILE_WIDTH ** 2, TILE_WIDTH ** 2 + 300]) {
    const complete = new Map<string, string>();
    const tree = new CompactTree(crypto);
    const derived: DerivedTile[] = [];
    const deriver = new TileDeriver(crypto, (tile) => derived.push(tile));
    for (let i = 0; i < size; i++) {
      tree.append(hashOf(i), (level, index, hash) => complete.set(`${level}/${index}`, toHex(hash)));
      deriver.append(hashOf(i));
    }
    deriver.finish();
    const name = (level: unknown, index: number, width: number): string => `${level}/${index}/${width}`;
    assert.deepEqual(
      derived.map(({ level, index, hashes }) => name(level, index, hashes.length / 32)).sort(),
      [...newTiles(0, size)].map(({ level, index, width }) => name(level, index, width)).sort(),
    );
    for (const { level, index, hashes } of derived) {
      const want = Array.from({ length: hashes.length / 32 }, (_, i) => complete.get(`${8 * level}/${index * TILE_WIDTH + i}`));
      assert.equal(toHex(hashes), want.join(''));
    }
    assert.equal(toHex(deriver.root()), toHex(size === 0 ? crypto.sha256(concatBytes()) : tree.root()));
  }
});
