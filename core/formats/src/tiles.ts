/**
 * Tiled logs (C2SP tlog-tiles): which files a log of a given size consists of, their paths, and the bytes of entry bundles.
 * A tile holds up to 256 hashes; level L stands on 256^L entries per hash. Paths here are relative to the log's prefix.
 */

import { type Bytes, concatBytes, encodeUint16 } from './bytes.ts';
import { formatError } from './errors.ts';

/** Hashes of a full tile, entries of a full bundle. */
export const TILE_WIDTH = 256;
/** Levels a tree below 2^53 entries can have: 256^7 > 2^53. */
const LEVEL_COUNT_MAX = 7;
const LEVEL_MAX = 63;
const ENTRY_SIZE_MAX = 0xffff;

/** One tile or (level `entries`) one bundle. `width` 256 is a full one; a smaller one is partial. */
export type Tile = { readonly level: number | 'entries'; readonly index: number; readonly width: number };

/** The path of a tile: `tile/<L>/<N>[.p/<W>]`, N in groups of three digits, all but the last begun with x. Throws NUMBER_RANGE. */
export function encodeTilePath(tile: Tile): string {
  const { level, index, width } = tile;
  const isLevel = level === 'entries' || (Number.isInteger(level) && level >= 0 && level <= LEVEL_MAX);
  const isTile = Number.isSafeInteger(index) && index >= 0 && Number.isInteger(width) && width >= 1 && width <= TILE_WIDTH;
  if (!isLevel || !isTile) throw formatError('NUMBER_RANGE', { level, index, width });
  const digits = String(index).padStart(3 * Math.ceil(String(index).length / 3), '0');
  const groups = digits.match(/.{3}/g) as readonly string[];
  const path = groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join('/');
  return `tile/${level}/${path}${width === TILE_WIDTH ? '' : `.p/${width}`}`;
}

const PATH_FORM = /^tile\/(entries|[0-9]|[1-5][0-9]|6[0-3])\/((?:x[0-9]{3}\/)*[0-9]{3})(?:\.p\/([1-9][0-9]{0,2}))?$/;

/** The tile of a path. Throws TEXT_INVALID for anything that `encodeTilePath` does not write. */
export function parseTilePath(path: string): Tile {
  const [, level, groups, width] = PATH_FORM.exec(path) ?? [];
  if (level === undefined || groups === undefined) throw formatError('TEXT_INVALID', { want: 'tile/<L>/<N>[.p/<W>]' });
  const tile: Tile = {
    level: level === 'entries' ? level : Number(level),
    index: Number(groups.replaceAll(/[x/]/g, '')),
    width: width === undefined ? TILE_WIDTH : Number(width),
  };
  const isTile = Number.isSafeInteger(tile.index) && tile.width <= TILE_WIDTH;
  // A group of zeroes in front, or a partial tile of width 256, would be a second path of the same tile.
  if (!isTile || encodeTilePath(tile) !== path) throw formatError('TEXT_INVALID', { want: 'the one path of a tile' });
  return tile;
}

/** Hashes at a level of a log: floor(size / 256^level); only full tiles below count. */
export function hashCountAt(level: number, size: number): number {
  let count = size;
  for (let i = 0; i < level && count > 0; i++) count = Math.floor(count / TILE_WIDTH);
  return count;
}

/**
 * The hash tiles that a log of `size` entries has and one of `previousSize` had not, level by level, index by index;
 * with `previousSize` 0 all of them. A partial tile that grew is a new one.
 */
export function* newTiles(previousSize: number, size: number): Generator<Tile> {
  for (let level = 0; level < LEVEL_COUNT_MAX && hashCountAt(level, size) > 0; level++) {
    yield* newTilesAt(level, hashCountAt(level, previousSize), hashCountAt(level, size));
  }
}

/** The entry bundles that a log of `size` entries has and one of `previousSize` had not. */
export function* newBundles(previousSize: number, size: number): Generator<Tile> {
  yield* newTilesAt('entries', previousSize, size);
}

function* newTilesAt(level: Tile['level'], previousCount: number, count: number): Generator<Tile> {
  if (count <= previousCount) return;
  const fullCount = Math.floor(count / TILE_WIDTH);
  for (let index = Math.floor(previousCount / TILE_WIDTH); index < fullCount; index++) yield { level, index, width: TILE_WIDTH };
  if (count % TILE_WIDTH > 0) yield { level, index: fullCount, width: count % TILE_WIDTH };
}

/** The hash tile of `level` whose hashes cover the entry, as it is in a log of `size` entries; null when no such hash exists yet. */
export function tileOf(level: number, entryIndex: number, size: number): Tile | null {
  const hashIndex = hashCountAt(level, entryIndex);
  const count = hashCountAt(level, size);
  if (hashIndex >= count) return null;
  const index = Math.floor(hashIndex / TILE_WIDTH);
  return { level, index, width: Math.min(TILE_WIDTH, count - index * TILE_WIDTH) };
}

/** The bytes of an entry bundle: each entry after its size as big-endian u16. Throws LENGTH_WRONG (none or > 256 entries), TOO_LARGE. */
export function encodeEntryBundle(entries: readonly Bytes[]): Bytes {
  if (entries.length === 0 || entries.length > TILE_WIDTH)
    throw formatError('LENGTH_WRONG', { want: '1 to 256 entries', got: entries.length });
  const tooLarge = entries.find((entry) => entry.length > ENTRY_SIZE_MAX);
  if (tooLarge !== undefined) throw formatError('TOO_LARGE', { size: tooLarge.length, sizeMax: ENTRY_SIZE_MAX });
  return concatBytes(...entries.flatMap((entry) => [encodeUint16(entry.length), entry]));
}

/** The `width` entries of a bundle. Throws TRUNCATED, TRAILING_BYTES. */
export function parseEntryBundle(bundle: Bytes, width: number): readonly Bytes[] {
  const entries: Bytes[] = [];
  let offset = 0;
  while (entries.length < width) {
    if (offset + 2 > bundle.length) throw formatError('TRUNCATED', { at: offset });
    const end = offset + 2 + 256 * (bundle[offset] as number) + (bundle[offset + 1] as number);
    if (end > bundle.length) throw formatError('TRUNCATED', { at: offset });
    entries.push(bundle.slice(offset + 2, end));
    offset = end;
  }
  if (offset !== bundle.length) throw formatError('TRAILING_BYTES', { at: offset });
  return entries;
}
