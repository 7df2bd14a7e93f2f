/**
 * How a person's key comes onto the ledger (specs/enrolment.md): an enrolment request leaves the browser that made the key, a registrar
 * compares its fingerprint and creates the account, an invitation comes back. Both travel as text, in letters, links and QR codes:
 *
 *   oppidum-request-1.<base64url of the CBOR>       oppidum-invitation-1.<base64url of the CBOR>
 *
 * A request is signed by the key it brings, so nobody enrols a key that they do not hold. An invitation is signed by nobody and gives no
 * right: it says where on the ledger to look, and what stands there counts.
 */

import {
  type Bytes,
  concatBytes,
  encodeBase64Url,
  encodeUint64,
  encodeUtf8,
  equalBytes,
  parseBase64Url,
  toHex,
} from './bytes.ts';
import { assertPublicKey, encodeBy, id, keyClass, parseBy, publicKeySchema, timeMs, uint32 } from './common-schemas.ts';
import type { Crypto } from './crypto.ts';
import { formatError, type Rejection, reject } from './errors.ts';
import { ID_SIZE, type PublicKey } from './ids.ts';
import { LIMITS } from './limits.ts';
import { bytes, type Infer, type Schema, struct } from './schema.ts';

const CHALLENGE_LABEL = encodeUtf8('oppidum/account-enrolment/v1\n');
const REQUEST = 'oppidum-request-';
const INVITATION = 'oppidum-invitation-';
const VERSION = '1.';
const KEY_CLASSES = ['everyday', 'full'] as const;
/** Hex digits of a fingerprint that are read out in one breath. */
const GROUP_LENGTH = 4;

/** `key` asks to be enrolled in `city` (genesis hash) as a key of this class; `proof`: its signature over `enrolmentChallenge`. */
export const enrolmentRequestSchema = struct({
  city: id(),
  key: publicKeySchema,
  class: keyClass(),
  madeMs: timeMs(),
  proof: bytes(64),
});
export type EnrolmentRequest = Infer<typeof enrolmentRequestSchema>;

/** Under which account and number a key with this fingerprint stands on the ledger of `city` (genesis hash). */
export const invitationSchema = struct({
  city: id(),
  account: id(),
  keyNumber: uint32(),
  class: keyClass(),
  fingerprint: id(),
});
export type Invitation = Infer<typeof invitationSchema>;

/** What people compare of a public key: SHA-256 of it. */
export function fingerprintOf(crypto: Crypto, { publicKey }: PublicKey): Bytes {
  return crypto.sha256(publicKey);
}

/** A fingerprint as it is shown and read out: 16 groups of 4 hex digits. */
export function fingerprintText(fingerprint: Bytes): string {
  const digits = toHex(fingerprint);
  const groups = Array.from({ length: digits.length / GROUP_LENGTH }, (_, i) =>
    digits.slice(i * GROUP_LENGTH, (i + 1) * GROUP_LENGTH),
  );
  return groups.join(' ');
}

/**
 * What the key signs to ask for its enrolment: label ‖ genesis ‖ class:u8 (0 everyday, 1 full) ‖ time:u64 ‖ key size:u8 ‖ key.
 * Throws LENGTH_WRONG when the genesis hash is not 32 bytes.
 */
export function enrolmentChallenge(request: Omit<EnrolmentRequest, 'proof'>): Bytes {
  const { city, key, madeMs } = request;
  if (city.length !== ID_SIZE) throw formatError('LENGTH_WRONG', { want: ID_SIZE, got: city.length });
  const classByte = Uint8Array.of(KEY_CLASSES.indexOf(request.class));
  const size = Uint8Array.of(key.publicKey.length);
  return concatBytes(CHALLENGE_LABEL, city, classByte, encodeUint64(madeMs), size, key.publicKey);
}

/** The text of a request. */
export function encodeEnrolmentRequest(request: EnrolmentRequest): string {
  return encodeText(REQUEST, enrolmentRequestSchema, request);
}

