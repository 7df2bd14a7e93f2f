/** The files of a tiled log: which are written for a step from one size to the next, in which order, and what is read back. */

import { existsSync, readFileSync, rmSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Bytes } from '@oppidum/formats/bytes';
import { formatError } from '@oppidum/formats/errors';
import { encodeTilePath, hashCountAt, newBundles, newTiles, TILE_WIDTH, type Tile } from '@oppidum/formats/tiles';
import { fsyncFolder, makeFolder, writeAndSync, writeFileDurably } from './durable-file.ts';

/** Files written at once: fsyncs that run together cost little more than one. */
const WRITERS = 8;
/** Folders of which it is known that their names are durable; then it is seen to again. */
const SETTLED_COUNT_MAX = 256;

/** The folder of one log. */
export class TileFiles {
  readonly #folder: string;
  /** Folders whose names this process has made durable. */
  readonly #settled = new Set<string>();

  constructor(folder: string) {
    this.#folder = resolve(folder);
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
    const [folders, changed] = [new Set<string>(), new Set<string>()];
    const write = async (): Promise<void> => {
      for (const tile of tiles) {
        const path = join(this.#folder, encodeTilePath(tile));
        const folder = dirname(path);
        for (const parent of await this.#make(folder)) changed.add(parent);
        changed.add(folder);
        folders.add(folder);
        // Under its own name a file is whole: whoever serves the folder never reads a part.
        // DURABLE: tile
        await writeAndSync(`${path}.new`, bytesOf(tile));
        await rename(`${path}.new`, path);
      }
    };
    await Promise.all(Array.from({ length: WRITERS }, write));
    await Promise.all([...changed].map(fsyncFolder));
    this.#settle(folders);
  }

  /** Makes a size the one that the log opens with. */
  async writeFrontier(frontier: Bytes): Promise<void> {
    for (const parent of await this.#make(this.#folder)) await fsyncFolder(parent);
    this.#settle([this.#folder]);
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

  /** Makes a folder of the log; gives those that hold names which are not known to be durable. */
  async #make(folder: string): Promise<string[]> {
    const isSettled = this.#settled.has(folder) && existsSync(folder);
    return isSettled ? [] : makeFolder(folder, undefined, folder === this.#folder ? undefined : this.#folder);
  }

  #settle(folders: Iterable<string>): void {
    if (this.#settled.size > SETTLED_COUNT_MAX) this.#settled.clear();
    for (const folder of folders) this.#settled.add(folder);
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
