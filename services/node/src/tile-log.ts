/**
 * One append-only RFC 6962 log as C2SP tlog-tiles files: the block log of a city, the log of a telemetry shard.
 *
 * The files follow from entries that the caller made durable elsewhere (LMDB) before `append`. `persist` writes them: bundles and
 * tiles first, then `frontier`, which says up to which size they count. After a crash the log opens at that size and the caller
 * appends the rest again; files beyond the frontier are written over, files inside never. Every hash and entry read back is checked
 * up to the frontier, so an altered file ends in LOG_DAMAGED, not in a false proof. See decisions/0004-tile-log-files.md.
 */

import { type Bytes, concatBytes, encodeUint64, equalBytes, readUint64 } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { FormatError, formatError } from '@oppidum/formats/errors';
import { encodeEntryBundle, encodeTilePath, hashCountAt, parseEntryBundle, TILE_WIDTH, type Tile } from '@oppidum/formats/tiles';
import { HASH_SIZE, leafHash } from '@oppidum/proofs/merkle-hash';
import { CompactTree, proveConsistency, proveInclusion, treeRoot } from '@oppidum/proofs/merkle-tree';
import { HashTile, TILE_HEIGHT } from './hash-tile.ts';
import { TileFiles } from './tile-files.ts';
import { WeightedCache } from './weighted-cache.ts';

/** Full tiles kept in memory, 16 kB each. */
const TILE_CACHE_COUNT = 512;
/** Bytes that bundles read from files may take in memory; those that were written are not kept, for nobody asks for them again. */
const BUNDLE_CACHE_SIZE = 16 * 2 ** 20;
/** What an entry takes in memory beyond its bytes, measured as the process grows: for one of 32 bytes that is most of it. */
const ENTRY_OVERHEAD = 400;
/** An entry's size is a u16 in its bundle (C2SP tlog-tiles, "Log entries"). */
const ENTRY_SIZE_MAX = 0xffff;
/** Levels below 2^53 entries. */
const LEVEL_COUNT_MAX = 7;

/** A log's size and the RFC 6962 root (32 bytes) of its first `size` entries. */
export type LogHead = { readonly size: number; readonly root: Bytes };

/** Entries that are hashed: the edge of the log with them, and the subtrees that they complete, of each its leaf and then upwards. */
export type HashedEntries = { readonly tree: CompactTree; readonly hashes: readonly Bytes[] };
/** Entries that are hashed and not appended yet; `tree` is the edge of the log with them. */
export type PreparedEntries = Pick<HashedEntries, 'tree'> & { readonly append: () => void };

type Snapshot = LogHead & { readonly edge: Bytes };
type Frontier = { readonly tree: CompactTree; readonly previousSize: number };
type LiveTile = { readonly level: number; readonly index: number; readonly tile: HashTile };

