/** Evidence of what stands on the ledger, made under the newest published checkpoint, with no signature that the policy does not need. */

import { type Bytes, toHex } from '@oppidum/formats/bytes';
import { parseSign } from '@oppidum/formats/cose';
import type { Crypto } from '@oppidum/formats/crypto';
import { formatError } from '@oppidum/formats/errors';
import {
  type AnchorHop,
  claimDigest,
  EVIDENCE_VERSION,
  type StateClaim,
  type StateEvidence,
  type TransactionEvidence,
} from '@oppidum/formats/evidence';
import { minimizeNote } from '@oppidum/formats/minimal-note';
import { parsePolicy } from '@oppidum/formats/policy';
import { encodeEvents, eventsDigest } from '@oppidum/formats/result';
import { claimRange } from '@oppidum/proofs/verify-state';
import type { CommittedTransaction, NodeClient, NodeLink } from './client.ts';
import type { PublishedCheckpoint } from './publisher.ts';

/** Evidence that this transaction was executed, with its result. Waits for a checkpoint over its leaf. Throws TRANSACTION_UNKNOWN. */
export async function transactionEvidence(client: NodeClient, crypto: Crypto, id: Bytes): Promise<TransactionEvidence> {
  const transaction = await executedTransaction(client, id);
  const { index, height, position, code, events } = transaction;
  const checkpoint = await client.checkpointOf(index + 1);
  const log = await client.proveLeaf(index, checkpoint.size);
  return {
    version: EVIDENCE_VERSION,
    fact: 'transaction',
    payload: payloadOf(transaction),
    height,
    position,
    code,
    events: encodeEvents(events),
    log: { index, path: [...log.path] },
    checkpoint: minimalNote(client, crypto, checkpoint),
  };
}

/**
 * Evidence of all records that a claim names, under a checkpoint over everything that is durable now, or a given one. Throws what a claim's
 * terms throw, STATE_PRUNED, TOO_LARGE.
 */
export async function stateEvidence(
  client: NodeClient,
  crypto: Crypto,
  claim: StateClaim,
  given?: PublishedCheckpoint,
): Promise<StateEvidence> {
  const { range } = claimRange(claim);
  const checkpoint = given ?? (await client.checkpointOf(client.head().logSize));
  const state = await client.proveState([range], checkpoint.size);
  return {
    version: EVIDENCE_VERSION,
    fact: 'state',
    claim,
    claimDigest: claimDigest(crypto, claim),
    state,
    checkpoint: minimalNote(client, crypto, checkpoint),
  };
}

/** The hop of one action of an executed transaction under a checkpoint that covers it. Throws TRANSACTION_UNKNOWN, NUMBER_RANGE. */
export async function anchorHop(
  client: Pick<NodeLink, 'transaction' | 'proveLeaf'>,
  crypto: Crypto,
  place: { readonly id: Bytes; readonly action: number; readonly checkpoint: PublishedCheckpoint },
): Promise<AnchorHop> {
  const transaction = await executedTransaction(client, place.id);
  const { index, height, position, events } = transaction;
  const log = await client.proveLeaf(index, place.checkpoint.size);
  return {
    payload: payloadOf(transaction),
    action: place.action,
    height,
    position,
    eventsDigest: eventsDigest(crypto, events),
    log: { index, path: [...log.path] },
  };
}

/**
 * The note that evidence carries: one log signature and the fewest cosignatures that the policy of this checkpoint demands. Another
 * policy may be in force by now: whoever asked while it changed gets evidence under the former one, and can refresh it.
 * Throws a plain Error when the published checkpoint does not stand under its policy: then this node has published what nobody believes.
 */
export function minimalNote(client: Pick<NodeClient, 'policyFileOf'>, crypto: Crypto, checkpoint: PublishedCheckpoint): Bytes {
  const known = minimalNotes.get(checkpoint);
  if (known !== undefined) return known;
  const { note, size } = checkpoint;
  const minimal = minimizeNote(crypto, parsePolicy(crypto, client.policyFileOf(size)), note);
  if ('code' in minimal) throw new Error(`the published checkpoint is refused by its own policy: ${minimal.code}`);
  minimalNotes.set(checkpoint, minimal.note);
  return minimal.note;
}

/** Much evidence stands under one checkpoint, and each note costs as many verifications as it has cosignatures. */
const minimalNotes = new WeakMap<PublishedCheckpoint, Bytes>();

async function executedTransaction(client: Pick<NodeLink, 'transaction'>, id: Bytes): Promise<CommittedTransaction> {
  const transaction = await client.transaction(id);
  if (transaction === null) throw formatError('TRANSACTION_UNKNOWN', { id: toHex(id) });
  return transaction;
}

function payloadOf({ envelope }: CommittedTransaction): Bytes {
  const { payload } = parseSign(envelope);
  if (payload === null) throw new Error('an executed transaction has a payload');
  return payload;
}
