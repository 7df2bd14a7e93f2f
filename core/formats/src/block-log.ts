/**
 * Leaves of the city's block log: one per transaction, then one per block that had a transaction leaf or a write.
 * The log's RFC 6962 root is the app hash; an empty block adds nothing. A leaf is a CBOR array; its first item tells which.
 */

import type { Bytes } from './bytes.ts';
import { type CborValue, encodeCbor, parseCbor } from './cbor.ts';
import { formatError } from './errors.ts';
import { ID_SIZE } from './ids.ts';
import { parseResultCode, type ResultCode } from './result.ts';
import { bytes, uint } from './schema.ts';

const TRANSACTION_LEAF = 1;
const BLOCK_LEAF = 2;

/** One transaction as executed: at `position` of block `height`, with its outcome. */
export type TransactionLeaf = {
  readonly height: number;
  readonly position: number;
  readonly id: Bytes;
  readonly code: ResultCode;
  readonly eventsDigest: Bytes;
};

/** One block: its time, the state root after it, and where its transaction leaves begin in the log. */
export type BlockLeaf = {
  readonly height: number;
  readonly timeMs: number;
  readonly stateRoot: Bytes;
  /** SHA-256 of the policy in force, the set that cosigns this block. */
  readonly validatorSetDigest: Bytes;
  readonly firstIndex: number;
  readonly count: number;
};

/** Encodes a transaction leaf: [1, height, position, id, code, eventsDigest]. A verifier may not know the code. */
export function encodeTransactionLeaf(leaf: Omit<TransactionLeaf, 'code'> & { readonly code: string }): Bytes {
  return encodeCbor([TRANSACTION_LEAF, leaf.height, leaf.position, leaf.id, leaf.code, leaf.eventsDigest]);
}

/** Encodes a block leaf: [2, height, timeMs, stateRoot, validatorSetDigest, firstIndex, count]. */
export function encodeBlockLeaf(leaf: BlockLeaf): Bytes {
  return encodeCbor([BLOCK_LEAF, leaf.height, leaf.timeMs, leaf.stateRoot, leaf.validatorSetDigest, leaf.firstIndex, leaf.count]);
}

/** Parses either leaf. Throws FormatError. */
export function parseLeaf(data: Bytes): { readonly transaction: TransactionLeaf } | { readonly block: BlockLeaf } {
  const value = parseCbor(data);
  if (!Array.isArray(value)) throw formatError('WRONG_TYPE', { want: 'a leaf' });
  const number = (i: number): number => uint().parse(value[i] as CborValue, `/${i}`);
  const hash = (i: number): Bytes => bytes(ID_SIZE).parse(value[i] as CborValue, `/${i}`);
  if (value[0] === TRANSACTION_LEAF && value.length === 6) {
    const code = value[4];
    if (typeof code !== 'string') throw formatError('WRONG_TYPE', { at: '/4', want: 'a text' });
    return {
      transaction: { height: number(1), position: number(2), id: hash(3), code: parseResultCode(code), eventsDigest: hash(5) },
    };
  }
  if (value[0] !== BLOCK_LEAF || value.length !== 7) throw formatError('WRONG_TYPE', { want: 'a leaf' });
  const [height, timeMs, firstIndex, count] = [number(1), number(2), number(5), number(6)];
  return { block: { height, timeMs, stateRoot: hash(3), validatorSetDigest: hash(4), firstIndex, count } };
}
