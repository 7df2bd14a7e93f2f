/**
 * A committed block as one value of the store: what was decided (time, envelopes), what came of it (leaves, events, details), what it
 * changed, and the edge of the log before it, so that the log's root can be computed from any block on.
 *
 *   block       = [timeMs, firstIndex, edge, [* transaction], blockLeaf / null, changes, ? [+ misbehaviour]]
 *   transaction = [envelope, leaf, events, details / null]        executed: id, position and code stand in the leaf
 *               / [envelope, code, details, id / null]            refused at admission: no leaf
 *   misbehaviour = [kind, address, voteHeight]                    what the engine proved
 *   changes     = (keySize: u8 ‖ key ‖ valueSize: u32 ‖ value)*   valueSize 2^32 − 1: the key was removed
 */

import { parseLeaf, type TransactionLeaf } from '@oppidum/formats/block-log';
import { type Bytes, encodeUint32, readUint32 } from '@oppidum/formats/bytes';
import { type CborValue, encodeCbor, parseCbor } from '@oppidum/formats/cbor';
import type { ErrorCode, ErrorDetails } from '@oppidum/formats/errors';
import { parseEvents } from '@oppidum/formats/result';
import type { Outcome } from '@oppidum/ledger/block';
import type { StateChange } from '@oppidum/ledger/city';
import type { Misbehaviour } from '@oppidum/ledger/misbehaviour';
import type { CompactTree } from '@oppidum/proofs/merkle-tree';
import type { CommittedTransaction } from './client.ts';

/** A block with everything that the store keeps of it. `firstIndex`: log index of its first leaf, the log's size where it has none. */
export type StoredBlock = {
  readonly height: number;
  readonly timeMs: number;
  readonly firstIndex: number;
  /** `CompactTree.encode()` of the log before this block. */
  readonly edge: Bytes;
  readonly outcomes: readonly StoredOutcome[];
  /** One per executed transaction, then the block leaf where there is one. */
  readonly leaves: readonly Bytes[];
  readonly hasBlockLeaf: boolean;
  readonly changes: readonly StateChange[];
  /** What the engine proved against validators, in its order. */
  readonly misbehaviour: readonly Misbehaviour[];
};

/** What became of one envelope. */
export type StoredOutcome =
  | { readonly executed: CommittedTransaction }
  | { readonly envelope: Bytes; readonly code: ErrorCode; readonly details: ErrorDetails; readonly id: Bytes | null };

type ProvenField = [Misbehaviour['kind'], Bytes, number];

const REMOVED = 0xffff_ffff;

/** A block as the ledger left it, on its way into the store. */
export type DecidedBlock = Omit<StoredBlock, 'outcomes' | 'misbehaviour'> & {
  readonly misbehaviour?: StoredBlock['misbehaviour'];
  /** The log after this block. */
  readonly log: CompactTree;
  readonly envelopes: readonly Bytes[];
  readonly outcomes: readonly Outcome[];
};

/** The stored form of a block. */
export function encodeStoredBlock(block: DecidedBlock): Bytes {
  const transactions = block.outcomes.map((outcome, i): CborValue => {
    const envelope = block.envelopes[i] as Bytes;
    if ('refused' in outcome) {
      const { code, details, id } = outcome.refused;
      return [envelope, code, JSON.stringify(details), id];
    }
    const { position, encodedEvents, rejection } = outcome.executed;
    const leaf = block.leaves[position] as Bytes;
    return [envelope, leaf, encodedEvents, rejection === null ? null : JSON.stringify(rejection.details)];
  });
  const blockLeaf = block.hasBlockLeaf ? (block.leaves.at(-1) as Bytes) : null;
  const proven = (block.misbehaviour ?? []).map(({ kind, address, voteHeight }) => [kind, address, voteHeight]);
  const fields = [block.timeMs, block.firstIndex, block.edge, transactions, blockLeaf, encodeChanges(block.changes)];
  return encodeCbor(proven.length === 0 ? fields : [...fields, proven]);
}

