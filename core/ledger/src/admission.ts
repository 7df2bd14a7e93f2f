/**
 * Who may enter a block. Decided on the state at the block's start plus the ids seen earlier in the block, so every replica
 * decides alike. An inadmissible transaction consumes nothing and gets no leaf.
 */

import type { Bytes } from '@oppidum/formats/bytes';
import { equalBytes, toHex, toOctets } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { type ErrorDetails, type Rejection, reject } from '@oppidum/formats/errors';
import { LIMITS } from '@oppidum/formats/limits';
import { verifySignature } from '@oppidum/formats/public-key';
import { type AccountKeyRecord, type AccountRecord, accountKeyKind, accountKind } from '@oppidum/formats/state-governance';
import { parseState, stateKey } from '@oppidum/formats/state-layout';
import { FIRST_VERSION } from '@oppidum/formats/state-upgrades';
import {
  type AllegedSignature,
  type AllegedTransaction,
  parseTransaction,
  transactionToBeSigned,
} from '@oppidum/formats/transaction';
import { answerOf, type ParsedAction, parseAction, type Registry } from './action.ts';
import type { StatePlace, StateReader, VerifiedSigner } from './city.ts';

/**
 * What an envelope says by itself, whatever the state: parsed once and used by CheckTx and by the block. It waits for a block in memory with
 * thousands of its like, so it keeps what the block needs and no more. `foreign` and `actions` are refusals where it is meant for another
 * city, and where the registry cannot read an action.
 */
export type PreparedTransaction = {
  readonly id: Bytes;
  readonly foreign: Rejection | null;
  readonly validUntil: number;
  readonly actions: readonly ParsedAction[] | Rejection;
  readonly signers: readonly PreparedSigner[];
  /** With the signatures, until admission has read them; read again where keys have changed since. */
  alleged: AllegedTransaction | null;
};

/**
 * `places`: where the records of the account and its key stand, until admission has asked. `verifiedBy`: the public key under which the
 * signature was found to verify. `records`: as read last.
 */
type PreparedSigner = Pick<AllegedSignature, 'account' | 'keyNumber' | 'algorithm'> & {
  places: SignerPlaces | null;
  verifiedBy: Bytes | null;
  records: SignerRecords | null;
};

type SignerPlaces = readonly [account: StatePlace, key: StatePlace];

/** Two records and the values they were parsed from: while the state holds the same arrays, they mean the same. */
type SignerRecords = {
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
  /** Of the rules by which that block executes; asked about actions that there are not in all of them. */
  readonly version: () => number;
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
  const { id, actions } = prepared;
  const refused = prepared.foreign ?? checkEnvelope(context, prepared);
  if (refused !== null) return { ...refused, id };
  if ('code' in actions) return { ...actions, id };
  const later = actions.find(({ definition: { since } }) => since > FIRST_VERSION && since > context.version());
  if (later !== undefined) return { ...reject('ACTION_UNKNOWN', { kind: later.definition.kind }), id };
  return admitSigners(context, prepared, envelope, actions);
}

/** Reads an envelope as far as that needs no state. Refuses any FormatError of the envelope. */
export function prepareTransaction(
  { crypto, registry, genesis }: Pick<AdmissionContext, 'crypto' | 'registry' | 'genesis'>,
  envelope: Bytes,
): PreparedTransaction | AdmissionRefusal {
  const alleged = answerOf(() => parseTransaction(crypto, envelope));
  if ('code' in alleged) return { ...alleged, id: null };
  const { city, validUntil, actions: unread } = alleged.payload;
  const foreign = equalBytes(city, genesis) ? null : reject('WRONG_CITY', { city: toHex(city) });
  const actions = answerOf(() => unread.map((action) => parseAction(registry, action)));
  const signers = alleged.signatures.map(({ account, keyNumber, algorithm }) => {
    return { account, keyNumber, algorithm, places: placesOf(account, keyNumber), verifiedBy: null, records: null };
  });
  return { id: alleged.id, foreign, validUntil, actions, signers, alleged };
}

