/** Transactions that a shard's own accounts sign. */

import type { Bytes } from '@oppidum/formats/bytes';
import { FormatError, type Rejection, reject } from '@oppidum/formats/errors';
import { type Action, signTransaction, type TransactionSigner } from '@oppidum/formats/transaction';
import type { CommittedTransaction, NodeLink, SubmitAnswer } from '@oppidum/node/client';

/** How far ahead a transaction of ours is valid: submitted at once, it is executed in the next block or never. */
const LIFETIME_MS = 60_000;

export type Submission = {
  readonly client: Pick<NodeLink, 'genesisHash' | 'head' | 'submit'>;
  readonly signer: TransactionSigner;
  /** POSIX milliseconds. */
  readonly clock: () => number;
  readonly randomBytes: (size: number) => Bytes;
};

/** Executed and of effect, or the code of a refusal: at admission, or by the contract and then a leaf of the block log. */
export type SubmitOutcome = { readonly executed: CommittedTransaction } | { readonly refused: Rejection };

/** Signs one action as a transaction of its own and submits it; a node that is overloaded refuses, too. */
export function submitAction(submission: Submission, action: Action): Promise<SubmitOutcome> {
  return submitActions(submission, [action]);
}

/** The same of several: all of them or none. */
export async function submitActions(submission: Submission, actions: readonly Action[]): Promise<SubmitOutcome> {
  const { client, signer, clock, randomBytes } = submission;
  // Block time may run ahead of our clock, never far behind it.
  const validUntil = Math.max(clock(), client.head().timeMs) + LIFETIME_MS;
  const payload = {
    city: client.genesisHash,
    validUntil,
    nonce: randomBytes(16),
    signers: [signer.account],
    actions: [...actions],
  };
  const answer = await submit(client, signTransaction(payload, [signer]));
  if ('refused' in answer) return answer;
  const { code, details } = answer.executed;
  return code === 'OK' ? answer : { refused: reject(code, details) };
}

async function submit(client: Submission['client'], envelope: Bytes): Promise<SubmitOutcome | SubmitAnswer> {
  try {
    return await client.submit(envelope);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return { refused: reject(error.code, error.details) };
  }
}
