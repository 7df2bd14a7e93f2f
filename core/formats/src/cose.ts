/**
 * COSE messages with signatures (RFC 9052 §4): COSE_Sign1 (tag 18) and COSE_Sign (tag 98), without knowing what they carry.
 * The profiles above (readings, receipts, transactions) say which headers a message has; this layer holds what all COSE has in common.
 *
 * Strict unless `foreign` is asked for: the tag is there, everything is deterministic CBOR, and no attributes are a protected header
 * of zero length. In both readings a label stands once, in one of the two headers (RFC 9052 §3).
 */

import type { Bytes } from './bytes.ts';
import { type CborKey, type CborMap, CborTag, type CborValue, encodeCbor, type ParseCborOptions, parseCbor } from './cbor.ts';
import type { Crypto, Signer } from './crypto.ts';
import { verifyEd25519 } from './ed25519.ts';
import { formatError, type Rejection, reject } from './errors.ts';
import { verifyEs256AnyS, verifyEs256LowS } from './es256.ts';
import { EDDSA, type PublicKey } from './ids.ts';

/** CBOR tags (RFC 9052 §2). */
const SIGN1_TAG = 18;
const SIGN_TAG = 98;

/** Header labels (RFC 9052 §3.1). */
const ALG = 1;
const CRIT = 2;
/** Labels up to here are defined by RFC 9052 itself, and whoever processes COSE understands them. */
const COMMON_LABEL_MAX = 7;

const NOTHING: Bytes = new Uint8Array(0);

/** Both headers of a message or of one signature. `protectedBytes` are signed as they came; empty when there are no attributes. */
export type CoseHeaders = {
  readonly protectedBytes: Bytes;
  readonly protectedHeader: CborMap;
  readonly unprotectedHeader: CborMap;
};

/** One signature with its own headers. */
export type CoseSignature = CoseHeaders & { readonly signature: Bytes };

/** `payload` is null when it travels apart ("detached", RFC 9052 §2). */
export type CoseSign1 = CoseSignature & { readonly payload: Bytes | null };
export type CoseSign = CoseHeaders & { readonly payload: Bytes | null; readonly signatures: readonly CoseSignature[] };

/** What is encoded; absent headers are empty. */
export type CoseSignatureParts = {
  readonly protectedHeader?: CborMap;
  readonly unprotectedHeader?: CborMap;
  readonly signature: Bytes;
};
export type CoseSign1Parts = CoseSignatureParts & { readonly payload: Bytes | null };
export type CoseSignParts = Omit<CoseSign1Parts, 'signature'> & { readonly signatures: readonly CoseSignatureParts[] };

/** Encodes a COSE_Sign1, tagged. */
export function encodeSign1(parts: CoseSign1Parts): Bytes {
  return encodeCbor(new CborTag(SIGN1_TAG, [...encodeHeaders(parts), parts.payload, parts.signature]));
}

/** Encodes a COSE_Sign, tagged, its signatures in the given order. */
export function encodeSign(parts: CoseSignParts): Bytes {
  const signatures = parts.signatures.map((entry) => [...encodeHeaders(entry), entry.signature]);
  return encodeCbor(new CborTag(SIGN_TAG, [...encodeHeaders(parts), parts.payload, signatures]));
}

function encodeHeaders(parts: Omit<CoseSignatureParts, 'signature'>): [Bytes, CborMap] {
  return [encodeProtectedHeader(parts.protectedHeader ?? new Map()), parts.unprotectedHeader ?? new Map()];
}

/** The bytes of a protected header; none for no attributes (RFC 9052 §3). */
function encodeProtectedHeader(header: CborMap): Bytes {
  return header.size === 0 ? NOTHING : encodeCbor(header);
}

/**
 * Parses a COSE_Sign1. With `foreign` also untagged, in any well-formed spelling.
 * Throws FormatError: what `parseCbor` throws; WRONG_TYPE, LENGTH_WRONG for another shape; DUPLICATE_KEY; NOT_CANONICAL.
 */
export function parseSign1(message: Bytes, options: ParseCborOptions = {}): CoseSign1 {
  const items = parseItems(message, SIGN1_TAG, options);
  return { ...parseHeaders(items, '', options), payload: parsePayload(items[2]), signature: asBytes(items[3], '/signature') };
}

