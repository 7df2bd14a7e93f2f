/** The files of a log as a server has them, made from its entries. */

import { concatBytes } from '@oppidum/formats/bytes';
import { encodeTilePath, newTiles, TILE_WIDTH } from '@oppidum/formats/tiles';
import { leafHash } from '@oppidum/proofs/merkle-hash';
import { treeRoot } from '@oppidum/proofs/merkle-tree';
import { nodeCrypto } from './crypto.ts';
import type { MemoryLog } from './memory-log.ts';

/** The hash tiles of a log by their paths under a prefix. */
export function tilesOf(log: MemoryLog, prefix = '/log/'): Map<string, Uint8Array> {
  const hashes = log.entries.map((entry) => leafHash(nodeCrypto, entry));
  const subtree = (level: number, i: number): Uint8Array => {
    const count = TILE_WIDTH ** level;
    const leaves = hashes.slice(i * count, (i + 1) * count);
    return treeRoot(nodeCrypto, (height, j) => rootOf(leaves.slice(j * 2 ** height, (j + 1) * 2 ** height)), count);
  };
  const rootOf = (leaves: readonly Uint8Array[]): Uint8Array => {
    const [first] = leaves;
    if (first !== undefined && leaves.length === 1) return first;
    const half = leaves.length / 2;
    return nodeCrypto.sha256(concatBytes(Uint8Array.of(1), rootOf(leaves.slice(0, half)), rootOf(leaves.slice(half))));
  };
  const files = new Map<string, Uint8Array>();
  for (const tile of newTiles(0, log.size)) {
    const first = tile.index * TILE_WIDTH;
    const content = Array.from({ length: tile.width }, (_, i) => subtree(tile.level as number, first + i));
    files.set(`${prefix}${encodeTilePath(tile)}`, concatBytes(...content));
  }
  return files;
}
