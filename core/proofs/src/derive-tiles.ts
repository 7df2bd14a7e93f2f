/**
 * The hash tiles of a log, derived from its leaf hashes alone (RFC 6962 §2.1, C2SP tlog-tiles): what files must hold, by a path that
 * shares nothing with what writes them. Memory is one growing tile per level.
 */

import type { Bytes } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { TILE_WIDTH } from '@oppidum/formats/tiles';
import { emptyRoot, HASH_SIZE, nodeHash } from './merkle-hash.ts';

/** A tile as far as it is known: `hashes` has 32 bytes for each hash, 256 of them when it is full. */
export type DerivedTile = { readonly level: number; readonly index: number; readonly hashes: Bytes };

type Level = { count: number; tile: Bytes };

/** One log from its first leaf hash on; tells of every full tile, lowest level first, and at the end of the partial ones. */
export class TileDeriver {
  readonly #crypto: Crypto;
  readonly #onTile: (tile: DerivedTile) => void;
  readonly #levels: Level[] = [];

  constructor(crypto: Crypto, onTile: (tile: DerivedTile) => void) {
    this.#crypto = crypto;
    this.#onTile = onTile;
  }

  /** Leaf hashes so far. */
  get size(): number {
    return this.#levels[0]?.count ?? 0;
  }

  /** Adds one leaf hash (32 bytes). */
  append(hash: Bytes): void {
    this.#push(0, hash);
  }

  /** RFC 6962 root of all leaf hashes so far. */
  root(): Bytes {
    let right: Bytes | null = null;
    for (const level of this.#levels) {
      const parts: Bytes[] = hashesOf(level.tile, level.count % TILE_WIDTH);
      if (right !== null) parts.push(right);
      right = parts.length === 0 ? null : this.#join(parts);
    }
    return right ?? emptyRoot(this.#crypto);
  }

  /** Tells of the partial tiles: what there is beyond the full ones. */
  finish(): void {
    for (const [level, { count, tile }] of this.#levels.entries()) {
      const width = count % TILE_WIDTH;
      if (width > 0) this.#onTile({ level, index: Math.floor(count / TILE_WIDTH), hashes: tile.slice(0, width * HASH_SIZE) });
    }
  }

  #push(number: number, hash: Bytes): void {
    let level = this.#levels[number];
    if (level === undefined) {
      level = { count: 0, tile: new Uint8Array(TILE_WIDTH * HASH_SIZE) };
      this.#levels.push(level);
    }
    level.tile.set(hash, (level.count % TILE_WIDTH) * HASH_SIZE);
    level.count++;
    if (level.count % TILE_WIDTH > 0) return;
    this.#onTile({ level: number, index: level.count / TILE_WIDTH - 1, hashes: level.tile.slice() });
    this.#push(number + 1, this.#join(hashesOf(level.tile, TILE_WIDTH)));
  }

  /** MTH of RFC 6962 §2.1 over subtrees instead of leaves; only the last may be smaller than the others. */
  #join(parts: readonly Bytes[]): Bytes {
    if (parts.length === 1) return parts[0] as Bytes;
    let k = 1;
    while (2 * k < parts.length) k *= 2;
    return nodeHash(this.#crypto, this.#join(parts.slice(0, k)), this.#join(parts.slice(k)));
  }
}

function hashesOf(tile: Bytes, count: number): Bytes[] {
  return Array.from({ length: count }, (_, i) => tile.slice(i * HASH_SIZE, (i + 1) * HASH_SIZE));
}
