/**
 * A snapshot: the state of a city under one checkpoint, in chunks that are bit-identical on every node, and what proves it.
 *
 *   chunk        = 1 ‖ (keySize: u8 ‖ key ‖ valueSize: u32 ‖ value)*      records of the state map, ascending by key over all chunks
 *                / 2 ‖ (blockSize: u32 ‖ window block)*                   blocks of the window, ascending, after all records
 *   window block = CBOR [[* [envelope, transaction leaf, events]], block leaf]
 *
 * The window: every block with leaves whose transaction ids still count at the snapshot's time, and before them one that no longer
 * counts (or the log's beginning), so that nobody can leave one out. `windowEdge` is the log before the window; with all leaves of
 * the window it has the checkpoint's root, and the last leaf carries the state's root.
 */

import { type Bytes, concatBytes, encodeUint32, readUint32 } from '@oppidum/formats/bytes';
import { type CborValue, encodeCbor, parseCbor } from '@oppidum/formats/cbor';
import { encodeBy, id, parseBy } from '@oppidum/formats/common-schemas';
import { formatError } from '@oppidum/formats/errors';
import { LIMITS } from '@oppidum/formats/limits';
import { blob, type Infer, list, struct, uint } from '@oppidum/formats/schema';
import type { StoredRecord } from '@oppidum/ledger/city';

const manifestSchema = struct({
  version: uint({ min: 1, max: 1 }),
  /** The genesis document. */
  genesis: blob(LIMITS.stateValueSizeMax, 1),
  /** The policy that the checkpoint stands under. */
  policy: blob(LIMITS.policySizeMax, 1),
  /** A published checkpoint of the block log; its root is the app hash. */
  checkpoint: blob(LIMITS.noteSizeMax, 1),
  /** `CompactTree.encode()` of the log before the window. */
  windowEdge: blob(8 + 53 * 32, 8),
  /** SHA-256 of each chunk. */
  chunks: list(id(), { min: 1, max: 65_536 }),
});

/** What a snapshot consists of. */
export type SnapshotManifest = Infer<typeof manifestSchema>;

/** One block of the window: envelope, leaf and encoded events of each transaction, and the block leaf. */
export type WindowBlock = {
  readonly transactions: readonly { readonly envelope: Bytes; readonly leaf: Bytes; readonly events: Bytes }[];
  readonly blockLeaf: Bytes;
};

/** A chunk as parsed. */
export type SnapshotChunk = { readonly records: readonly StoredRecord[] } | { readonly blocks: readonly WindowBlock[] };

const RECORDS = 1;
const BLOCKS = 2;
/** A chunk ends with the item that reaches this size. */
const CHUNK_SIZE = 2 ** 20;
/** One item may be a whole block. */
export const CHUNK_SIZE_MAX = 64 * 2 ** 20;

/** Deterministic CBOR of a manifest. */
export function encodeManifest(manifest: SnapshotManifest): Bytes {
  return encodeBy(manifestSchema, manifest);
}

/** Parses a manifest. Throws FormatError. */
export function parseManifest(data: Bytes): SnapshotManifest {
  return parseBy(manifestSchema, data);
}

/** The chunks of a snapshot, in order. */
export function* encodeChunks(records: Iterable<StoredRecord>, blocks: Iterable<WindowBlock>): Generator<Bytes> {
  yield* gather(RECORDS, mapEach(records, encodeRecord));
  yield* gather(BLOCKS, mapEach(blocks, encodeWindowBlock));
}

function* mapEach<T>(items: Iterable<T>, encode: (item: T) => Bytes): Generator<Bytes> {
  for (const item of items) yield encode(item);
}

function* gather(kind: number, items: Iterable<Bytes>): Generator<Bytes> {
  let parts: Bytes[] = [];
  let size = 0;
  for (const item of items) {
    parts.push(item);
    size += item.length;
    if (size < CHUNK_SIZE) continue;
    yield concatBytes(Uint8Array.of(kind), ...parts);
    [parts, size] = [[], 0];
  }
  if (parts.length > 0) yield concatBytes(Uint8Array.of(kind), ...parts);
}

function encodeRecord({ key, value }: StoredRecord): Bytes {
  return concatBytes(Uint8Array.of(key.length), key, encodeUint32(value.length), value);
}

function encodeWindowBlock({ transactions, blockLeaf }: WindowBlock): Bytes {
  const items = transactions.map(({ envelope, leaf, events }): CborValue => [envelope, leaf, events]);
  const block = encodeCbor([items, blockLeaf]);
  return concatBytes(encodeUint32(block.length), block);
}

/** Parses a chunk. Throws FormatError. */
export function parseChunk(chunk: Bytes): SnapshotChunk {
  if (chunk.length > CHUNK_SIZE_MAX) throw formatError('TOO_LARGE', { sizeMax: CHUNK_SIZE_MAX });
  if (chunk[0] === RECORDS) return { records: parseRecords(chunk) };
  if (chunk[0] === BLOCKS) return { blocks: parseWindowBlocks(chunk) };
  throw formatError('WRONG_TYPE', { want: 'a chunk of records or blocks' });
}

/** Refuses an item behind the one that ended the chunk: what whoever restores holds in memory follows from the count of chunks. */
function assertGoesOn(at: number): void {
  if (at - 1 >= CHUNK_SIZE) throw formatError('NOT_CANONICAL', { want: 'the end of a chunk', at });
}

function parseRecords(chunk: Bytes): StoredRecord[] {
  const records: StoredRecord[] = [];
  for (let at = 1; at < chunk.length; ) {
    assertGoesOn(at);
    const keyEnd = at + 1 + (chunk[at] as number);
    const valueEnd = keyEnd + 4 + readUint32(chunk, keyEnd);
    if (valueEnd > chunk.length) throw formatError('TRUNCATED');
    records.push({ key: chunk.slice(at + 1, keyEnd), value: chunk.slice(keyEnd + 4, valueEnd) });
    at = valueEnd;
  }
  return records;
}

function parseWindowBlocks(chunk: Bytes): WindowBlock[] {
  const blocks: WindowBlock[] = [];
  for (let at = 1; at < chunk.length; ) {
    assertGoesOn(at);
    const end = at + 4 + readUint32(chunk, at);
    if (end > chunk.length) throw formatError('TRUNCATED');
    blocks.push(parseWindowBlock(parseCbor(chunk.slice(at + 4, end))));
    at = end;
  }
  return blocks;
}

function parseWindowBlock(value: CborValue): WindowBlock {
  const [items, blockLeaf] = listOf(value, 2);
  if (!Array.isArray(items)) throw formatError('WRONG_TYPE', { want: 'transactions' });
  const transactions = items.map((item) => {
    const [envelope, leaf, events] = listOf(item, 3).map(bytesOf);
    return { envelope: envelope as Bytes, leaf: leaf as Bytes, events: events as Bytes };
  });
  return { transactions, blockLeaf: bytesOf(blockLeaf) };
}

function listOf(value: CborValue, count: number): readonly CborValue[] {
  if (!Array.isArray(value) || value.length !== count) throw formatError('WRONG_TYPE', { want: `a list of ${count}` });
  return value;
}

function bytesOf(value: CborValue | undefined): Bytes {
  if (!(value instanceof Uint8Array)) throw formatError('WRONG_TYPE', { want: 'bytes' });
  return value;
}
