/**
 * What one node hands to the mempool together is one transaction of CometBFT: gossip, mempool and CheckTx cost by the piece. Each envelope
 * in it stands for itself, as if it had come alone: one that is refused takes no other with it (specs/consensus.md §1).
 *
 *   parcel = [2*128 bstr]       deterministic CBOR; an envelope is never an array, so neither is mistaken for the other
 */

import type { Bytes } from '@oppidum/formats/bytes';
import { encodeCbor, parseCbor } from '@oppidum/formats/cbor';
import { FormatError } from '@oppidum/formats/errors';

/** Envelopes of one parcel. */
export const PARCEL_COUNT_MAX = 128;
/** Bytes of the envelopes that go together; a larger one goes alone. Gossip sends a transaction in one piece. */
export const PARCEL_SIZE_MAX = 65_536;
/** Major type 4. */
const [ARRAY, TAGS] = [0x80, 0xc0] as const;

/** The transaction that carries these envelopes, at least one. */
export function encodeParcel(envelopes: readonly Bytes[]): Bytes {
  const [only] = envelopes;
  if (only === undefined || envelopes.length > PARCEL_COUNT_MAX) throw new Error(`a parcel of ${envelopes.length} envelopes`);
  return envelopes.length === 1 ? only : encodeCbor([...envelopes]);
}

/** The envelopes of a transaction of CometBFT, each an array of its own. What is no parcel is one envelope, whatever its bytes. */
export function parseParcel(transaction: Bytes): Bytes[] {
  const first = transaction[0] ?? 0;
  if (first < ARRAY || first >= TAGS) return [transaction.slice()];
  const items = itemsOf(transaction);
  const isParcel = Array.isArray(items) && items.length >= 2 && items.length <= PARCEL_COUNT_MAX;
  return isParcel && items.every((item) => item instanceof Uint8Array) ? items : [transaction.slice()];
}

function itemsOf(transaction: Bytes) {
  try {
    return parseCbor(transaction);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return null;
  }
}
