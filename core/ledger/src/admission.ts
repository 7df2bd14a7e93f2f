/**
 * Who may enter a block. Decided on the state at the block's start plus the ids seen earlier in the block, so every replica
 * decides alike. An inadmissible transaction consumes nothing and gets no leaf.
 */

import type { Bytes } from '@oppidum/formats/bytes';
import { equalBytes, toHex } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { type ErrorDetails, type Rejection, reject } from '@oppidum/formats/errors';
import { LIMITS } from '@oppidum/formats/limits';
import { verifySignature } from '@oppidum/formats/public-key';
import { type AccountKeyRecord, type AccountRecord, accountKeyKind, accountKind } from '@oppidum/formats/state-governance';
import { parseState, stateKey } from '@oppidum/formats/state-layout';
import {
  type AllegedSignature,
  type AllegedTransaction,
  parseTransaction,
  transactionToBeSigned,
} from '@oppidum/formats/transaction';
import { answerOf, type ParsedAction, parseAction, type Registry } from './action.ts';
import type { StateReader, VerifiedSigner } from './city.ts';

/**
 * What an envelope says by itself, whatever the state: parsed once and used by CheckTx and by the block. `actions` are a refusal where
 * the registry cannot read one. `verifiedBy[i]`: the public key under which signature `i` was found to verify, once it was.
 * `signers[i]`: the records of signer `i` as read last.
 */
export type PreparedTransaction = {
  readonly alleged: AllegedTransaction;
  readonly actions: readonly ParsedAction[] | Rejection;
  readonly verifiedBy: (Bytes | undefined)[];
  readonly signers: SignerRecords[];
};

/** Two records, where they stand and the values they were parsed from: while the state holds the same arrays, they mean the same. */
type SignerRecords = {
  readonly accountPlace: Bytes;
  readonly keyPlace: Bytes;
  readonly accountValue: Bytes;
  readonly account: AccountRecord;
  readonly keyValue: Bytes;
  readonly key: AccountKeyRecord;
};

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
  /** What is known already of exactly this array of bytes; without it everything is parsed and verified anew. */
  readonly recall?: (envelope: Bytes) => PreparedTransaction | undefined;
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
  const prepared = context.recall?.(envelope) ?? prepareTransaction(context, envelope);
  if ('code' in prepared) return prepared;
  const { alleged, actions } = prepared;
  const refused = checkEnvelope(context, alleged);
  if (refused !== null) return { ...refused, id: alleged.id };
  if ('code' in actions) return { ...actions, id: alleged.id };
  return admitSigners(context, prepared, envelope, actions);
}

/** Reads an envelope as far as that needs no state. Refuses any FormatError of the envelope. */
export function prepareTransaction(
  { crypto, registry }: Pick<AdmissionContext, 'crypto' | 'registry'>,
  envelope: Bytes,
): PreparedTransaction | AdmissionRefusal {
  const alleged = answerOf(() => parseTransaction(crypto, envelope));
  if ('code' in alleged) return { ...alleged, id: null };
  const actions = answerOf(() => alleged.payload.actions.map((action) => parseAction(registry, action)));
  return { alleged, actions, verifiedBy: [], signers: [] };
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
  { alleged, verifiedBy, signers: known }: PreparedTransaction,
  envelope: Bytes,
  actions: readonly ParsedAction[],
): AdmittedTransaction | AdmissionRefusal {
  const signers: VerifiedSigner[] = [];
  for (const [i, signature] of alleged.signatures.entries()) {
    const records = readSigner(context.state, signature, known[i]);
    if ('code' in records) return { ...records, id: alleged.id };
    known[i] = records;
    const { key } = records;
    const verified = verifiedBy[i];
    if (verified === undefined || !equalBytes(verified, key.publicKey)) {
      const signed = transactionToBeSigned(alleged.payloadBytes, signature);
      if (!verifySignature(context.crypto, key, signed, signature.signature)) {
        return { ...reject('SIGNATURE_INVALID', { account: toHex(signature.account) }), id: alleged.id };
      }
    }
    signers.push({ account: signature.account, keyNumber: signature.keyNumber, class: key.class });
  }
  return { id: alleged.id, envelope, signers, actions };
}

function readSigner(
  state: StateReader,
  { account, keyNumber, algorithm }: AllegedSignature,
  known: SignerRecords | undefined,
): SignerRecords | Rejection {
  const facts = (): ErrorDetails => ({ account: toHex(account), keyNumber });
  const accountPlace = known?.accountPlace ?? stateKey(accountKind, account);
  const accountValue = state.read(accountPlace);
  if (accountValue === null) return reject('ACCOUNT_UNKNOWN', facts());
  const owner = known?.accountValue === accountValue ? known.account : parseState(accountKind, accountValue);
  if (owner.to !== undefined) return reject('ACCOUNT_CLOSED', facts());
  const keyPlace = known?.keyPlace ?? stateKey(accountKeyKind, account, keyNumber);
  const keyValue = state.read(keyPlace);
  if (keyValue === null) return reject('KEY_UNKNOWN', facts());
  const key = known?.keyValue === keyValue ? known.key : parseState(accountKeyKind, keyValue);
  if (key.algorithm !== algorithm) return reject('KEY_UNKNOWN', facts());
  if (key.to !== undefined) return reject('KEY_REVOKED', facts());
  return { accountPlace, keyPlace, accountValue, account: owner, keyValue, key };
}