/** Parses a COSE_Sign with one or more signatures. Options and errors as for `parseSign1`. */
export function parseSign(message: Bytes, options: ParseCborOptions = {}): CoseSign {
  const items = parseItems(message, SIGN_TAG, options);
  const entries = asArray(items[3], '/signatures');
  if (entries.length === 0) throw formatError('LENGTH_WRONG', { at: '/signatures', min: 1 });
  const signatures = entries.map((entry, i) => {
    const at = `/signatures/${i}`;
    const parts = asArray(entry, at);
    if (parts.length !== 3) throw formatError('LENGTH_WRONG', { at, want: 3, got: parts.length });
    return { ...parseHeaders(parts, at, options), signature: asBytes(parts[2], `${at}/signature`) };
  });
  return { ...parseHeaders(items, '', options), payload: parsePayload(items[2]), signatures };
}

/** The four elements of a message. RFC 9052 §2: whoever knows from elsewhere what a message is may leave out its tag. */
function parseItems(message: Bytes, tag: number, options: ParseCborOptions): readonly CborValue[] {
  const value = parseCbor(message, options);
  const isUntagged = options.foreign === true && Array.isArray(value);
  if (!isUntagged && !(value instanceof CborTag && value.tag === tag))
    throw formatError('WRONG_TYPE', { at: '', want: `tag ${tag}` });
  const items = asArray(isUntagged ? value : (value as CborTag).value, '');
  if (items.length !== 4) throw formatError('LENGTH_WRONG', { at: '', want: 4, got: items.length });
  return items;
}

function parseHeaders(items: readonly CborValue[], at: string, options: ParseCborOptions): CoseHeaders {
  const protectedHeader = parseProtectedHeader(asBytes(items[0], `${at}/protected`), `${at}/protected`, options);
  const unprotectedHeader = asMap(items[1], `${at}/unprotected`);
  for (const label of unprotectedHeader.keys()) {
    if (protectedHeader.has(label)) throw formatError('DUPLICATE_KEY', { at: `${at}/unprotected/${label}` });
  }
  // RFC 9052 §4.4: without attributes the signed bytes are of zero length, however the empty map was written.
  const protectedBytes = protectedHeader.size === 0 ? NOTHING : (items[0] as Bytes);
  return { protectedBytes, protectedHeader, unprotectedHeader };
}

function parseProtectedHeader(bytes: Bytes, at: string, options: ParseCborOptions): CborMap {
  if (bytes.length === 0) return new Map();
  const header = asMap(parseCbor(bytes, options), at);
  if (header.size === 0 && options.foreign !== true) throw formatError('NOT_CANONICAL', { at });
  return header;
}

function parsePayload(value: CborValue | undefined): Bytes | null {
  return value === null ? null : asBytes(value, '/payload');
}

function asBytes(value: CborValue | undefined, at: string): Bytes {
  if (!(value instanceof Uint8Array)) throw formatError('WRONG_TYPE', { at, want: 'a byte string' });
  return value;
}

function asArray(value: CborValue | undefined, at: string): readonly CborValue[] {
  if (!Array.isArray(value)) throw formatError('WRONG_TYPE', { at, want: 'an array' });
  return value;
}

function asMap(value: CborValue | undefined, at: string): CborMap {
  if (!(value instanceof Map)) throw formatError('WRONG_TYPE', { at, want: 'a map' });
  return value;
}

/** The bytes under the signature of a COSE_Sign1 (RFC 9052 §4.4, Sig_structure with context "Signature1"). */
export function sign1ToBeSigned(protectedBytes: Bytes, externalAad: Bytes, payload: Bytes): Bytes {
  return encodeCbor(['Signature1', protectedBytes, externalAad, payload]);
}

/** The bytes under one signature of a COSE_Sign (RFC 9052 §4.4, Sig_structure with context "Signature"). */
export function signToBeSigned(bodyProtected: Bytes, signerProtected: Bytes, externalAad: Bytes, payload: Bytes): Bytes {
  return encodeCbor(['Signature', bodyProtected, signerProtected, externalAad, payload]);
}

