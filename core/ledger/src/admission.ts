/**
 * Who may enter a block. Decided on the state at the block's start plus the ids seen earlier in the block, so every replica
 * decides alike. An inadmissible transaction consumes nothing and gets no leaf.
 */

import type { Bytes } from '@oppidum/formats/bytes';
import { equalBytes, toHex } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { FormatError, type Rejection, reject } from '@oppidum/formats/errors';
import { LIMITS } from '@oppidum/formats/limits';
import { verifySignature } from '@oppidum/formats/public-key';
import { accountKeyKind, accountKind } from '@oppidum/formats/state-governance';
import { at, parseState, type StateRef } from '@oppidum/formats/state-layout';
import {
  type AllegedSignature,
  type AllegedTransaction,
  parseTransaction,
  transactionToBeSigned,
} from '@oppidum/formats/transaction';
import { type ParsedAction, parseAction, type Registry } from './action.ts';
import type { StateReader, VerifiedSigner } from './city.ts';

/** What admission needs to know besides the transaction. */
export type AdmissionContext = {
  readonly crypto: Crypto;
  readonly registry: Registry;
  readonly genesis: Bytes;
  /** Time of the block it would enter. */
  readonly timeMs: number;
  /** State after the previous block. */
  readonly state: StateReader;
  /** True for ids executed within the last LIMITS.transactionLifetimeMs or earlier in this block. */
  readonly isKnown: (id: Bytes) => boolean;
};

/** A transaction whose every signature was verified against keys in force. */
export type AdmittedTransaction = {
  readonly id: Bytes;
  readonly envelope: Bytes;
  readonly signers: readonly VerifiedSigner[];
  readonly actions: readonly ParsedAction[];
};

/** A refusal names the id where the envelope could be read that far. */
export type AdmissionRefusal = Rejection & { readonly id: Bytes | null };

/**
 * Admits or refuses one envelope.
 * Refuses, in this order: any FormatError of the envelope, WRONG_CITY, EXPIRED, NOT_YET_VALID, REPLAYED, ACTION_UNKNOWN or a
 * FormatError of an action's body, then per signer ACCOUNT_UNKNOWN, ACCOUNT_CLOSED, KEY_UNKNOWN, KEY_REVOKED, SIGNATURE_INVALID.
 */
export function admitTransaction(context: AdmissionContext, envelope: Bytes): AdmittedTransaction | AdmissionRefusal {
  let alleged: AllegedTransaction | null = null;
  try {
    alleged = parseTransaction(context.crypto, envelope);
    const early = checkEnvelope(context, alleged);
    if (early !== null) return { ...early, id: alleged.id };
    const actions = alleged.payload.actions.map((action) => parseAction(context.registry, action));
    return admitSigners(context, alleged, envelope, actions);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return { code: error.code, details: error.details, id: alleged?.id ?? null };
  }
}

/** True when the answer is a refusal. */
export function isRefusal(answer: AdmittedTransaction | AdmissionRefusal): answer is AdmissionRefusal {
  return 'code' in answer;
}

function checkEnvelope(context: AdmissionContext, { id, payload }: AllegedTransaction): Rejection | null {
  if (!equalBytes(payload.city, context.genesis)) return reject('WRONG_CITY', { city: toHex(payload.city) });
  if (payload.validUntil <= context.timeMs)
    return reject('EXPIRED', { validUntilMs: payload.validUntil, timeMs: context.timeMs });
  if (payload.validUntil > context.timeMs + LIMITS.transactionLifetimeMs) {
    return reject('NOT_YET_VALID', { validUntilMs: payload.validUntil, timeMs: context.timeMs });
  }
  return context.isKnown(id) ? reject('REPLAYED', { id: toHex(id) }) : null;
}

function admitSigners(
  context: AdmissionContext,
  alleged: AllegedTransaction,
  envelope: Bytes,
  actions: readonly ParsedAction[],
): AdmittedTransaction | AdmissionRefusal {
  const signers: VerifiedSigner[] = [];
  for (const signature of alleged.signatures) {
    const key = readSignerKey(context.state, signature);
    if ('code' in key) return { ...key, id: alleged.id };
    const signed = transactionToBeSigned(alleged.payloadBytes, signature);
    if (!verifySignature(context.crypto, key, signed, signature.signature)) {
      return { ...reject('SIGNATURE_INVALID', { account: toHex(signature.account) }), id: alleged.id };
    }
    signers.push({ account: signature.account, keyNumber: signature.keyNumber, class: key.class });
  }
  return { id: alleged.id, envelope, signers, actions };
}

function readSignerKey(state: StateReader, { account, keyNumber, algorithm }: AllegedSignature) {
  const read = <V>(ref: StateRef<V>): V | null => {
    const value = state.read(ref.key);
    return value === null ? null : parseState(ref.kind, value);
  };
  const facts = { account: toHex(account), keyNumber };
  const owner = read(at(accountKind, account));
  if (owner === null) return reject('ACCOUNT_UNKNOWN', facts);
  if (owner.to !== undefined) return reject('ACCOUNT_CLOSED', facts);
  const key = read(at(accountKeyKind, account, keyNumber));
  if (key === null || key.algorithm !== algorithm) return reject('KEY_UNKNOWN', facts);
  return key.to === undefined ? key : reject('KEY_REVOKED', facts);
}
