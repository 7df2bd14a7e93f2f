/**
 * The nouns of the ledger: a transaction is a list of actions that all happen or none, signed by everybody it names.
 *
 * Wire: COSE_Sign (RFC 9052 §4.1, tag 98), body-protected header empty, all unprotected headers empty.
 * Payload: deterministic CBOR of `payloadSchema`. One signature per listed signer, in the order of the list;
 * each signature's protected header is exactly {1: alg, 4: kid} with kid = account id (32 bytes) ‖ key number (u32).
 * Id = SHA-256(payload): whoever re-signs the same payload has sent the same transaction.
 */

import { type Bytes, compareBytes, concatBytes, encodeUint32, equalBytes, readUint32 } from './bytes.ts';
import { type CborMap, type CborValue, encodeCbor } from './cbor.ts';
import { algorithm, encodeBy, id, idSet, parseBy, timeMs } from './common-schemas.ts';
import { type CoseSignature, encodeSign, parseSign, signToBeSigned } from './cose.ts';
import type { Crypto, Signer } from './crypto.ts';
import { formatError } from './errors.ts';
import { type Algorithm, ID_SIZE } from './ids.ts';
import { LIMITS } from './limits.ts';
import { bytes, type Infer, type Json, list, type Schema, struct, text } from './schema.ts';

/** COSE header labels (RFC 9052 §3.1). */
const ALG = 1;
const KID = 4;

/** What an action carries is opaque here; the action registry knows the shape behind each kind. */
export type Action = { readonly kind: string; readonly body: CborValue };

export const actionSchema: Schema<Action> = {
  parse(value, path) {
    if (!Array.isArray(value) || value.length !== 2) throw formatError('WRONG_TYPE', { at: path, want: '[kind, body]' });
    const body = value[1] as CborValue;
    if (!(body instanceof Map)) throw formatError('WRONG_TYPE', { at: `${path}/1`, want: 'a map' });
    return { kind: kindSchema.parse(value[0] as CborValue, `${path}/0`), body };
  },
  encode: (action) => [action.kind, action.body],
  toJson: (): Json => {
    throw new Error('the JSON form of an action needs its registry');
  },
  fromJson: (): Action => {
    throw new Error('the JSON form of an action needs its registry');
  },
  cddl: '[kind: tstr .size (3..64), body: { * (int / tstr) => any }]',
};

const kindSchema = text(64, 3);

/** The actions of one transaction or proposal. */
export const actionList = (): Schema<Action[]> => list(actionSchema, { min: 1, max: LIMITS.transactionActionCountMax });

export const payloadSchema = struct({
  /** Genesis hash of the city this is meant for. */
  city: id(),
  /** Block time from which on it can no longer be admitted; at most 10 minutes ahead of block time. */
  validUntil: timeMs(),
  nonce: bytes(16),
  signers: idSet(LIMITS.transactionSignerCountMax, 1),
  actions: actionList(),
});

/** What is signed. */
export type TransactionPayload = Infer<typeof payloadSchema>;

/** A signature that claims to be by an account's key. */
export type AllegedSignature = {
  readonly account: Bytes;
  readonly keyNumber: number;
  readonly algorithm: Algorithm;
  readonly protectedBytes: Bytes;
  readonly signature: Bytes;
};

/** A well-formed transaction whose signatures nobody has checked yet. */
export type AllegedTransaction = {
  readonly id: Bytes;
  readonly payloadBytes: Bytes;
  readonly payload: TransactionPayload;
  readonly signatures: readonly AllegedSignature[];
};

/** Parses an envelope strictly: shape, sizes, order of signers and signatures. Throws FormatError. */
export function parseTransaction(crypto: Crypto, envelope: Bytes): AllegedTransaction {
  const transaction = parsePartlySigned(crypto, envelope);
  const [want, got] = [transaction.payload.signers.length, transaction.signatures.length];
  if (want !== got) throw formatError('SIGNATURE_MISSING', { want, got });
  return transaction;
}

/** As `parseTransaction`, of an envelope that not every listed signer signed yet: one signature at least. */
export function parsePartlySigned(crypto: Crypto, envelope: Bytes): AllegedTransaction {
  if (envelope.length > LIMITS.transactionSizeMax) throw formatError('TOO_LARGE', { sizeMax: LIMITS.transactionSizeMax });
  const sign = parseSign(envelope);
  if (sign.protectedBytes.length !== 0) throw formatError('UNKNOWN_FIELD', { at: '/protected' });
  if (sign.unprotectedHeader.size !== 0) throw formatError('UNKNOWN_FIELD', { at: '/unprotected' });
  if (sign.payload === null) throw formatError('MISSING_FIELD', { at: '/payload' });
  const payload = parsePayload(sign.payload);
  const signatures = sign.signatures.map(parseSignature);
  checkSignatureList(payload.signers, signatures);
  return { id: transactionId(crypto, sign.payload), payloadBytes: sign.payload, payload, signatures };
}

/** Parses the signed part alone, as evidence carries it. Throws FormatError. */
export function parsePayload(payloadBytes: Bytes): TransactionPayload {
  return parseBy(payloadSchema, payloadBytes);
}

/** Deterministic CBOR of what is signed. */
export function encodePayload(payload: TransactionPayload): Bytes {
  return encodeBy(payloadSchema, payload);
}