/** One log: appended to and read at once in memory, made durable by `persist`. One per folder. */
export class TileLog {
  readonly #crypto: Crypto;
  readonly #files: TileFiles;
  #tree: CompactTree;
  #persistedSize: number;
  /** The size persisted before; partial tiles that were outgrown by then go with the next `persist`. */
  #previousSize: number;
  /** Tiles and bundles that grow or are not durable yet, by `tileKey` and by index. */
  readonly #liveTiles = new Map<number, LiveTile>();
  readonly #liveBundles = new Map<number, Bytes[]>();
  readonly #tiles = new WeightedCache<number, HashTile>(TILE_CACHE_COUNT, () => 1);
  readonly #bundles = new WeightedCache<number, readonly Bytes[]>(BUNDLE_CACHE_SIZE, (entries) =>
    entries.reduce((size, entry) => size + entry.length + ENTRY_OVERHEAD, 0),
  );
  #persisting: Promise<unknown> = Promise.resolve();
  /** Why the log can no longer be used: a write failed, and an fsync asked again after a failure may lie. */
  #failure: Error | null = null;

  /** Opens the log at the size of its last `persist`; an empty one where there is none. Throws LOG_DAMAGED. */
  static open(options: { readonly folder: string; readonly crypto: Crypto }): TileLog {
    const { folder, crypto } = options;
    const files = new TileFiles(folder);
    const file = files.readFrontier();
    const frontier = file === null ? { tree: new CompactTree(crypto), previousSize: 0 } : parseFrontier(crypto, files, file);
    return new TileLog(crypto, files, frontier);
  }

  private constructor(crypto: Crypto, files: TileFiles, { tree, previousSize }: Frontier) {
    this.#crypto = crypto;
    this.#files = files;
    this.#tree = tree;
    this.#persistedSize = tree.size;
    this.#previousSize = previousSize;
    this.#loadEdge();
  }

  /** Entries appended. */
  get size(): number {
    return this.#tree.size;
  }

  /** Entries whose tiles are durable: where a caller appends again after a crash. */
  get persistedSize(): number {
    return this.#persistedSize;
  }

  /** RFC 6962 root of the first `size` entries, of all without it. Throws NUMBER_RANGE. */
  root(size = this.size): Bytes {
    // Of one entry the root is the tree's own hash: what leaves here is a copy.
    if (size === this.size) return this.#tree.root().slice();
    this.#assertSize(size);
    return treeRoot(this.#crypto, this.#readHash, size);
  }

  /**
   * Appends entries the caller has made durable, and may have hashed; in memory, at once. Returns the index of the first.
   * Throws TOO_LARGE (an entry above 65,535 bytes), and then appends none.
   */
  append(entries: readonly Bytes[], hashed?: HashedEntries): number {
    const first = this.size;
    this.prepare(entries, hashed).append();
    return first;
  }

  /**
   * The same in two steps, for who must know the tree before the entries are durable: hashes them, and appends them when told to, unless
   * the log has grown in between. Throws as `append` does.
   */
  prepare(entries: readonly Bytes[], hashed = this.#hash(entries)): PreparedEntries {
    this.#assertUsable();
    const tooLarge = entries.find(({ length }) => length > ENTRY_SIZE_MAX);
    if (tooLarge !== undefined) throw formatError('TOO_LARGE', { size: tooLarge.length, sizeMax: ENTRY_SIZE_MAX });
    const [before, { tree, hashes }] = [this.#tree, hashed];
    return {
      tree,
      append: () => {
        this.#assertUsable();
        if (this.#tree !== before || before.size !== tree.size - entries.length) throw new Error('the log has grown in between');
        for (const [i, entry] of entries.entries())
          this.#liveBundle(Math.floor((before.size + i) / TILE_WIDTH)).push(entry.slice());
        this.#keepHashes(before.size, tree.size, hashes);
        this.#tree = tree;
      },
    };
  }

  /** The levels and indexes follow from the order: only the hashes need be kept. */
  #hash(entries: readonly Bytes[]): HashedEntries {
    const tree = this.#tree.copy();
    const hashes: Bytes[] = [];
    for (const entry of entries) tree.append(leafHash(this.#crypto, entry), (_level, _index, hash) => hashes.push(hash));
    return { tree, hashes };
  }

  /** Makes everything appended until now durable as files; resolves with the head they amount to. Rejects for good after a failed write. */
  persist(): Promise<LogHead> {
    this.#assertUsable();
    const snapshot: Snapshot = { size: this.size, root: this.root(), edge: this.#tree.encode() };
    const done = this.#persisting.then(() => this.#write(snapshot));
    this.#persisting = done.catch(() => undefined);
    return done.then(() => ({ size: snapshot.size, root: snapshot.root }));
  }

  /** An entry's bytes. Throws NUMBER_RANGE, LOG_DAMAGED. */
  entry(index: number): Bytes {
    this.#assertIndex(index);
    const bundle = Math.floor(index / TILE_WIDTH);
    const entries = this.#liveBundles.get(bundle) ?? this.#bundles.get(bundle) ?? this.#loadBundle(bundle, TILE_WIDTH);
    return (entries[index % TILE_WIDTH] as Bytes).slice();
  }

  /** SHA-256(0x00 ‖ entry). Throws NUMBER_RANGE, LOG_DAMAGED. */
  leafHash(index: number): Bytes {
    this.#assertIndex(index);
    return this.#readHash(0, index);
  }

  /** Inclusion proof of an entry in the first `size` entries, leaf to root. Throws NUMBER_RANGE, LOG_DAMAGED. */
  proveInclusion(index: number, size: number): Bytes[] {
    this.#assertSize(size);
    return proveInclusion(this.#crypto, this.#readHash, index, size);
  }

  /** Consistency proof from the first `size1` to the first `size2` entries. Throws NUMBER_RANGE unless 0 < size1 ≤ size2, LOG_DAMAGED. */
  proveConsistency(size1: number, size2: number): Bytes[] {
    this.#assertSize(size2);
    return proveConsistency(this.#crypto, this.#readHash, size1, size2);
  }

  /** Ends the use of the log; entries not persisted are the caller's to append again. */
  close(): void {
    this.#failure ??= new Error('the log is closed');
  }

  async #write({ size, edge }: Snapshot): Promise<void> {
    const persisted = this.#persistedSize;
    if (size <= persisted) return;
    try {
      // Not sooner: a checkpoint of the size persisted last may be published only now.
      await this.#files.removePartials(this.#previousSize, persisted);
      await this.#files.writeNew(persisted, size, (tile) => this.#encode(tile));
      await this.#files.writeFrontier(encodeFrontier(this.#crypto, edge, persisted));
      // COMMIT POINT
      this.#previousSize = persisted;
      this.#persistedSize = size;
      this.#releaseFull();
    } catch (error) {
      this.#failure = error as Error;
      throw error;
    }
  }

  /** Hashes and entries are only ever added, so a prefix is the same whenever it is taken. */
  #encode({ level, index, width }: Tile): Bytes {
    if (level === 'entries') return encodeEntryBundle(this.#liveBundle(index).slice(0, width));
    const live = this.#liveTiles.get(tileKey(level, index));
    if (live === undefined) throw new Error(`tile ${level}/${index} is not in memory before it is durable`);
    return live.tile.encode(width);
  }

  /** Full and durable tiles and bundles need no longer stay in memory. */
  #releaseFull(): void {
    for (const [key, { level, index, tile }] of this.#liveTiles) {
      if ((index + 1) * TILE_WIDTH > hashCountAt(level, this.#persistedSize)) continue;
      this.#liveTiles.delete(key);
      this.#tiles.set(key, tile);
    }
    for (const index of this.#liveBundles.keys())
      if ((index + 1) * TILE_WIDTH <= this.#persistedSize) this.#liveBundles.delete(index);
  }

  #liveBundle(index: number): Bytes[] {
    const known = this.#liveBundles.get(index);
    if (known !== undefined) return known;
    const entries: Bytes[] = [];
    this.#liveBundles.set(index, entries);
    return entries;
  }

  /** Stores the subtrees that entries completed: of each its leaf, then upwards as far as it is the last of a subtree. */
  #keepHashes(from: number, to: number, hashes: readonly Bytes[]): void {
    let next = 0;
    for (let index = from; index < to; index++) {
      let [level, place] = [0, index];
      this.#keepHash(level, place, hashes[next++] as Bytes);
      for (; place % 2 === 1; next++) {
        place = (place - 1) / 2;
        this.#keepHash(++level, place, hashes[next] as Bytes);
      }
    }
  }

  #keepHash(level: number, index: number, hash: Bytes): void {
    const place = placeOf(level, index);
    const key = tileKey(place.level, place.index);
    let live = this.#liveTiles.get(key);
    if (live === undefined) {
      live = { level: place.level, index: place.index, tile: new HashTile() };
      this.#liveTiles.set(key, live);
    }
    live.tile.write(place.height, place.offset, hash);
  }

  /** `HashReader` of the proofs: the subtree over entries [index × 2^level, (index + 1) × 2^level). */
  readonly #readHash = (level: number, index: number): Bytes => {
    const place = placeOf(level, index);
    const key = tileKey(place.level, place.index);
    const tile = this.#liveTiles.get(key)?.tile ?? this.#tiles.get(key) ?? this.#loadFullTile(place.level, place.index);
    return tile.read(place.height, place.offset);
  };

  /** A full tile's root stands in the tile above, and so on up to the edge, which the frontier vouches for. */
  #loadFullTile(level: number, index: number): HashTile {
    const tile = this.#readTile({ level, index, width: TILE_WIDTH });
    const root = this.#readHash(TILE_HEIGHT * (level + 1), index);
    if (!equalBytes(tile.read(TILE_HEIGHT, 0), root))
      throw this.#files.damaged(encodeTilePath({ level, index, width: TILE_WIDTH }), 'altered');
    this.#tiles.set(tileKey(level, index), tile);
    return tile;
  }

  #readTile(tile: Tile): HashTile {
    const file = this.#files.read(tile);
    if (file.length !== tile.width * HASH_SIZE) throw this.#files.damaged(encodeTilePath(tile), 'cut off');
    return HashTile.parse(this.#crypto, file);
  }

  /** Reads a bundle and checks every entry against its leaf hash. */
  #loadBundle(index: number, width: number): Bytes[] {
    const bundle: Tile = { level: 'entries', index, width };
    const entries = [...this.#parseBundle(bundle)];
    for (const [i, entry] of entries.entries()) {
      const expected = this.#readHash(0, index * TILE_WIDTH + i);
      if (!equalBytes(leafHash(this.#crypto, entry), expected)) throw this.#files.damaged(encodeTilePath(bundle), 'altered');
    }
    if (width === TILE_WIDTH) this.#bundles.set(index, entries);
    return entries;
  }

  #parseBundle(bundle: Tile): readonly Bytes[] {
    const file = this.#files.read(bundle);
    try {
      return parseEntryBundle(file, bundle.width);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      throw this.#files.damaged(encodeTilePath(bundle), 'cut off');
    }
  }

  /** The partial tiles at the right edge: all that appending needs, and every hash that the frontier's root is made of. */
  #loadEdge(): void {
    for (let level = 0; level < LEVEL_COUNT_MAX; level++) {
      const count = hashCountAt(level, this.size);
      const [index, width] = [Math.floor(count / TILE_WIDTH), count % TILE_WIDTH];
      if (width === 0) continue;
      this.#liveTiles.set(tileKey(level, index), { level, index, tile: this.#readTile({ level, index, width }) });
    }
    if (!equalBytes(treeRoot(this.#crypto, this.#readHash, this.size), this.#tree.root()))
      throw this.#files.damaged('tile', 'altered: the partial tiles do not have the root in `frontier`');
    const [index, width] = [Math.floor(this.size / TILE_WIDTH), this.size % TILE_WIDTH];
    if (width > 0) this.#liveBundles.set(index, this.#loadBundle(index, width));
  }

  #assertUsable(): void {
    if (this.#failure !== null) throw this.#failure;
  }

  #assertSize(size: number): void {
    if (!(Number.isSafeInteger(size) && size >= 0 && size <= this.size))
      throw formatError('NUMBER_RANGE', { size, sizeMax: this.size });
  }

  #assertIndex(index: number): void {
    if (!(Number.isSafeInteger(index) && index >= 0 && index < this.size))
      throw formatError('NUMBER_RANGE', { index, size: this.size });
  }
}

/** previous size: u64 ‖ compact tree ‖ SHA-256 of both, so that a torn or altered file is noticed. */
function encodeFrontier(crypto: Crypto, edge: Bytes, previousSize: number): Bytes {
  const content = concatBytes(encodeUint64(previousSize), edge);
  return concatBytes(content, crypto.sha256(content));
}

function parseFrontier(crypto: Crypto, files: TileFiles, file: Bytes): Frontier {
  const content = file.subarray(0, Math.max(0, file.length - HASH_SIZE));
  if (!equalBytes(crypto.sha256(content), file.subarray(content.length))) throw files.damaged('frontier', 'altered');
  return { previousSize: readUint64(content, 0), tree: CompactTree.parse(crypto, content.slice(8)) };
}

/** Where the hash of a complete subtree stands: which tile, how high in it, which from the left. */
function placeOf(level: number, index: number): { level: number; index: number; height: number; offset: number } {
  const height = level % TILE_HEIGHT;
  const span = TILE_WIDTH >> height;
  return { level: (level - height) / TILE_HEIGHT, index: Math.floor(index / span), height, offset: index % span };
}

/** One number per tile: indexes stay below 2^45 (2^53 entries, 256 hashes each). */
function tileKey(level: number, index: number): number {
  return level * 2 ** 46 + index;
}
