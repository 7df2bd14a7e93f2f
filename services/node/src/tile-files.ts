/** The files of a tiled log: which are written for a step from one size to the next, in which order, and what is read back. */

import { readFileSync, rmSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Bytes } from '@oppidum/formats/bytes';
import { formatError } from '@oppidum/formats/errors';
import { encodeTilePath, hashCountAt, newBundles, newTiles, TILE_WIDTH, type Tile } from '@oppidum/formats/tiles';
import { fsyncFolder, makeFolder, writeAndSync, writeFileDurably } from './durable-file.ts';

/** Files written at once: fsyncs that run together cost little more than one. */
const WRITERS = 8;

/** The folder of one log. */
export class TileFiles {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The bytes of a tile or bundle. Throws LOG_DAMAGED when there is no such file. */
  read(tile: Tile): Bytes {
    const path = encodeTilePath(tile);
    const bytes = this.#readIfThere(path);
    if (bytes === null) throw this.damaged(path, 'missing');
    return bytes;
  }

  /** What `writeFrontier` wrote last, or null. */
  readFrontier(): Bytes | null {
    return this.#readIfThere('frontier');
  }

  #readIfThere(path: string): Bytes | null {
    try {
      return new Uint8Array(readFileSync(join(this.#folder, path)));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }

  /** Writes what a log of `size` entries has and one of `previousSize` had not; resolves when bytes and names are durable. */
  async writeNew(previousSize: number, size: number, bytesOf: (tile: Tile) => Bytes): Promise<void> {
    const tiles = newFiles(previousSize, size);
    const changed = new Set<string>();
    const write = async (): Promise<void> => {
      for (const tile of tiles) {
        const path = join(this.#folder, encodeTilePath(tile));
        const folder = dirname(path);
        for (const parent of await makeFolder(folder)) changed.add(parent);
        changed.add(folder);
        // Under its own name a file is whole: whoever serves the folder never reads a part.
        // DURABLE: tile
        await writeAndSync(`${path}.new`, bytesOf(tile));
        await rename(`${path}.new`, path);
      }
    };
    await Promise.all(Array.from({ length: WRITERS }, write));
    await Promise.all([...changed].map(fsyncFolder));
  }

  /** Makes a size the one that the log opens with. */
  async writeFrontier(frontier: Bytes): Promise<void> {
    for (const parent of await makeFolder(this.#folder)) await fsyncFolder(parent);
    // DURABLE: frontier
    await writeFileDurably(join(this.#folder, 'frontier'), frontier);
  }

  /** Removes the partial tiles of tiles that became full between two sizes (C2SP tlog-tiles, "Partial Tiles"). */
  async removePartials(previousSize: number, size: number): Promise<void> {
    for (const tile of newFiles(previousSize, size)) {
      const isFirst = tile.index === Math.floor(countOf(tile, previousSize) / TILE_WIDTH);
      if (tile.width === TILE_WIDTH && isFirst) rmSync(this.#partialsOf(tile), { recursive: true, force: true });
    }
  }

  /** The error of a file that is not what it must be. */
  damaged(path: string, why: string): Error {
    return formatError('LOG_DAMAGED', { file: join(this.#folder, path), why });
  }

  #partialsOf(tile: Tile): string {
    return join(this.#folder, `${encodeTilePath({ ...tile, width: TILE_WIDTH })}.p`);
  }
}

function* newFiles(previousSize: number, size: number): Generator<Tile> {
  yield* newBundles(previousSize, size);
  yield* newTiles(previousSize, size);
}

/** Hashes, or entries, at the level of a tile. */
function countOf({ level }: Pick<Tile, 'level'>, size: number): number {
  return hashCountAt(level === 'entries' ? 0 : level, size);
}
