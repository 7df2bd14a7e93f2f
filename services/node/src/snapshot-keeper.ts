/**
 * The snapshots that a node offers to those that begin (specs/snapshots.md §5). One is taken at the first block with a leaf, that puts no
 * policy into force, of every so many heights, on each node the same; the newest few are kept. Taking is the work of a process of its own (`snapshot-taker-main.ts`),
 * with little claim on the processor, so that consensus goes on; log chunks are read from the log when somebody asks for them.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { readFile, rename, rm } from 'node:fs/promises';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Bytes, concatBytes, parseHex } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { FormatError } from '@oppidum/formats/errors';
import { encodeEntryBundle, TILE_WIDTH } from '@oppidum/formats/tiles';
import { HASH_SIZE } from '@oppidum/proofs/merkle-hash';
import { CompactTree } from '@oppidum/proofs/merkle-tree';
import type { CommittedBlock } from './client.ts';
import { fsyncFolder, writeFileDurably } from './durable-file.ts';
import {
  chunkCountOf,
  encodeSyncManifest,
  LOG_CHUNK_COUNT,
  logSizeOf,
  parseSyncManifest,
  SYNC_FORMAT,
  SYNC_MANIFEST_SIZE_MAX,
  type SyncManifest,
} from './sync-manifest.ts';
import type { TileLog } from './tile-log.ts';

export type SnapshotKeeperOptions = {
  readonly crypto: Crypto;
  /** Where snapshots are kept: a folder each, named by height. */
  readonly folder: string;
  /** The store's folder. */
  readonly node: string;
  readonly log: Pick<TileLog, 'entry' | 'leafHash'>;
  /** Heights between two of them; 0: none is taken. */
  readonly interval: number;
  readonly keptCount?: number;
  /** Keeps the state after this block in the store until the answer is called. */
  readonly hold: (height: number) => () => void;
  /** Height of the last durable block. */
  readonly height: () => number;
  /**
   * True of a block that put a policy into force: its head stands under the policy before, which its state does not have any more. A node
   * that began with it would not know who vouches for it.
   */
  readonly startsTerm: (height: number) => boolean;
  /** Told why one was not taken; the next one may be. */
  readonly onFailure?: (error: Error) => void;
};

/** A snapshot as it is offered. */
export type OfferedSnapshot = {
  readonly height: number;
  readonly format: number;
  readonly chunkCount: number;
  /** SHA-256 of the metadata. */
  readonly hash: Bytes;
  readonly metadata: Bytes;
};

type Kept = OfferedSnapshot & { readonly manifest: SyncManifest };
/** The first words of a block that the keeper needs. */
type Leafed = Pick<CommittedBlock, 'height' | 'logSize' | 'stateRoot'>;

const TAKER = fileURLToPath(new URL('./snapshot-taker-main.ts', import.meta.url));
const KEPT_COUNT = 3;
/** CometBFT's light client proves the state after block H by headers up to H + 2, which an idle city has not yet. */
const HEADERS_AFTER = 2;
const TAKER_OUTPUT_MAX = 2 * SYNC_MANIFEST_SIZE_MAX;
const PART = '.part';

/** The snapshots of one node. */
export class SnapshotKeeper {
  readonly #options: SnapshotKeeperOptions;
  /** Ascending. */
  #kept: Kept[];
  /** Height of the last block with a leaf. */
  #lastHeight: number;
  #taking: Promise<void> | null = null;
  readonly #stopping = new AbortController();

  /** `lastHeight`: of the newest block with a leaf. What a crash left unfinished is removed. */
  constructor(options: SnapshotKeeperOptions, lastHeight: number) {
    this.#options = options;
    this.#lastHeight = lastHeight;
    this.#kept = this.#load();
  }

  /** What is offered now, the newest first. */
  list(): readonly OfferedSnapshot[] {
    const height = this.#options.height() - HEADERS_AFTER;
    return this.#kept.filter((kept) => kept.height <= height).reverse();
  }

  /** The lowest height whose snapshot is kept, or null. */
  get oldestHeight(): number | null {
    return this.#kept[0]?.height ?? null;
  }

