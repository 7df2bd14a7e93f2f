/** Rows of a node's environment as specs/data-folder.md has them, read strictly. Throws FormatError, or TypeError where a tuple is none. */

import { type Bytes, readUint32, readUint64 } from '@oppidum/formats/bytes';
import { type CborValue, parseCbor } from '@oppidum/formats/cbor';
import { formatError } from '@oppidum/formats/errors';
import type { StateChange } from '@oppidum/ledger/city';
import type { Misbehaviour } from '@oppidum/ledger/misbehaviour';

/** What became of one envelope, as stored. */
export type StoredFate =
  | { readonly envelope: Bytes; readonly leaf: Bytes; readonly events: Bytes; readonly details: string | null }
  | { readonly envelope: Bytes; readonly code: string; readonly details: string; readonly id: Bytes | null };

/** A block as stored. */
export type BlockRow = {
  readonly timeMs: number;
  readonly firstIndex: number;
  readonly edge: Bytes;
  readonly fates: readonly StoredFate[];
  readonly blockLeaf: Bytes | null;
  readonly changes: readonly StateChange[];
  readonly misbehaviour: readonly Misbehaviour[];
};

const MISBEHAVIOUR_KINDS = ['duplicate-vote', 'light-client-attack'] as const;
const REMOVED = 0xffff_ffff;
const REMOVED_CARRIED = 0xffff_fffe;

/** Opens a row of `blocks`. */
export function parseBlockRow(row: Bytes): BlockRow {
  const value = parseCbor(row);
  const hasMisbehaviour = Array.isArray(value) && value.length === 7;
  const [timeMs, firstIndex, edge, transactions, blockLeaf, changes, misbehaviour] = tuple(value, hasMisbehaviour ? 7 : 6);
  if (!Array.isArray(transactions)) throw formatError('WRONG_TYPE', { at: '/3', want: 'transactions' });
  return {
    timeMs: numberOf(timeMs),
    firstIndex: numberOf(firstIndex),
    edge: bytesOf(edge),
    fates: transactions.map((fate) => parseFate(fate as CborValue)),
    blockLeaf: blockLeaf === null ? null : bytesOf(blockLeaf),
    changes: parseChanges(bytesOf(changes)),
    misbehaviour: hasMisbehaviour ? parseMisbehaviour(misbehaviour) : [],
  };
}

/** A block in which nothing was proven has no such field. */
function parseMisbehaviour(list: CborValue | undefined): Misbehaviour[] {
  if (!Array.isArray(list) || list.length === 0) throw formatError('WRONG_TYPE', { at: '/6', want: 'misbehaviour' });
  return list.map((one) => {
    const [name, address, voteHeight] = tuple(one as CborValue, 3);
    const kind = MISBEHAVIOUR_KINDS.find((known) => known === name);
    if (kind === undefined) throw formatError('WRONG_TYPE', { at: '/6', want: MISBEHAVIOUR_KINDS.join(' or ') });
    return { kind, address: bytesOf(address), voteHeight: numberOf(voteHeight) };
  });
}

function parseFate(value: CborValue): StoredFate {
  const [envelope, second, third, fourth] = tuple(value, 4);
  if (typeof second === 'string') {
    if (typeof third !== 'string') throw formatError('WRONG_TYPE', { want: 'details as text' });
    return { envelope: bytesOf(envelope), code: second, details: third, id: fourth === null ? null : bytesOf(fourth) };
  }
  if (fourth !== null && typeof fourth !== 'string') throw formatError('WRONG_TYPE', { want: 'details as text, or null' });
  return { envelope: bytesOf(envelope), leaf: bytesOf(second), events: bytesOf(third), details: fourth };
}

function parseChanges(bytes: Bytes): StateChange[] {
  const changes: StateChange[] = [];
  for (let at = 0; at < bytes.length; ) {
    const keyEnd = at + 1 + (bytes[at] as number);
    const size = readUint32(bytes, keyEnd);
    const end = keyEnd + 4 + (size === REMOVED ? 0 : size);
    if (end > bytes.length) throw formatError('TRUNCATED', { at });
    changes.push({ key: bytes.slice(at + 1, keyEnd), value: size === REMOVED ? null : bytes.slice(keyEnd + 4, end) });
    at = end;
  }
  return changes;
}

/** One record of the state log; `value` null: its key was removed at this height. */
export type StateRecord = { readonly height: number; readonly key: Bytes; readonly value: Bytes | null };

const RECORD_HEADER_SIZE = 13;

/** Opens a row of `stateLog`. */
export function parseStatePage(page: Bytes): StateRecord[] {
  const records: StateRecord[] = [];
  for (let at = 0; at < page.length; ) {
    const size = readUint32(page, at + 8);
    const keyAt = at + RECORD_HEADER_SIZE;
    const keyEnd = keyAt + (page[at + 12] as number);
    const isRemoval = size === REMOVED || size === REMOVED_CARRIED;
    const end = keyEnd + (isRemoval ? 0 : size);
    if (end > page.length) throw formatError('TRUNCATED', { at });
    const value = isRemoval ? null : page.slice(keyEnd, end);
    records.push({ height: readUint64(page, at), key: page.slice(keyAt, keyEnd), value });
    at = end;
  }
  return records;
}

/** One kept height: the state after it has this root, its records begin at this page. */
export type HeightRow = { readonly timeMs: number; readonly firstPage: number; readonly root: Bytes };

/** Opens a row of `stateHeights`. */
export function parseHeightRow(row: Bytes): HeightRow {
  if (row.length !== 48) throw formatError('LENGTH_WRONG', { want: 48, got: row.length });
  return { timeMs: readUint64(row, 0), firstPage: readUint64(row, 8), root: row.slice(16) };
}

/** The head of the store: its last block, and the edge of the log after it. */
export type HeadRow = { readonly height: number; readonly timeMs: number; readonly edge: Bytes };

/** Opens the row 'head' of `head`. */
export function parseHeadRow(row: Bytes): HeadRow {
  const [height, timeMs, edge] = tuple(parseCbor(row), 3);
  return { height: numberOf(height), timeMs: numberOf(timeMs), edge: bytesOf(edge) };
}

/** A CBOR array of so many items. Throws WRONG_TYPE. */
export function tuple(value: CborValue, count: number): readonly CborValue[] {
  if (!Array.isArray(value) || value.length !== count) throw formatError('WRONG_TYPE', { want: `a list of ${count}` });
  return value;
}

/** Throws WRONG_TYPE unless it is bytes. */
export function bytesOf(value: CborValue | undefined): Bytes {
  if (!(value instanceof Uint8Array)) throw formatError('WRONG_TYPE', { want: 'bytes' });
  return value;
}

/** Throws WRONG_TYPE unless it is a whole number from 0 on. */
export function numberOf(value: CborValue | undefined): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw formatError('WRONG_TYPE', { want: 'a number' });
  return value;
}
