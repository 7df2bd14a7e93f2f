/**
 * What a device shows to be let in where no certificate speaks for it: a CBOR Web Token (RFC 8392) under a COSE_Sign1 by a key of its
 * ledger record, in a strict profile; `specs/doors.md` §1.2.
 *
 * Protected header, exactly these: 1 alg, 4 kid = device id ‖ key number:u32, 16 typ (RFC 9596) = 61, application/cwt. Unprotected header
 * empty. Claims, exactly these: 3 aud = genesis hash in hex, 4 exp, 6 iat, 7 cti = 16 random bytes, 9 scope (RFC 8693 §4.2) = "mqtt".
 * A reading has another header and a challenge another first byte, so none of the three can be taken for another.
 */

import { type Bytes, concatBytes, encodeUint32, equalBytes, parseHex, readUint32, toHex } from './bytes.ts';
import { type CborMap, type CborValue, encodeCbor, parseCbor } from './cbor.ts';
import { algorithm } from './common-schemas.ts';
import { encodeSign1, parseSign1, sign1ToBeSigned } from './cose.ts';
import { formatError, type Rejection, reject } from './errors.ts';
import { type Algorithm, ID_SIZE } from './ids.ts';
import { LIMITS } from './limits.ts';
import { bytes, oneOf, type Schema, text, uint } from './schema.ts';

/** COSE header labels (RFC 9052 §3.1, RFC 9596). */
const HEADER = { alg: 1, kid: 4, typ: 16 } as const;
/** CWT claims (RFC 8392 §3.1, IANA CWT Claims). */
const CLAIM = { audience: 3, expires: 4, issued: 6, id: 7, scope: 9 } as const;
/** CoAP content format of application/cwt (RFC 8392 §9.3). */
const CWT = 61;
/** The one door that takes tokens. */
const SCOPE = 'mqtt';

/** Size of the random part of a token: two of one second differ. */
export const TOKEN_ID_SIZE = 16;

/** What a token says; times are whole seconds since 1970-01-01T00:00:00Z. */
export type TokenClaims = {
  readonly audience: Bytes;
  readonly device: Bytes;
  readonly keyNumber: number;
  readonly issuedS: number;
  readonly expiresS: number;
  readonly id: Bytes;
};

/** A well-formed token whose signature nobody has checked yet. */
export type AllegedToken = TokenClaims & {
  readonly algorithm: Algorithm;
  readonly protectedBytes: Bytes;
  readonly payload: Bytes;
  readonly signature: Bytes;
};

/** Parses a token strictly. Throws FormatError: TOO_LARGE, as `parseSign1`, UNKNOWN_FIELD, MISSING_FIELD, and as the field's schema. */
export function parseToken(token: Bytes): AllegedToken {
  if (token.length > LIMITS.tokenSizeMax) throw formatError('TOO_LARGE', { size: token.length, sizeMax: LIMITS.tokenSizeMax });
  const { protectedBytes, protectedHeader, unprotectedHeader, payload, signature } = parseSign1(token);
  if (unprotectedHeader.size !== 0) throw formatError('UNKNOWN_FIELD', { at: '/unprotected' });
  if (payload === null) throw formatError('MISSING_FIELD', { at: '/payload' });
  if (signature.length !== 64) throw formatError('LENGTH_WRONG', { at: '/signature', want: 64 });
  const header = fieldsOf(protectedHeader, HEADER, '/protected');
  header(HEADER.typ, uint({ min: CWT, max: CWT }));
  const kid = header(HEADER.kid, bytes(ID_SIZE + 4));
  const claims = parseCbor(payload);
  if (!(claims instanceof Map)) throw formatError('WRONG_TYPE', { at: '/payload', want: 'a map' });
  const claim = fieldsOf(claims, CLAIM, '/payload');
  claim(CLAIM.scope, oneOf(SCOPE));
  const issuedS = claim(CLAIM.issued, uint({ max: LIMITS.senmlTimeMaxS }));
  return {
    algorithm: header(HEADER.alg, algorithm()),
    device: kid.slice(0, ID_SIZE),
    keyNumber: readUint32(kid, ID_SIZE),
    audience: parseHex(claim(CLAIM.audience, text(2 * ID_SIZE, 2 * ID_SIZE)), ID_SIZE),
    issuedS,
    expiresS: claim(CLAIM.expires, uint({ min: issuedS + 1, max: issuedS + LIMITS.tokenLifetimeMaxS })),
    id: claim(CLAIM.id, bytes(TOKEN_ID_SIZE)),
    ...{ protectedBytes, payload, signature },
  };
}

/** Reads fields of a map that holds these labels and no others. */
function fieldsOf(
  map: CborMap,
  labels: Readonly<Record<string, number>>,
  at: string,
): <T>(label: number, schema: Schema<T>) => T {
  const known = new Set<unknown>(Object.values(labels));
  for (const label of map.keys()) if (!known.has(label)) throw formatError('UNKNOWN_FIELD', { at: `${at}/${label}` });
  return (label, schema) => {
    const value = map.get(label);
    if (value === undefined) throw formatError('MISSING_FIELD', { at: `${at}/${label}` });
    return schema.parse(value, `${at}/${label}`);
  };
}

/**
 * Refuses a token that is not for here and now, whoever signed it; the two clocks may be `LIMITS.tokenClockErrorMaxS` apart.
 * In this order: WRONG_CITY, NOT_YET_VALID, EXPIRED.
 */
export function checkToken(token: TokenClaims, audience: Bytes, nowMs: number): Rejection | null {
  const nowS = Math.floor(nowMs / 1_000);
  if (!equalBytes(token.audience, audience)) return reject('WRONG_CITY', { city: toHex(token.audience) });
  if (token.issuedS > nowS + LIMITS.tokenClockErrorMaxS) return reject('NOT_YET_VALID', { fromS: token.issuedS, nowS });
  if (token.expiresS <= nowS - LIMITS.tokenClockErrorMaxS) return reject('EXPIRED', { toS: token.expiresS, nowS });
  return null;
}

/** The bytes the device signs (RFC 9052 §4.4, context "Signature1"). */
export function tokenToBeSigned(token: Pick<AllegedToken, 'protectedBytes' | 'payload'>): Bytes {
  return sign1ToBeSigned(token.protectedBytes, new Uint8Array(0), token.payload);
}

/** A token that lacks its signature: what is to be signed, and the token that a signature over it makes. */
type TokenDraft = { readonly toBeSigned: Bytes; readonly seal: (signature: Bytes) => Bytes };

/** Prepares a token for a signer that answers later. */
export function draftToken(algorithmNumber: Algorithm, claims: TokenClaims): TokenDraft {
  const protectedHeader: CborMap = new Map<number, CborValue>([
    [HEADER.alg, algorithmNumber],
    [HEADER.kid, concatBytes(claims.device, encodeUint32(claims.keyNumber))],
    [HEADER.typ, CWT],
  ]);
  const payload = encodeCbor(
    new Map<number, CborValue>([
      [CLAIM.audience, toHex(claims.audience)],
      [CLAIM.expires, claims.expiresS],
      [CLAIM.issued, claims.issuedS],
      [CLAIM.id, claims.id],
      [CLAIM.scope, SCOPE],
    ]),
  );
  return {
    toBeSigned: tokenToBeSigned({ protectedBytes: encodeCbor(protectedHeader), payload }),
    seal: (signature) => encodeSign1({ protectedHeader, payload, signature }),
  };
}
