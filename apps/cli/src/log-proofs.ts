/** Proofs between sizes of a log, made here from its published tiles (C2SP tlog-tiles): whoever serves them is believed in nothing. */

import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import type { Bytes } from '@oppidum/formats/bytes';
import { formatError } from '@oppidum/formats/errors';
import { encodeTilePath, type Tile, tileOf } from '@oppidum/formats/tiles';
import { HASH_SIZE } from '@oppidum/proofs/merkle-hash';
import { type HashReader, proveConsistency, treeRoot } from '@oppidum/proofs/merkle-tree';
import { subtreeReader } from '@oppidum/proofs/subtree-reader';

/** Tree levels in one tile: 2^8 = 256 hashes. */
const TILE_HEIGHT = 8;
/** Stands for every hash while only the list of tiles is of interest. */
const NO_HASH: Bytes = new Uint8Array(HASH_SIZE);

/** A log as somebody serves it: how far it reaches, and its tiles by path (`tile/…`). */
export type ServedLog = { readonly size: number; readonly tile: (path: string) => Promise<Bytes> };

/** The proof from one size of a log to another, 0 < size1 ≤ size2 ≤ size. Throws what `tile` throws, and CITY_ANSWER_INVALID. */
export function fetchConsistency(log: ServedLog, size1: number, size2: number): Promise<Bytes[]> {
  return readLog(log, (read) => proveConsistency(nativeCrypto, read, size1, size2));
}

/** What the tiles say of two sizes of the log, 0 < size1 ≤ size2 ≤ size: both roots, and the proof between them. */
export type LogSpan = { readonly root1: Bytes; readonly root2: Bytes; readonly consistency: readonly Bytes[] };

/** Reads a span of the log. Throws as `fetchConsistency` does. */
export function fetchSpan(log: ServedLog, size1: number, size2: number): Promise<LogSpan> {
  return readLog(log, (read) => ({
    root1: treeRoot(nativeCrypto, read, size1),
    root2: treeRoot(nativeCrypto, read, size2),
    consistency: proveConsistency(nativeCrypto, read, size1, size2),
  }));
}

/** Fetches the tiles that a computation reads, then computes. */
async function readLog<T>(log: ServedLog, compute: (read: HashReader) => T): Promise<T> {
  const wanted = new Map<string, Tile>();
  compute((level, index) => {
    const tile = tileAt(level, index, log.size);
    wanted.set(encodeTilePath(tile), tile);
    return NO_HASH;
  });
  const tiles = new Map<string, HashReader>();
  for (const [path, { width }] of wanted) {
    const bytes = await log.tile(path);
    if (bytes.length !== width * HASH_SIZE) throw formatError('CITY_ANSWER_INVALID', { path, want: width * HASH_SIZE });
    tiles.set(path, subtreeReader(nativeCrypto, hashesOf(bytes)));
  }
  return compute((level, index) => {
    const read = tiles.get(encodeTilePath(tileAt(level, index, log.size))) as HashReader;
    const height = level % TILE_HEIGHT;
    return read(height, index % 2 ** (TILE_HEIGHT - height));
  });
}

/** The tile that a complete subtree's hash follows from. */
function tileAt(level: number, index: number, size: number): Tile {
  const tile = tileOf(Math.floor(level / TILE_HEIGHT), index * 2 ** level, size);
  if (tile === null) throw new Error('a complete subtree has its tile');
  return tile;
}

function hashesOf(tile: Bytes): Bytes[] {
  return Array.from({ length: tile.length / HASH_SIZE }, (_, i) => tile.subarray(i * HASH_SIZE, (i + 1) * HASH_SIZE));
}
