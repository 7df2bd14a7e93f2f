/**
 * Which readings a shard takes. What may pass (an unknown, suspended or not yet active device, a clock that runs ahead, a signature
 * that does not verify) is never signed for: nobody may delete anything because of it. What is signed by an entitled device and can
 * never become acceptable is refused for good, with a receipt that says why.
 */

import { type Bytes, equalBytes, toHex } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { FormatError, type Rejection, reject } from '@oppidum/formats/errors';
import { LIMITS } from '@oppidum/formats/limits';
import { type AllegedReading, parseReading, parseReadingRecords } from '@oppidum/formats/reading';
import type { ResolvedRecord } from '@oppidum/formats/senml';
import { checkEntitlement } from '@oppidum/proofs/entitlement';
import { verifyReadingSignature } from '@oppidum/proofs/reading-signature';
import type { DeviceRecords } from './device-records.ts';

/** A reading signed by a key that was entitled when it came. */
export type VerifiedReading = AllegedReading & {
  /** SHA-256 of the payload: the same under another signature or other random bytes. Keyed before it is kept where it is about people. */
  readonly contentDigest: Bytes;
  /** True when its model is registered as being about people. */
  readonly isPersonal: boolean;
};

/** `refusal` is final; without it the content is acceptable, and only its place in the sequence is still to be judged. */
export type Admission =
  | { readonly kind: 'verified'; readonly reading: VerifiedReading; readonly refusal: Rejection | null }
  | { readonly kind: 'passing'; readonly rejection: Rejection };

export type AdmissionContext = {
  readonly crypto: Crypto;
  /** Genesis hash of the city. */
  readonly audience: Bytes;
  readonly devices: DeviceRecords;
  /** POSIX milliseconds. */
  readonly clock: () => number;
};

/**
 * Judges one envelope. Passing, in this order: what `parseReading` throws, WRONG_CITY, DEVICE_UNKNOWN, KEY_UNKNOWN, as
 * `checkEntitlement`, SIGNATURE_INVALID, then CLOCK_AHEAD. Final: what `parseReadingRecords` throws.
 */
export function admitReading(context: AdmissionContext, envelope: Bytes): Admission {
  const reading = open(() => parseReading(context.crypto, envelope));
  if ('code' in reading) return { kind: 'passing', rejection: reading };
  const signed = verify(context, reading);
  if ('code' in signed) return { kind: 'passing', rejection: signed };

  const records = open(() => parseReadingRecords(signed));
  if ('code' in records) return { kind: 'verified', reading: signed, refusal: records };
  const early = checkClock(context, records);
  if (early !== null) return { kind: 'passing', rejection: early };
  return { kind: 'verified', reading: signed, refusal: null };
}

function verify(context: AdmissionContext, reading: AllegedReading): VerifiedReading | Rejection {
  if (!equalBytes(reading.audience, context.audience)) return reject('WRONG_CITY', { city: toHex(reading.audience) });
  const found = context.devices.read(reading.device, reading.keyNumber);
  if ('code' in found) return found;
  const refusal = checkEntitlement(found.entitlement, found.height);
  if (refusal !== null) return refusal;
  const { key, model } = found.entitlement;
  if (!verifyReadingSignature(context.crypto, reading, key)) return reject('SIGNATURE_INVALID', { by: 'device key' });
  return { ...reading, contentDigest: context.crypto.sha256(reading.payload), isPersonal: model.personal };
}

/** A device whose clock runs ahead is right later: the reading stays with it. */
function checkClock({ clock }: AdmissionContext, records: readonly ResolvedRecord[]): Rejection | null {
  const latestMs = clock() + LIMITS.clockAheadMs;
  const ahead = records.find(({ timeS }) => timeS * 1000 > latestMs);
  return ahead === undefined ? null : reject('CLOCK_AHEAD', { timeS: ahead.timeS, aheadMsMax: LIMITS.clockAheadMs });
}

/** Bad bytes from outside become a refusal; anything else thrown is a fault of ours. */
function open<T>(parse: () => T): T | Rejection {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return reject(error.code, error.details);
  }
}
