/**
 * Snapshots as nodes offer them to each other (specs/snapshots.md §5): the chunks of `snapshot-format.ts` without note and policy, for
 * whoever asks has the app hash from CometBFT, then the block log before the window. All of it is the same on every node, bit by bit.
 *
 *   log chunk = (entrySize: u16 ‖ entry)*     8,192 entries of the log, its last chunk what is left before the window
 */

import { type Bytes, equalBytes, readUint64 } from '@oppidum/formats/bytes';
import { encodeBy, id, parseBy } from '@oppidum/formats/common-schemas';
import type { Crypto } from '@oppidum/formats/crypto';
import { formatError } from '@oppidum/formats/errors';
import { blob, type Infer, list, struct, uint } from '@oppidum/formats/schema';
import { parseEntryBundle } from '@oppidum/formats/tiles';
import { HASH_SIZE, leafHash } from '@oppidum/proofs/merkle-hash';
import { CompactTree } from '@oppidum/proofs/merkle-tree';
import { invalid } from './snapshots.ts';

/** Of the chunks below; another number is another format. */
export const SYNC_FORMAT = 1;
/** Entries of a full log chunk: a complete subtree of the log, whose root is all that a manifest says of it. */
export const LOG_CHUNK_COUNT = 8_192;
/** CometBFT carries 16,000,000 bytes of a chunk and 4,000,000 of a snapshot with its manifest. */
export const SYNC_CHUNK_SIZE_MAX = 15 * 2 ** 20;
export const SYNC_MANIFEST_SIZE_MAX = 3 * 2 ** 20;
/** State and window together. */
const STATE_CHUNK_COUNT_MAX = 4_096;
/** And their bytes, which a newcomer holds in memory before any of them is proven: a block of the window may be a chunk of 15 MiB. */
export const STATE_SIZE_MAX = STATE_CHUNK_COUNT_MAX * 2 ** 20;
/** 536,870,912 entries. */
const LOG_ROOT_COUNT_MAX = 65_536;
const EDGE_HEADER_SIZE = 8;

const manifestSchema = struct({
  version: uint({ min: 1, max: 1 }),
  /** `CompactTree.encode()` of the log before the window. */
  windowEdge: blob(EDGE_HEADER_SIZE + 53 * HASH_SIZE, EDGE_HEADER_SIZE),
  /** SHA-256 of each chunk of records and blocks. */
  chunks: list(id(), { min: 1, max: STATE_CHUNK_COUNT_MAX }),
  /** RFC 6962 root of each full log chunk. */
  log: list(id(), { min: 0, max: LOG_ROOT_COUNT_MAX }),
});

/** What a snapshot that nodes offer each other consists of. */
export type SyncManifest = Infer<typeof manifestSchema>;

/** Deterministic CBOR of a manifest. */
export function encodeSyncManifest(manifest: SyncManifest): Bytes {
  return encodeBy(manifestSchema, manifest);
}

/** Parses a manifest, whose log chunks have the edge that it names. Throws FormatError. */
export function parseSyncManifest(crypto: Crypto, data: Bytes): SyncManifest {
  if (data.length > SYNC_MANIFEST_SIZE_MAX)
    throw formatError('TOO_LARGE', { size: data.length, sizeMax: SYNC_MANIFEST_SIZE_MAX });
  const manifest = parseBy(manifestSchema, data);
  CompactTree.parse(crypto, manifest.windowEdge);
  const want = Math.floor(logSizeOf(manifest) / LOG_CHUNK_COUNT);
  if (manifest.log.length !== want) throw formatError('LENGTH_WRONG', { want, got: manifest.log.length });
  // Full chunks are leaves of a tree whose peaks are the larger ones of the log.
  const tree = new CompactTree(crypto);
  for (const root of manifest.log) tree.append(root);
  if (!equalBytes(peaksOf(tree), largerPeaks(manifest))) throw invalid('log chunks with the edge of the window');
  return manifest;
}

/** Entries before the window. */
export function logSizeOf({ windowEdge }: Pick<SyncManifest, 'windowEdge'>): number {
  return readUint64(windowEdge, 0);
}

/** Chunks of every kind, the log chunk that is not full included. */
export function chunkCountOf(manifest: SyncManifest): number {
  return manifest.chunks.length + Math.ceil(logSizeOf(manifest) / LOG_CHUNK_COUNT);
}

/** The entries of log chunk number `index`. Throws FormatError where it is not the one that the manifest names. */
export function parseLogChunk(crypto: Crypto, manifest: SyncManifest, index: number, chunk: Bytes): readonly Bytes[] {
  const root = manifest.log[index];
  const count = root === undefined ? logSizeOf(manifest) % LOG_CHUNK_COUNT : LOG_CHUNK_COUNT;
  const entries = parseEntryBundle(chunk, count);
  const tree = new CompactTree(crypto);
  for (const entry of entries) tree.append(leafHash(crypto, entry));
  const isNamed = root === undefined ? equalBytes(peaksOf(tree), smallerPeaks(manifest)) : equalBytes(tree.root(), root);
  if (!isNamed) throw invalid('the log chunk that the manifest names', { index });
  return entries;
}

function peaksOf(tree: CompactTree): Bytes {
  return tree.encode().slice(EDGE_HEADER_SIZE);
}

function largerPeaks(manifest: SyncManifest): Bytes {
  return manifest.windowEdge.slice(EDGE_HEADER_SIZE, splitOf(manifest));
}

function smallerPeaks(manifest: SyncManifest): Bytes {
  return manifest.windowEdge.slice(splitOf(manifest));
}

/** Where in the edge the peaks of full log chunks end. */
function splitOf(manifest: SyncManifest): number {
  let count = 0;
  for (let rest = Math.floor(logSizeOf(manifest) / LOG_CHUNK_COUNT); rest > 0; rest = Math.floor(rest / 2)) count += rest % 2;
  return EDGE_HEADER_SIZE + count * HASH_SIZE;
}