/** What admission will ask the state of these, but for what is refused without: whoever asks for all at once has them at hand then. */
export function signerPlaces(prepared: readonly (PreparedTransaction | AdmissionRefusal)[]): readonly StatePlace[] {
  return prepared.flatMap((one) => {
    if ('code' in one || one.foreign !== null || 'code' in one.actions) return [];
    return one.signers.flatMap(({ places }) => places ?? []);
  });
}

/** Every signature was found to verify, each under the key of its signer in this list: from now on they need not be at hand. */
export function rememberVerified(prepared: PreparedTransaction, publicKeys: readonly Bytes[]): void {
  // Fewer: what was verified before, under keys that may have changed meanwhile, would lend its place to another.
  if (publicKeys.length !== prepared.signers.length) return;
  for (const [i, signer] of prepared.signers.entries()) signer.verifiedBy = publicKeys[i] as Bytes;
}

/** True when the answer is a refusal. */
export function isRefusal(answer: AdmittedTransaction | AdmissionRefusal): answer is AdmissionRefusal {
  return 'code' in answer;
}

function checkEnvelope(context: AdmissionContext, { id, validUntil }: PreparedTransaction): Rejection | null {
  const { timeMs } = context;
  if (validUntil <= timeMs) return reject('EXPIRED', { validUntilMs: validUntil, timeMs });
  if (validUntil > timeMs + LIMITS.transactionLifetimeMs) return reject('NOT_YET_VALID', { validUntilMs: validUntil, timeMs });
  return context.isKnown(id) ? reject('REPLAYED', { id: toHex(id) }) : null;
}

function admitSigners(
  context: AdmissionContext,
  prepared: PreparedTransaction,
  envelope: Bytes,
  actions: readonly ParsedAction[],
): AdmittedTransaction | AdmissionRefusal {
  const { id } = prepared;
  const signers: VerifiedSigner[] = [];
  let { alleged } = prepared;
  // Many wait for their signatures to be verified, with what is kept of them.
  prepared.alleged = null;
  for (const [i, signer] of prepared.signers.entries()) {
    const records = readSigner(context.state, signer);
    signer.places = null;
    if ('code' in records) return { ...records, id };
    signer.records = records;
    const { key } = records;
    const { account, keyNumber, verifiedBy } = signer;
    if (verifiedBy === null || !equalBytes(verifiedBy, key.publicKey)) {
      alleged ??= parseTransaction(context.crypto, envelope);
      const { payloadBytes, signatures } = alleged;
      const signature = signatures[i] as AllegedSignature;
      const signed = transactionToBeSigned(payloadBytes, signature);
      if (!verifySignature(context.crypto, key, signed, signature.signature))
        return { ...reject('SIGNATURE_INVALID', { account: toHex(account) }), id };
    }
    signers.push({ account, keyNumber, class: key.class });
  }
  return { id, envelope, signers, actions };
}

function readSigner(
  state: StateReader,
  { account, keyNumber, algorithm, places, records: known }: PreparedSigner,
): SignerRecords | Rejection {
  const facts = (): ErrorDetails => ({ account: toHex(account), keyNumber });
  const [accountAt, keyAt] = places ?? placesOf(account, keyNumber);
  const accountValue = state.read(accountAt.key, accountAt.name);
  if (accountValue === null) return reject('ACCOUNT_UNKNOWN', facts());
  const owner = known?.accountValue === accountValue ? known.account : parseState(accountKind, accountValue);
  if (owner.to !== undefined) return reject('ACCOUNT_CLOSED', facts());
  const keyValue = state.read(keyAt.key, keyAt.name);
  if (keyValue === null) return reject('KEY_UNKNOWN', facts());
  const key = known?.keyValue === keyValue ? known.key : parseState(accountKeyKind, keyValue);
  if (key.algorithm !== algorithm) return reject('KEY_UNKNOWN', facts());
  if (key.to !== undefined) return reject('KEY_REVOKED', facts());
  if (known?.accountValue === accountValue && known.keyValue === keyValue) return known;
  return { accountValue, account: owner, keyValue, key };
}

function placesOf(account: Bytes, keyNumber: number): SignerPlaces {
  return [placeOf(stateKey(accountKind, account)), placeOf(stateKey(accountKeyKind, account, keyNumber))];
}

function placeOf(key: Bytes): StatePlace {
  return { key, name: toOctets(key) };
}
