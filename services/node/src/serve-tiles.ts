/**
 * The read side of a tiled log (C2SP tlog-tiles, "APIs"): a path becomes a static answer from the log's folder. Only what the published
 * checkpoint covers is served, so that nothing a cache keeps for ever can turn out to be unfinished.
 */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Bytes, encodeUtf8 } from '@oppidum/formats/bytes';
import { parseCheckpointNote } from '@oppidum/formats/checkpoint';
import { orNull } from '@oppidum/formats/errors';
import {
  encodeEntryBundle,
  encodeTilePath,
  hashCountAt,
  parseEntryBundle,
  parseTilePath,
  TILE_WIDTH,
  type Tile,
} from '@oppidum/formats/tiles';
import { HASH_SIZE } from '@oppidum/proofs/merkle-hash';

export type StaticAnswer = {
  readonly status: 200 | 404;
  readonly bytes: Bytes;
  readonly contentType: string;
  readonly cacheControl: string;
};

const TEXT = 'text/plain; charset=utf-8';
const NOT_FOUND: StaticAnswer = { status: 404, bytes: encodeUtf8('not found\n'), contentType: TEXT, cacheControl: 'no-store' };

/** Answers `/checkpoint` and `/tile/…` of the log in a folder; anything else, and what is not published, is 404. */
export function serveTiles(folder: string): (path: string) => Promise<StaticAnswer> {
  return async (path) => {
    const checkpoint = await readIfThere(join(folder, 'checkpoint'));
    if (checkpoint === null) return NOT_FOUND;
    if (path === '/checkpoint') return { status: 200, bytes: checkpoint, contentType: TEXT, cacheControl: 'max-age=1' };
    const tile = parsePath(path);
    const { size } = parseCheckpointNote(checkpoint).checkpoint;
    if (tile === null || !isCovered(tile, size)) return NOT_FOUND;
    const bytes = (await readIfThere(join(folder, encodeTilePath(tile)))) ?? (await readFromFull(folder, tile));
    // A cache would keep for ever what a damaged disk gave once.
    if (bytes === null || !isWhole(tile, bytes)) return NOT_FOUND;
    return { status: 200, bytes, contentType: 'application/octet-stream', cacheControl: 'max-age=31536000, immutable' };
  };
}

function parsePath(path: string): Tile | null {
  if (!path.startsWith('/')) return null;
  return orNull(() => parseTilePath(path.slice(1)));
}

/** True when the first `size` entries fill the tile as far as it reaches. */
function isCovered({ level, index, width }: Tile, size: number): boolean {
  return index * TILE_WIDTH + width <= hashCountAt(level === 'entries' ? 0 : level, size);
}

/** True when the bytes have as many hashes, or entries, as the tile is wide. */
function isWhole({ level, width }: Tile, bytes: Bytes): boolean {
  if (level !== 'entries') return bytes.length === width * HASH_SIZE;
  return orNull(() => parseEntryBundle(bytes, width).length === width) ?? false;
}

/** Partial tiles are deleted once the full one exists, and are its beginning. */
async function readFromFull(folder: string, tile: Tile): Promise<Bytes | null> {
  if (tile.width === TILE_WIDTH) return null;
  const full = await readIfThere(join(folder, encodeTilePath({ ...tile, width: TILE_WIDTH })));
  if (full === null) return null;
  if (tile.level !== 'entries') return full.slice(0, tile.width * HASH_SIZE);
  return encodeEntryBundle(parseEntryBundle(full, TILE_WIDTH).slice(0, tile.width));
}

async function readIfThere(path: string): Promise<Bytes | null> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