/** What a signature is checked against besides its key. */
export type CheckCoseOptions = {
  /** Bytes that both sides know and the message does not carry (RFC 9052 §4.3). */
  readonly externalAad?: Bytes;
  /** The payload, where it travelled apart. */
  readonly payload?: Bytes;
  /** Other makers' messages: ES256 with either s, and the algorithm named in the unprotected header. */
  readonly foreign?: boolean;
};

/**
 * Refuses a COSE_Sign1 that `key` did not sign.
 * In this order: MISSING_FIELD (no payload, no algorithm), UNKNOWN_FIELD (a critical label that nobody here understands),
 * WRONG_TYPE (another algorithm than the key's; `crit` malformed), SIGNATURE_INVALID.
 */
export function checkSign1(crypto: Crypto, sign1: CoseSign1, key: PublicKey, options: CheckCoseOptions = {}): Rejection | null {
  const payload = sign1.payload ?? options.payload;
  if (payload === undefined) return reject('MISSING_FIELD', { at: '/payload' });
  const refusal = checkCritical(sign1) ?? checkAlgorithm(sign1, key, options);
  if (refusal !== null) return refusal;
  const message = sign1ToBeSigned(sign1.protectedBytes, options.externalAad ?? NOTHING, payload);
  return isSignedBy(crypto, key, message, sign1.signature, options) ? null : reject('SIGNATURE_INVALID');
}

/** RFC 9052 §3.1: `crit` is protected, not empty, and names labels of the protected header; an unknown one is an error. */
function checkCritical({ protectedHeader, unprotectedHeader }: CoseHeaders): Rejection | null {
  if (unprotectedHeader.has(CRIT)) return reject('WRONG_TYPE', { at: '/unprotected/2', want: 'crit in the protected header' });
  const labels = protectedHeader.get(CRIT);
  if (labels === undefined) return null;
  if (!Array.isArray(labels) || labels.length === 0)
    return reject('WRONG_TYPE', { at: '/protected/2', want: 'a list of labels' });
  for (const label of labels) {
    if (!protectedHeader.has(label as CborKey))
      return reject('MISSING_FIELD', { at: '/protected', want: 'every critical label' });
    const isCommon = typeof label === 'number' && label >= ALG && label <= COMMON_LABEL_MAX;
    if (!isCommon) return reject('UNKNOWN_FIELD', { at: `/protected/${label}` });
  }
  return null;
}

function checkAlgorithm(headers: CoseHeaders, key: PublicKey, options: CheckCoseOptions): Rejection | null {
  const unprotected = options.foreign === true ? headers.unprotectedHeader.get(ALG) : undefined;
  const named = headers.protectedHeader.get(ALG) ?? unprotected;
  if (named === undefined) return reject('MISSING_FIELD', { at: '/protected/1' });
  return named === key.algorithm ? null : reject('WRONG_TYPE', { at: '/protected/1', want: `algorithm ${key.algorithm}` });
}

function isSignedBy(crypto: Crypto, key: PublicKey, message: Bytes, signature: Bytes, options: CheckCoseOptions): boolean {
  if (key.algorithm === EDDSA) return verifyEd25519(crypto, key.publicKey, message, signature);
  const verify = options.foreign === true ? verifyEs256AnyS : verifyEs256LowS;
  return verify(crypto, key.publicKey, message, signature);
}

/** What `signSign1` signs: the algorithm joins the protected header by itself. */
export type Sign1Request = Omit<CoseSign1Parts, 'signature'> & {
  readonly payload: Bytes;
  readonly externalAad?: Bytes;
  /** Leaves the payload out of the message. */
  readonly detached?: boolean;
};

/** Signs a payload as a COSE_Sign1. */
export function signSign1(signer: Signer, request: Sign1Request): Bytes {
  const protectedHeader: CborMap = new Map([...(request.protectedHeader ?? []), [ALG, signer.algorithm]]);
  const toBeSigned = sign1ToBeSigned(encodeProtectedHeader(protectedHeader), request.externalAad ?? NOTHING, request.payload);
  const payload = request.detached === true ? null : request.payload;
  const { unprotectedHeader = new Map() } = request;
  return encodeSign1({ protectedHeader, unprotectedHeader, payload, signature: signer.sign(toBeSigned) });
}
