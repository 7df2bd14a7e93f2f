/**
 * What one node hands to the mempool together is one transaction of CometBFT: gossip, mempool and CheckTx cost by the piece. Each envelope
 * in it stands for itself, as if it had come alone: one that is refused takes no other with it (specs/consensus.md §1).
 *
 *   parcel = [2*128 bstr]       deterministic CBOR; an envelope is never an array, so neither is mistaken for the other
 */

import type { Bytes } from '@oppidum/formats/bytes';
import { encodeCbor } from '@oppidum/formats/cbor';

/** Envelopes of one parcel. */
export const PARCEL_COUNT_MAX = 128;
/** Bytes of the envelopes that go together; a larger one goes alone. Gossip sends a transaction in one piece. */
export const PARCEL_SIZE_MAX = 65_536;
/** RFC 8949 §3.1. */
const [MAJOR_BYTES, MAJOR_ARRAY] = [2, 4] as const;

/** The transaction that carries these envelopes, at least one. */
export function encodeParcel(envelopes: readonly Bytes[]): Bytes {
  const [only] = envelopes;
  if (only === undefined || envelopes.length > PARCEL_COUNT_MAX) throw new Error(`a parcel of ${envelopes.length} envelopes`);
  return envelopes.length === 1 ? only : encodeCbor([...envelopes]);
}

/** The envelopes of a transaction of CometBFT, each an array of its own. What is no parcel is one envelope, whatever its bytes. */
export function parseParcel(transaction: Bytes): Bytes[] {
  const bounds = boundsOf(transaction);
  if (bounds === null) return [transaction.slice()];
  return Array.from({ length: bounds.length / 2 }, (_, i) => transaction.slice(bounds[2 * i], bounds[2 * i + 1]));
}

/** How many `parseParcel` would give. */
export function countEnvelopes(transaction: Bytes): number {
  const bounds = boundsOf(transaction);
  return bounds === null ? 1 : bounds.length / 2;
}

/** Where each envelope begins and ends; null for what is no parcel. Read by hand: each validator counts, and takes apart, what all send. */
function boundsOf(bytes: Bytes): readonly number[] | null {
  const count = readHead(bytes, 0, MAJOR_ARRAY);
  if (count < 2 || count > PARCEL_COUNT_MAX) return null;
  const bounds: number[] = [];
  let at = headSize(count);
  for (let i = 0; i < count; i++) {
    const size = readHead(bytes, at, MAJOR_BYTES);
    if (size < 0) return null;
    const start = at + headSize(size);
    at = start + size;
    bounds.push(start, at);
  }
  return at === bytes.length ? bounds : null;
}

/** The argument of an initial byte of this major type in its shortest form (RFC 8949 §3, §4.2.1), below 2^32; −1 for anything else. */
function readHead(bytes: Bytes, at: number, major: number): number {
  const first = bytes[at];
  if (first === undefined || first >> 5 !== major) return -1;
  const info = first & 31;
  if (info < 24) return info;
  const width = info > 26 ? 0 : 2 ** (info - 24);
  if (width === 0 || at + width >= bytes.length) return -1;
  let value = 0;
  for (let i = 1; i <= width; i++) value = value * 256 + (bytes[at + i] as number);
  return headSize(value) === 1 + width ? value : -1;
}

function headSize(argument: number): number {
  if (argument < 24) return 1;
  if (argument < 0x100) return 2;
  return argument < 0x1_0000 ? 3 : 5;
}
