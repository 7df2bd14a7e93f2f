/**
 * What an actuator sends up so that orders can be made for it: 32 random bytes that it alone drew, signed by its key. An order names them,
 * and the device obeys none that names others. Its rising number says which of two is the newer one. specs/doors.md §9.
 *
 * Signed is `oppidum/challenge/v1` ‖ 0x00 ‖ SHA-256 of the deterministic CBOR of all fields but the signature.
 */

import { type Bytes, concatBytes, encodeUtf8 } from './bytes.ts';
import { encodeBy, id, parseBy } from './common-schemas.ts';
import type { Crypto } from './crypto.ts';
import { formatError } from './errors.ts';
import { LIMITS } from './limits.ts';
import { bytes, type Infer, struct, uint } from './schema.ts';

const CONTEXT = concatBytes(encodeUtf8('oppidum/challenge/v1'), Uint8Array.of(0));
const UINT32_MAX = 0xffffffff;

const fields = {
  city: id(),
  device: id(),
  challenge: bytes(32),
  keyNumber: uint({ max: UINT32_MAX }),
  number: uint({ min: 1 }),
};
const bodySchema = struct(fields);
export const deviceChallengeSchema = struct({ ...fields, signature: bytes(64) });

type ChallengeBody = Infer<typeof bodySchema>;
/** A well-formed challenge whose signature nobody has checked yet. */
export type AllegedChallenge = Infer<typeof deviceChallengeSchema>;

/** A challenge that lacks its signature: what is to be signed, and the message that a signature over it makes. */
type ChallengeDraft = { readonly toBeSigned: Bytes; readonly seal: (signature: Bytes) => Bytes };

/** Prepares a challenge for a signer that answers later. */
export function draftChallenge(crypto: Crypto, body: ChallengeBody): ChallengeDraft {
  return {
    toBeSigned: challengeToBeSigned(crypto, body),
    seal: (signature) => encodeBy(deviceChallengeSchema, { ...body, signature }),
  };
}

/** The bytes that the device signs. */
export function challengeToBeSigned(crypto: Crypto, { city, device, challenge, keyNumber, number }: ChallengeBody): Bytes {
  return concatBytes(CONTEXT, crypto.sha256(encodeBy(bodySchema, { city, device, challenge, keyNumber, number })));
}

/** Parses a challenge strictly. Throws FormatError: TOO_LARGE, and as the schema. */
export function parseChallenge(message: Bytes): AllegedChallenge {
  const sizeMax = LIMITS.challengeSizeMax;
  if (message.length > sizeMax) throw formatError('TOO_LARGE', { size: message.length, sizeMax });
  return parseBy(deviceChallengeSchema, message);
}
