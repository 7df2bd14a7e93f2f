/**
 * Who signed the transactions of a snapshot's window. A leaf names the payload of its transaction and not the signatures over it, so these
 * are held against the keys in the state, once that is proven: accounts and their keys are never removed, and say from when to when they
 * were in force. What is left open is what the signers themselves could have signed instead, by the same keys, over the same payload.
 */

import { type Bytes, compareBytes, equalBytes } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { verifySignature } from '@oppidum/formats/public-key';
import { accountKeyKind, accountKind } from '@oppidum/formats/state-governance';
import { at, parseState, type StateRef } from '@oppidum/formats/state-layout';
import { type AllegedSignature, parseTransaction, transactionToBeSigned } from '@oppidum/formats/transaction';
import type { StoredRecord } from '@oppidum/ledger/city';

/** The proven state of a snapshot, ascending by key. */
export type ProvenRecords = readonly StoredRecord[];

/** A record's term: it counts for blocks after `from`, up to that of `to`. */
type Term = { readonly from: number; readonly to?: number | undefined };

/**
 * True when everybody whom the envelope names signed it by a key that was in force at the block of this height. Throws a FormatError for what
 * is no whole envelope in its one spelling.
 */
export function isSignedAsOf(crypto: Crypto, records: ProvenRecords, envelope: Bytes, height: number): boolean {
  const { payloadBytes, signatures } = parseTransaction(crypto, envelope);
  return signatures.every((signature) => {
    const { account, keyNumber, algorithm } = signature;
    const owner = find(records, at(accountKind, account));
    const key = find(records, at(accountKeyKind, account, keyNumber));
    if (owner === null || key === null || !isInForce(owner, height) || !isInForce(key, height)) return false;
    return key.algorithm === algorithm && verifies(crypto, key, payloadBytes, signature);
  });
}

function verifies(
  crypto: Crypto,
  key: Parameters<typeof verifySignature>[1],
  payloadBytes: Bytes,
  signature: AllegedSignature,
): boolean {
  return verifySignature(crypto, key, transactionToBeSigned(payloadBytes, signature), signature.signature);
}

/** Admission reads the state before the block. */
function isInForce({ from, to }: Term, height: number): boolean {
  return from < height && (to === undefined || to >= height);
}

function find<V>(records: ProvenRecords, { kind, key }: StateRef<V>): V | null {
  let [low, high] = [0, records.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareBytes((records[middle] as StoredRecord).key, key) < 0) low = middle + 1;
    else high = middle;
  }
  const record = records[low];
  return record !== undefined && equalBytes(record.key, key) ? parseState(kind, record.value) : null;
}
