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
import { type SignatureJob, SignatureVerifier } from './signature-verifier.ts';
import type { DecidedBlock } from './stored-block.ts';

/** The proven state of a snapshot, ascending by key. */
export type ProvenRecords = readonly StoredRecord[];

/** A record's term: it counts for blocks after `from`, up to that of `to`. */
type Term = { readonly from: number; readonly to?: number | undefined };

/** Where an envelope of the window stands that somebody whom it names did not sign by a key that was in force at its block. */
export type UnsignedEnvelope = { readonly height: number; readonly position: number };

type WindowBlocks = readonly Pick<DecidedBlock, 'height' | 'envelopes'>[];

/** Signatures that are verified together, and whose each is; after them `refused`, of which one is by no key in force. */
type Parcel = {
  readonly jobs: SignatureJob[];
  readonly owners: UnsignedEnvelope[];
  readonly refused: UnsignedEnvelope | null;
};

/** Signatures of a parcel, and parcels under way: the worker verifies while this thread reads the next one. */
const TOGETHER_COUNT = 256;
const PARCEL_COUNT_MAX = 4;

/** The first of such, or null. Throws a FormatError for what is no whole envelope in its one spelling. */
export async function findUnsigned(
  crypto: Crypto,
  records: ProvenRecords,
  blocks: WindowBlocks,
): Promise<UnsignedEnvelope | null> {
  const verifier = new SignatureVerifier(crypto);
  const underWay: Promise<UnsignedEnvelope | null>[] = [];
  try {
    for (const parcel of parcelsOf(verifier, records, blocks)) {
      const judged = judge(verifier, parcel);
      // Whoever leaves before its turn does not ask.
      judged.catch(() => undefined);
      underWay.push(judged);
      const first = underWay.length < PARCEL_COUNT_MAX ? null : await underWay.shift();
      if (first !== null && first !== undefined) return first;
    }
    for (const judged of underWay) {
      const first = await judged;
      if (first !== null) return first;
    }
    return null;
  } finally {
    await verifier.close();
  }
}

function* parcelsOf(verifier: SignatureVerifier, records: ProvenRecords, blocks: WindowBlocks): Generator<Parcel> {
  let parcel: Parcel = { jobs: [], owners: [], refused: null };
  for (const { height, envelopes } of blocks) {
    for (const [position, envelope] of envelopes.entries()) {
      const owner = { height, position };
      const { jobs, owners } = parcel;
      if (!isByKeysInForce(verifier.postpone(jobs), records, envelope, height)) return yield { ...parcel, refused: owner };
      while (owners.length < jobs.length) owners.push(owner);
      if (jobs.length < TOGETHER_COUNT) continue;
      yield parcel;
      parcel = { jobs: [], owners: [], refused: null };
    }
  }
  yield parcel;
}

async function judge(verifier: SignatureVerifier, { jobs, owners, refused }: Parcel): Promise<UnsignedEnvelope | null> {
  const answers = await verifier.verify(jobs);
  return owners[answers.indexOf(false)] ?? refused;
}

/** True when everybody whom the envelope names has a signature on it by a key that was in force at the block of this height. */
function isByKeysInForce(crypto: Crypto, records: ProvenRecords, envelope: Bytes, height: number): boolean {
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