/** SHA-256 of the payload bytes. */
export function transactionId(crypto: Crypto, payloadBytes: Bytes): Bytes {
  return crypto.sha256(payloadBytes);
}

/** Deterministic CBOR of a list of actions, as a proposal keeps it. */
export function encodeActions(actions: readonly Action[]): Bytes {
  return encodeBy(actionList(), [...actions]);
}

/** Parses what `encodeActions` wrote. Throws FormatError. */
export function parseActions(data: Bytes): readonly Action[] {
  return parseBy(actionList(), data);
}

function parseSignature(entry: CoseSignature, position: number): AllegedSignature {
  const at = `/signatures/${position}`;
  if (entry.unprotectedHeader.size !== 0) throw formatError('UNKNOWN_FIELD', { at: `${at}/unprotected` });
  if (entry.protectedHeader.size !== 2) throw formatError('UNKNOWN_FIELD', { at: `${at}/protected` });
  const kid = entry.protectedHeader.get(KID);
  if (!(kid instanceof Uint8Array) || kid.length !== ID_SIZE + 4)
    throw formatError('LENGTH_WRONG', { at: `${at}/kid`, want: ID_SIZE + 4 });
  if (entry.signature.length !== 64) throw formatError('LENGTH_WRONG', { at: `${at}/signature`, want: 64 });
  return {
    account: kid.slice(0, ID_SIZE),
    keyNumber: readUint32(kid, ID_SIZE),
    algorithm: algorithm().parse(entry.protectedHeader.get(ALG) ?? null, `${at}/alg`),
    protectedBytes: entry.protectedBytes,
    signature: entry.signature,
  };
}

/** At most one signature per listed signer, in the list's order: none reordered, doubled or by a stranger. */
function checkSignatureList(signers: readonly Bytes[], signatures: readonly AllegedSignature[]): void {
  const counts = { want: signers.length, got: signatures.length };
  for (const signature of signatures) {
    if (!signers.some((signer) => equalBytes(signer, signature.account))) throw formatError('SIGNER_UNEXPECTED', counts);
  }
  for (let i = 1; i < signatures.length; i++) {
    const order = compareBytes((signatures[i - 1] as AllegedSignature).account, (signatures[i] as AllegedSignature).account);
    if (order === 0) throw formatError('SIGNATURE_DUPLICATE', counts);
    if (order > 0) throw formatError('SIGNATURE_ORDER', counts);
  }
}

/** The bytes an account's key signs (RFC 9052 §4.4, context "Signature"). */
export function transactionToBeSigned(payloadBytes: Bytes, signature: Pick<AllegedSignature, 'protectedBytes'>): Bytes {
  return signToBeSigned(new Uint8Array(0), signature.protectedBytes, new Uint8Array(0), payloadBytes);
}

/** Whoever signs a transaction: an account, one of its keys, and the signer behind that key. */
export type TransactionSigner = { readonly account: Bytes; readonly keyNumber: number; readonly signer: Signer };

/** Signs a payload by everybody it lists; `signers` in any order, exactly those in `payload.signers`. */
export function signTransaction(payload: TransactionPayload, signers: readonly TransactionSigner[]): Bytes {
  const payloadBytes = encodePayload(payload);
  const ordered = [...signers].sort((a, b) => compareBytes(a.account, b.account));
  return encodeSign({ payload: payloadBytes, signatures: ordered.map((signer) => signPayload(payloadBytes, signer)) });
}

/** The signature of one signer over a payload, with its header. */
export function signPayload(payloadBytes: Bytes, by: TransactionSigner): { protectedHeader: CborMap; signature: Bytes } {
  const protectedHeader = signatureHeader({ ...by, algorithm: by.signer.algorithm });
  const protectedBytes = encodeCbor(protectedHeader);
  return { protectedHeader, signature: by.signer.sign(transactionToBeSigned(payloadBytes, { protectedBytes })) };
}

/** The protected header of one signature: exactly {1: alg, 4: kid}. */
export function signatureHeader(by: Pick<AllegedSignature, 'account' | 'keyNumber' | 'algorithm'>): CborMap {
  return new Map<number, CborValue>([
    [ALG, by.algorithm],
    [KID, concatBytes(by.account, encodeUint32(by.keyNumber))],
  ]);
}

/** A transaction that lacks its one signature: what is to be signed, and the transaction that a signature over it makes. */
export type TransactionDraft = {
  readonly payloadBytes: Bytes;
  readonly toBeSigned: Bytes;
  readonly seal: (signature: Bytes) => Bytes;
};

/** Prepares a transaction of one signer whose key answers later, as those of browsers do. */
export function draftTransaction(
  payload: TransactionPayload,
  by: Pick<AllegedSignature, 'account' | 'keyNumber' | 'algorithm'>,
): TransactionDraft {
  const payloadBytes = encodePayload(payload);
  const protectedHeader = signatureHeader(by);
  return {
    payloadBytes,
    toBeSigned: transactionToBeSigned(payloadBytes, { protectedBytes: encodeCbor(protectedHeader) }),
    seal: (signature) => encodeSign({ payload: payloadBytes, signatures: [{ protectedHeader, signature }] }),
  };
}