  /** A chunk, or nothing where there is none such. */
  async chunk(height: number, format: number, index: number): Promise<Bytes> {
    const kept = this.#kept.find((each) => each.height === height);
    if (kept === undefined || format !== SYNC_FORMAT || index >= kept.chunkCount) return new Uint8Array(0);
    const stateCount = kept.manifest.chunks.length;
    if (index >= stateCount) return this.#logChunk(kept.manifest, index - stateCount);
    try {
      return new Uint8Array(await readFile(join(this.#folderOf(height), String(index))));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      // A newer one has taken its place meanwhile.
      return new Uint8Array(0);
    }
  }

  /** A block is durable: takes a snapshot where it is time. Returns at once. */
  committed({ height, logSize, stateRoot }: Leafed): void {
    const { interval, startsTerm } = this.#options;
    if (stateRoot === null || height === 0 || startsTerm(height)) return;
    const isDue = interval > 0 && Math.floor(height / interval) > Math.floor(this.#lastHeight / interval);
    this.#lastHeight = height;
    // One at a time: a node that is too slow leaves one out, and others have it.
    if (!isDue || this.#taking !== null || this.#stopping.signal.aborted) return;
    this.#taking = this.#take(height, logSize)
      .catch((error: Error) => this.#report(error))
      .finally(() => {
        this.#taking = null;
      });
  }

  /** The node has begun with the state after this block: the next snapshot is due when it is due for all. */
  begin(height: number): void {
    this.#lastHeight = height;
  }

  /** Resolves when none is being taken. */
  async idle(): Promise<void> {
    await this.#taking;
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    await this.#taking;
  }

  async #take(height: number, size: number): Promise<void> {
    const { folder } = this.#options;
    const part = `${this.#folderOf(height)}${PART}`;
    rmSync(part, { recursive: true, force: true });
    mkdirSync(part, { recursive: true });
    const taken = await this.#runTaker(size, part, this.#options.hold(height));
    const log = await this.#logRoots(taken.windowEdge);
    const metadata = encodeSyncManifest({ version: 1, ...taken, log });
    // DURABLE: snapshot
    await writeFileDurably(join(part, 'manifest.cbor'), metadata);
    // COMMIT POINT
    await rename(part, this.#folderOf(height));
    await fsyncFolder(folder);
    this.#kept.push(this.#open(height, metadata));
    const surplus = this.#kept.splice(0, this.#kept.length - (this.#options.keptCount ?? KEPT_COUNT));
    for (const old of surplus) await rm(this.#folderOf(old.height), { recursive: true, force: true });
  }

  /** `letGo`: called when the process reads what it began with, or is over. Throws what it said when it failed. */
  async #runTaker(size: number, out: string, letGo: () => void): Promise<Pick<SyncManifest, 'windowEdge' | 'chunks'>> {
    const words = [TAKER, '--node', this.#options.node, '--size', String(size), '--out', out];
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...words], {
      stdio: ['ignore', 'pipe', 'pipe'],
      signal: this.#stopping.signal,
    });
    child.on('error', () => undefined);
    yieldProcessor(child.pid);
    let [said, complaint] = ['', ''];
    child.stdout.on('data', (data: Buffer) => {
      letGo();
      if (said.length < TAKER_OUTPUT_MAX) said += data.toString();
    });
    child.stderr.on('data', (data: Buffer) => {
      complaint = (complaint + data.toString()).slice(0, 1_000);
    });
    const [code] = (await once(child, 'close').finally(letGo)) as [number | null];
    if (code !== 0) throw new Error(`the process that takes it ended with ${code ?? 'a signal'}: ${complaint.trim()}`);
    const { windowEdge, chunks } = JSON.parse(said.slice(said.indexOf('{'))) as {
      readonly windowEdge: string;
      readonly chunks: readonly string[];
    };
    return {
      windowEdge: parseHex(windowEdge, windowEdge.length / 2),
      chunks: chunks.map((digest) => parseHex(digest, HASH_SIZE)),
    };
  }

  /** Roots of the full log chunks; of those that the last snapshot had, as it says. */
  async #logRoots(windowEdge: Bytes): Promise<Bytes[]> {
    const { crypto, log } = this.#options;
    const count = Math.floor(logSizeOf({ windowEdge }) / LOG_CHUNK_COUNT);
    const roots = [...(this.#kept.at(-1)?.manifest.log ?? [])].slice(0, count);
    while (roots.length < count) {
      const first = roots.length * LOG_CHUNK_COUNT;
      const tree = new CompactTree(crypto);
      for (let index = first; index < first + LOG_CHUNK_COUNT; index++) {
        if (index % TILE_WIDTH === 0) await nextTurn();
        tree.append(log.leafHash(index));
      }
      roots.push(tree.root());
    }
    return roots;
  }

  /** A turn of the event loop for each bundle: votes do not wait for whoever begins. */
  async #logChunk(manifest: SyncManifest, index: number): Promise<Bytes> {
    const { log } = this.#options;
    const bundles: Bytes[] = [];
    const [first, size] = [index * LOG_CHUNK_COUNT, logSizeOf(manifest)];
    for (let from = first; from < Math.min(first + LOG_CHUNK_COUNT, size); from += TILE_WIDTH) {
      const count = Math.min(TILE_WIDTH, size - from);
      bundles.push(encodeEntryBundle(Array.from({ length: count }, (_, i) => log.entry(from + i))));
      await nextTurn();
    }
    return concatBytes(...bundles);
  }

  #load(): Kept[] {
    const { folder } = this.#options;
    const names = existsSync(folder) ? readdirSync(folder) : [];
    for (const name of names.filter((each) => each.endsWith(PART))) rmSync(join(folder, name), { recursive: true });
    const heights = names.filter((name) => /^[1-9]\d*$/.test(name)).map(Number);
    return heights.sort((a, b) => a - b).flatMap((height) => this.#openKept(height) ?? []);
  }

  /** One that cannot be read is no snapshot any more: it is made again with the next. */
  #openKept(height: number): Kept | null {
    const folder = this.#folderOf(height);
    try {
      const kept = this.#open(height, new Uint8Array(readFileSync(join(folder, 'manifest.cbor'))));
      // The power may have gone while it was being removed.
      for (const index of kept.manifest.chunks.keys()) accessSync(join(folder, String(index)));
      return kept;
    } catch (error) {
      if (!(error instanceof FormatError) && (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      rmSync(folder, { recursive: true, force: true });
      return null;
    }
  }

  #open(height: number, metadata: Bytes): Kept {
    const { crypto } = this.#options;
    const manifest = parseSyncManifest(crypto, metadata);
    const hash = crypto.sha256(metadata);
    return { height, format: SYNC_FORMAT, chunkCount: chunkCountOf(manifest), hash, metadata, manifest };
  }

  #folderOf(height: number): string {
    return join(this.#options.folder, String(height));
  }

  #report(error: Error): void {
    if (!this.#stopping.signal.aborted) this.#options.onFailure?.(error);
  }
}

/** Consensus first. Where the system does not let us say so, nothing is lost. */
function yieldProcessor(pid: number | undefined): void {
  try {
    if (pid !== undefined) setPriority(pid, constants.priority.PRIORITY_LOW);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SYSTEM_ERROR') throw error;
  }
}
