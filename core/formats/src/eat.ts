/**
 * What a device, or the chip in it, says of itself under a signature: an Entity Attestation Token (RFC 9711) in a COSE_Sign1 (RFC 8392).
 * Tokens are made by other makers' chips, so any well-formed spelling is read, with or without the tag of a CWT; what is signed counts,
 * and claims that nobody here asks for are passed over (RFC 9711 §4).
 */

import { type Bytes, concatBytes, encodeUtf8, equalBytes } from './bytes.ts';
import { type CborMap, type CborValue, parseCbor } from './cbor.ts';
import { publicKeySchema } from './common-schemas.ts';
import { type CoseSign1, parseSign1 } from './cose.ts';
import type { Crypto } from './crypto.ts';
import { formatError } from './errors.ts';
import { blob, bool, type Infer, list, optional, struct, text, uint } from './schema.ts';

/** The longest token. */
export const TOKEN_SIZE_MAX = 2_048;

/** Claim keys: RFC 8392 §3.1 (exp), RFC 9711 §4 and §10.3. */
const EXP = 4;
const EAT_NONCE = 10;
const UEID = 256;
const OEMID = 258;
const HWMODEL = 259;
const OEMBOOT = 262;
const DBGSTAT = 263;
const SWNAME = 270;
const SWVERSION = 271;

/** RFC 9711 §4.2.1.1: the first byte of a UEID made of random bytes; a device's id is one. */
const UEID_RANDOM = 0x01;

/** RFC 9711 §4.2.9: the highest state of debug facilities, disabled fully and permanently. */
const DBGSTAT_MAX = 4;

/** Claims that a model may be asked for, by their names in RFC 9711. `oemboot` equals, `dbgstat` is at least, the others equal. */
const demandedClaims = struct({
  oemid: optional(blob(16, 3)),
  hwmodel: optional(blob(32, 1)),
  swname: optional(text(64)),
  swversion: optional(text(32)),
  oemboot: optional(bool()),
  dbgstat: optional(uint({ max: DBGSTAT_MAX })),
});
export type DemandedClaims = Infer<typeof demandedClaims>;

/** A demand: by which keys tokens are signed (none: by the device's own key), and what they claim. */
export const demandFields = { keys: list(publicKeySchema, { max: 4 }), claims: demandedClaims } as const;

/** A token whose signature nobody has checked yet. */
export type AllegedAttestation = {
  readonly sign1: CoseSign1;
  readonly nonces: readonly Bytes[];
  readonly ueid: Bytes | null;
  /** Seconds since 1970; null where it does not end. */
  readonly expiresS: number | null;
  readonly claims: DemandedClaims;
};

const CHALLENGE_LABEL = encodeUtf8('oppidum/attestation/v1\n');

/**
 * The nonce that a device's next token has to carry: it follows from the transaction that registered the device or, later, from the one
 * that carried its last attestation. Nobody knew it before that, and no token counts twice.
 */
export function attestationChallenge(crypto: Crypto, genesis: Bytes, device: Bytes, after: Bytes): Bytes {
  return crypto.sha256(concatBytes(CHALLENGE_LABEL, genesis, device, after));
}

/** The UEID that stands for a device here: random bytes, which are its id. */
export function ueidOf(device: Bytes): Bytes {
  return concatBytes(Uint8Array.of(UEID_RANDOM), device);
}

/** Parses a token. Throws FormatError: what `parseSign1` throws; MISSING_FIELD, WRONG_TYPE, LENGTH_WRONG for a claim. */
export function parseAttestation(token: Bytes): AllegedAttestation {
  const sign1 = parseSign1(withoutCwtTag(token), { foreign: true });
  if (sign1.payload === null) throw formatError('MISSING_FIELD', { at: '/payload' });
  const claims = parseCbor(sign1.payload, { foreign: true });
  if (!(claims instanceof Map)) throw formatError('WRONG_TYPE', { at: '/payload', want: 'a map of claims' });
  return {
    sign1,
    nonces: noncesOf(claims.get(EAT_NONCE)),
    ueid: bytesOf(claims, UEID),
    expiresS: secondsOf(claims.get(EXP)),
    claims: claimsOf(claims),
  };
}

/** RFC 8392 §6: a CWT may stand under tag 61. Its head has one spelling of two bytes. */
function withoutCwtTag(token: Bytes): Bytes {
  return token[0] === 0xd8 && token[1] === 0x3d ? token.subarray(2) : token;
}

/** One nonce or several, each of 8 to 64 bytes (RFC 9711 §4.1). */
function noncesOf(value: CborValue | undefined): readonly Bytes[] {
  const nonces = Array.isArray(value) ? value : value === undefined ? [] : [value];
  return nonces.map((nonce) => {
    if (!(nonce instanceof Uint8Array)) throw formatError('WRONG_TYPE', { at: '/eat_nonce', want: 'byte strings' });
    return nonce;
  });
}

function bytesOf(claims: CborMap, label: number): Bytes | null {
  const value = claims.get(label);
  if (value === undefined) return null;
  if (!(value instanceof Uint8Array)) throw formatError('WRONG_TYPE', { at: `/${label}`, want: 'a byte string' });
  return value;
}

function secondsOf(value: CborValue | undefined): number | null {
  if (value === undefined) return null;
  if (typeof value !== 'number') throw formatError('WRONG_TYPE', { at: `/${EXP}`, want: 'whole seconds' });
  return value;
}

/** What of the claims can be demanded; a claim of another type than RFC 9711 gives it counts as none. */
function claimsOf(claims: CborMap): DemandedClaims {
  const [oemid, hwmodel] = [claims.get(OEMID), claims.get(HWMODEL)];
  const [oemboot, dbgstat, swname] = [claims.get(OEMBOOT), claims.get(DBGSTAT), claims.get(SWNAME)];
  const version = claims.get(SWVERSION);
  // RFC 9711 §4.2.7: the version, then perhaps the scheme it follows.
  const swversion = Array.isArray(version) ? version[0] : undefined;
  return {
    ...(oemid instanceof Uint8Array ? { oemid } : {}),
    ...(hwmodel instanceof Uint8Array ? { hwmodel } : {}),
    ...(typeof swname === 'string' ? { swname } : {}),
    ...(typeof swversion === 'string' ? { swversion } : {}),
    ...(typeof oemboot === 'boolean' ? { oemboot } : {}),
    ...(typeof dbgstat === 'number' ? { dbgstat } : {}),
  };
}

/** The name of the first demanded claim that a token does not make, or null. */
export function missingClaim(demanded: DemandedClaims, { claims }: Pick<AllegedAttestation, 'claims'>): string | null {
  for (const [name, want] of Object.entries(demanded)) {
    const got = claims[name as keyof DemandedClaims];
    const meets =
      want instanceof Uint8Array
        ? got instanceof Uint8Array && equalBytes(got, want)
        : name === 'dbgstat'
          ? typeof got === 'number' && got >= Number(want)
          : got === want;
    if (!meets) return name;
  }
  return null;
}
