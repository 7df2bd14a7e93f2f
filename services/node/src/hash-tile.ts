/**
 * One tile of a Merkle log in memory: up to 256 hashes and everything between them and the tile's root, as a binary heap.
 * Node p has the children 2p and 2p + 1; the hashes of the tile itself are nodes 256 to 511.
 */

import type { Bytes } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { TILE_WIDTH } from '@oppidum/formats/tiles';
import { HASH_SIZE } from '@oppidum/proofs/merkle-hash';

/** Levels of the tree that one tile stands for: 2^8 = 256. */
export const TILE_HEIGHT = 8;
// RFC 6962 §2.1
const NODE_PREFIX = 0x01;

/** A full or growing tile; 16 kB. */
export class HashTile {
  readonly #nodes = new Uint8Array(2 * TILE_WIDTH * HASH_SIZE);

  /** The hash `height` levels above the tile's hashes, `offset`-th from the left; it must have been set or computed. */
  read(height: number, offset: number): Bytes {
    const at = placeOf(height, offset);
    return this.#nodes.slice(at, at + HASH_SIZE);
  }

  /** Puts a hash there. */
  write(height: number, offset: number, hash: Bytes): void {
    this.#nodes.set(hash, placeOf(height, offset));
  }

  /** The file of this tile when it is `width` wide: its first hashes. */
  encode(width: number): Bytes {
    const at = placeOf(0, 0);
    return this.#nodes.slice(at, at + width * HASH_SIZE);
  }

  /** The tile of a file, with every complete subtree computed; `read(8, 0)` is the root of a full one. */
  static parse(crypto: Crypto, file: Bytes): HashTile {
    const tile = new HashTile();
    const nodes = tile.#nodes;
    nodes.set(file, placeOf(0, 0));
    const pair = new Uint8Array(1 + 2 * HASH_SIZE);
    pair[0] = NODE_PREFIX;
    let count = file.length / HASH_SIZE;
    for (let height = 1; height <= TILE_HEIGHT; height++) {
      count = Math.floor(count / 2);
      for (let offset = 0; offset < count; offset++) {
        const children = placeOf(height - 1, 2 * offset);
        pair.set(nodes.subarray(children, children + 2 * HASH_SIZE), 1);
        crypto.sha256Into(pair, nodes, placeOf(height, offset));
      }
    }
    return tile;
  }
}

function placeOf(height: number, offset: number): number {
  return ((TILE_WIDTH >> height) + offset) * HASH_SIZE;
}