/** What `parseStoredBlock` will give of a block, without encoding it first. */
export function storedBlockOf(block: DecidedBlock): StoredBlock {
  const { height, timeMs, firstIndex, edge, leaves, hasBlockLeaf, changes, misbehaviour = [] } = block;
  const outcomes = block.outcomes.map((outcome, i): StoredOutcome => {
    const envelope = block.envelopes[i] as Bytes;
    if ('refused' in outcome) return { envelope, ...outcome.refused };
    const { id, position, index, code, events, rejection } = outcome.executed;
    return { executed: { id, envelope, height, position, index, code, details: rejection?.details ?? {}, events } };
  });
  return { height, timeMs, firstIndex, edge, outcomes, leaves, hasBlockLeaf, changes, misbehaviour };
}

/** Opens what `encodeStoredBlock` wrote. */
export function parseStoredBlock(height: number, data: Bytes): StoredBlock {
  const fields = parseCbor(data) as [number, number, Bytes, CborValue[][], Bytes | null, Bytes, ProvenField[] | undefined];
  const [timeMs, firstIndex, edge, transactions, blockLeaf, changes, proven = []] = fields;
  const leaves: Bytes[] = [];
  const outcomes = transactions.map(([envelope, second, third, fourth]): StoredOutcome => {
    if (typeof second === 'string') {
      const refusal = { code: second as ErrorCode, details: JSON.parse(third as string) as ErrorDetails };
      return { envelope: envelope as Bytes, ...refusal, id: fourth as Bytes | null };
    }
    leaves.push(second as Bytes);
    const details = typeof fourth === 'string' ? (JSON.parse(fourth) as ErrorDetails) : {};
    return { executed: openTransaction(firstIndex, envelope as Bytes, second as Bytes, third as Bytes, details) };
  });
  if (blockLeaf !== null) leaves.push(blockLeaf);
  return {
    height,
    timeMs,
    firstIndex,
    edge,
    outcomes,
    leaves,
    hasBlockLeaf: blockLeaf !== null,
    changes: parseChanges(changes),
    misbehaviour: proven.map(([kind, address, voteHeight]) => ({ kind, address, voteHeight })),
  };
}

function openTransaction(
  firstIndex: number,
  envelope: Bytes,
  leaf: Bytes,
  events: Bytes,
  details: ErrorDetails,
): CommittedTransaction {
  const { height, position, id, code } = openTransactionLeaf(leaf);
  return { id, envelope, height, position, index: firstIndex + position, code, details, events: parseEvents(events) };
}

function openTransactionLeaf(leaf: Bytes): TransactionLeaf {
  const parsed = parseLeaf(leaf);
  if (!('transaction' in parsed)) throw new Error('a stored transaction has a block leaf');
  return parsed.transaction;
}

/** Of a stored block what the index of ids needs, for a fraction of what the whole costs: the ids of executed transactions, in order. */
export function parseStoredIds(data: Bytes): Pick<StoredBlock, 'timeMs' | 'firstIndex'> & { readonly ids: readonly Bytes[] } {
  const [timeMs, firstIndex, , transactions] = parseCbor(data) as [number, number, Bytes, CborValue[][]];
  const ids = transactions.flatMap(([, leaf]) => (leaf instanceof Uint8Array ? [openTransactionLeaf(leaf).id] : []));
  return { timeMs, firstIndex, ids };
}

function encodeChanges(changes: readonly StateChange[]): Bytes {
  let size = 0;
  for (const { key, value } of changes) size += 5 + key.length + (value?.length ?? 0);
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const { key, value } of changes) {
    bytes[at] = key.length;
    bytes.set(key, at + 1);
    at += 1 + key.length;
    bytes.set(encodeUint32(value?.length ?? REMOVED), at);
    at += 4;
    if (value !== null) bytes.set(value, at);
    at += value?.length ?? 0;
  }
  return bytes;
}

function parseChanges(bytes: Bytes): StateChange[] {
  const changes: StateChange[] = [];
  for (let at = 0; at < bytes.length; ) {
    const keyEnd = at + 1 + (bytes[at] as number);
    const size = readUint32(bytes, keyEnd);
    const end = keyEnd + 4 + (size === REMOVED ? 0 : size);
    const value = size === REMOVED ? null : bytes.slice(keyEnd + 4, end);
    changes.push({ key: bytes.slice(at + 1, keyEnd), value });
    at = end;
  }
  return changes;
}