/** Parses what `encodeEnrolmentRequest` wrote. Throws TOO_LARGE, TEXT_INVALID, VERSION_UNSUPPORTED, as its CBOR, and KEY_INVALID. */
export function parseEnrolmentRequest(text: string): EnrolmentRequest {
  const request = parseText(REQUEST, enrolmentRequestSchema, text);
  assertPublicKey(request.key);
  return request;
}

/** The text of an invitation. */
export function encodeInvitation(invitation: Invitation): string {
  return encodeText(INVITATION, invitationSchema, invitation);
}

/** Parses what `encodeInvitation` wrote. Throws TOO_LARGE, TEXT_INVALID, VERSION_UNSUPPORTED, and as its CBOR. */
export function parseInvitation(text: string): Invitation {
  return parseText(INVITATION, invitationSchema, text);
}

/** True for a text that means to be an invitation. */
export function isInvitation(text: string): boolean {
  return text.startsWith(INVITATION);
}

/** True for a text that means to be a request. */
export function isEnrolmentRequest(text: string): boolean {
  return text.startsWith(REQUEST);
}

/** Where and when a request is looked at; `verify`: true when the signature is the key's over the message. */
export type RequestContext = {
  readonly city: Bytes;
  readonly nowMs: number;
  readonly verify: (key: PublicKey, message: Bytes, signature: Bytes) => boolean;
};

/** Refuses a request that is not for here and now, or not by its key. In this order: WRONG_CITY, NOT_YET_VALID, EXPIRED, SIGNATURE_INVALID. */
export function checkEnrolmentRequest(request: EnrolmentRequest, { city, nowMs, verify }: RequestContext): Rejection | null {
  const { madeMs, key, proof } = request;
  if (!equalBytes(request.city, city)) return reject('WRONG_CITY', { city: toHex(request.city) });
  if (madeMs > nowMs + LIMITS.enrolmentClockAheadMs) return reject('NOT_YET_VALID', { madeMs, nowMs });
  if (madeMs + LIMITS.enrolmentLifetimeMs <= nowMs) return reject('EXPIRED', { madeMs, nowMs });
  return verify(key, enrolmentChallenge(request), proof) ? null : reject('SIGNATURE_INVALID', { of: 'the key that asks' });
}

/** Refuses an invitation that is not for this key in this city. In this order: WRONG_CITY, INVITATION_FOREIGN. */
export function checkInvitation(
  crypto: Crypto,
  invitation: Invitation,
  { city, key }: { readonly city: Bytes; readonly key: PublicKey },
): Rejection | null {
  if (!equalBytes(invitation.city, city)) return reject('WRONG_CITY', { city: toHex(invitation.city) });
  const fingerprint = fingerprintOf(crypto, key);
  if (equalBytes(invitation.fingerprint, fingerprint)) return null;
  return reject('INVITATION_FOREIGN', { fingerprint: fingerprintText(invitation.fingerprint) });
}

function encodeText<T>(kind: string, schema: Schema<T>, value: T): string {
  return `${kind}${VERSION}${encodeBase64Url(encodeBy(schema, value))}`;
}

function parseText<T>(kind: string, schema: Schema<T>, text: string): T {
  const lengthMax = kind.length + VERSION.length + Math.ceil((LIMITS.enrolmentSizeMax * 4) / 3);
  if (text.length > lengthMax) throw formatError('TOO_LARGE', { length: text.length, lengthMax });
  if (!text.startsWith(kind)) throw formatError('TEXT_INVALID', { want: `${kind}${VERSION}…` });
  const rest = text.slice(kind.length);
  if (!rest.startsWith(VERSION)) {
    const isOtherVersion = /^[1-9][0-9]{0,3}\./.test(rest);
    throw formatError(isOtherVersion ? 'VERSION_UNSUPPORTED' : 'TEXT_INVALID', { want: `${kind}${VERSION}…` });
  }
  return parseBy(schema, parseBase64Url(rest.slice(VERSION.length)));
}
