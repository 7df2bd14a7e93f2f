/**
 * The answer to a signing request (specs/signing.md §4): the transaction itself with at least one of its signatures. With all of them
 * it is what the city takes; until then answers of several signers are joined.
 */

import { type Bytes, compareBytes, equalBytes, toHex } from './bytes.ts';
import { encodeSign } from './cose.ts';
import type { Crypto } from './crypto.ts';
import { formatError } from './errors.ts';
import type { PublicKey } from './ids.ts';
import { verifySignature } from './public-key.ts';
import type { SigningRequest } from './signing-request.ts';
import {
  type AllegedSignature,
  type AllegedTransaction,
  parsePartlySigned,
  signatureHeader,
  signPayload,
  type TransactionSigner,
  transactionToBeSigned,
} from './transaction.ts';

/** Signs the payload of a request by one of its signers: the bytes themselves, never an encoding of what was read in them. */
export function signAnswer({ payload }: Pick<SigningRequest, 'payload'>, by: TransactionSigner): Bytes {
  return encodeSign({ payload, signatures: [signPayload(payload, by)] });
}

/** An answer with the accounts that signed it and those still missing. */
export type CheckedAnswer = AllegedTransaction & { readonly missing: readonly Bytes[] };

/**
 * Parses an answer and checks that it signs exactly what was asked, by keys that were asked.
 * Throws what `parsePartlySigned` throws; ANSWER_OTHER (another payload), SIGNING_KEY_OTHER (another key of the account),
 * SIGNATURE_INVALID.
 */
export function requireAnswer(crypto: Crypto, request: SigningRequest, answer: Bytes): CheckedAnswer {
  const alleged = parsePartlySigned(crypto, answer);
  if (!equalBytes(alleged.payloadBytes, request.payload)) throw formatError('ANSWER_OTHER', { transaction: toHex(alleged.id) });
  for (const signature of alleged.signatures) {
    const asked = request.keys.find(({ account }) => equalBytes(account, signature.account));
    if (asked === undefined || asked.keyNumber !== signature.keyNumber || asked.key.algorithm !== signature.algorithm)
      throw formatError('SIGNING_KEY_OTHER', { account: toHex(signature.account), keyNumber: signature.keyNumber });
    const toBeSigned = transactionToBeSigned(request.payload, signature);
    if (!verifySignature(crypto, asked.key as PublicKey, toBeSigned, signature.signature))
      throw formatError('SIGNATURE_INVALID', { account: toHex(signature.account) });
  }
  const missing = alleged.payload.signers.filter(
    (signer) => !alleged.signatures.some(({ account }) => equalBytes(account, signer)),
  );
  return { ...alleged, missing };
}

/** Joins answers to one request into one; the same signer twice is once, by the first. Throws ANSWER_OTHER, LENGTH_WRONG for none. */
export function joinAnswers(answers: readonly AllegedTransaction[]): Bytes {
  const [first] = answers;
  if (first === undefined) throw formatError('LENGTH_WRONG', { at: '', min: 1 });
  const byAccount = new Map<string, AllegedSignature>();
  for (const { id, payloadBytes, signatures } of answers) {
    if (!equalBytes(payloadBytes, first.payloadBytes)) throw formatError('ANSWER_OTHER', { transaction: toHex(id) });
    for (const signature of signatures) {
      const account = toHex(signature.account);
      if (!byAccount.has(account)) byAccount.set(account, signature);
    }
  }
  const ordered = [...byAccount.values()].toSorted((a, b) => compareBytes(a.account, b.account));
  return encodeSign({
    payload: first.payloadBytes,
    signatures: ordered.map((by) => ({ protectedHeader: signatureHeader(by), signature: by.signature })),
  });
}
