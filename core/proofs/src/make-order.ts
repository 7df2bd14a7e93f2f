/** Makes what a device is given to obey from what the ledger says: the record of an order, and evidence of the transaction that issued it. */

import type { Bytes } from '@oppidum/formats/bytes';
import { compactCheckpoint } from '@oppidum/formats/compact-checkpoint';
import { type CompactOrder, encodeCompactOrder, type Issuance } from '@oppidum/formats/compact-order';
import type { Crypto } from '@oppidum/formats/crypto';
import { type Rejection, reject } from '@oppidum/formats/errors';
import type { TransactionEvidence } from '@oppidum/formats/evidence';
import { encodePolicy, type Policy } from '@oppidum/formats/policy';
import type { SignedStatement } from '@oppidum/formats/statement';
import { transactionId } from '@oppidum/formats/transaction';
import { checkIssuance } from './verify-order.ts';

/**
 * The proof that the ledger issued an order, for many devices made once. `policy` is the one under which the checkpoint was cosigned.
 * Refuses WRONG_TYPE (refreshed evidence leads to no leaf of its own checkpoint), as `compactCheckpoint`, and whatever a device would.
 * Throws FormatError where statement or evidence cannot be read.
 */
export function makeIssuance(
  crypto: Crypto,
  order: Pick<CompactOrder, 'order' | 'statement'>,
  evidence: TransactionEvidence,
  policy: Policy,
): Issuance | Rejection {
  if (evidence.prior !== undefined) return reject('WRONG_TYPE', { at: '/prior', want: 'evidence that was not refreshed' });
  const checkpoint = compactCheckpoint(crypto, policy, evidence.checkpoint);
  if ('code' in checkpoint) return checkpoint;
  const { height, position, events, log } = evidence;
  const transaction = transactionId(crypto, evidence.payload);
  const digest = crypto.sha256(encodePolicy(crypto, policy));
  const issuance = { transaction, height, position, events, index: log.index, path: log.path, checkpoint, policy: digest };
  return checkIssuance(crypto, order, issuance, () => policy) ?? issuance;
}

/** The bytes for one device. Throws FormatError as `parseCompactOrder` does, among others TOO_LARGE: no device would read it. */
export function makeCompactOrder(signed: SignedStatement, place: CompactOrder['place'], issuance: Issuance | null): Bytes {
  const { statement, signatures } = signed;
  return encodeCompactOrder({ statement, signatures: [...signatures], place, issuance });
}
