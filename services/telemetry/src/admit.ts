/**
 * Which readings a shard takes. What may pass (an unknown, suspended or not yet active device, a clock that runs ahead, a signature
 * that does not verify) is never signed for: nobody may delete anything because of it. What is signed by an entitled device and can
 * never become acceptable is refused for good, with a receipt that says why.
 */

import { type Bytes, equalBytes, toHex } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { FormatError, type Rejection, reject } from '@oppidum/formats/errors';
import { LIMITS } from '@oppidum/formats/limits';
import { type AllegedReading, parseReading } from '@oppidum/formats/reading';
import { checkEntitlement } from '@oppidum/proofs/entitlement';
import type { CheckPool } from './check-pool.ts';
import type { DeviceRecords } from './device-records.ts';
import type { SignedFinding, SignedJob } from './signed-check.ts';

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
  readonly pool: Pick<CheckPool, 'check'>;
  /** POSIX milliseconds. */
  readonly clock: () => number;
};

type Entitled = SignedJob & { readonly reading: AllegedReading; readonly isPersonal: boolean };

/**
 * Judges envelopes; one admission each, in their order. Passing, in this order: what `parseReading` throws, WRONG_CITY, DEVICE_UNKNOWN,
 * KEY_UNKNOWN, as `checkEntitlement`, SIGNATURE_INVALID, then CLOCK_AHEAD. Final: what `parseReadingRecords` throws.
 */
export async function admitReadings(context: AdmissionContext, envelopes: readonly Bytes[]): Promise<readonly Admission[]> {
  const entitled = envelopes.map((envelope) => entitle(context, envelope));
  const findings = await context.pool.check(entitled.filter((each) => !('code' in each)) as Entitled[]);
  const latestMs = context.clock() + LIMITS.clockAheadMs;
  let next = 0;
  return entitled.map((each) =>
    'code' in each ? { kind: 'passing', rejection: each } : conclude(each, findings[next++] as SignedFinding, latestMs),
  );
}

/** Refuses a reading that was admitted and whose device may not send any more. `checkEntitlement`, with the records of now. */
export function checkStillEntitled({ devices }: Pick<AdmissionContext, 'devices'>, reading: AllegedReading): Rejection | null {
  const found = devices.read(reading.device, reading.keyNumber);
  return 'code' in found ? found : checkEntitlement(found.entitlement, found.height);
}

function entitle(context: AdmissionContext, envelope: Bytes): Entitled | Rejection {
  const reading = open(() => parseReading(context.crypto, envelope));
  if ('code' in reading) return reading;
  if (!equalBytes(reading.audience, context.audience)) return reject('WRONG_CITY', { city: toHex(reading.audience) });
  const found = context.devices.read(reading.device, reading.keyNumber);
  if ('code' in found) return found;
  const refusal = checkEntitlement(found.entitlement, found.height);
  if (refusal !== null) return refusal;
  const { key, model } = found.entitlement;
  return { reading, key, isPersonal: model.personal };
}

function conclude({ reading, isPersonal }: Entitled, finding: SignedFinding, latestMs: number): Admission {
  if (finding === null) return { kind: 'passing', rejection: reject('SIGNATURE_INVALID', { by: 'device key' }) };
  const { contentDigest, latestTimeS: timeS, refusal } = finding;
  // A device whose clock runs ahead is right later: the reading stays with it.
  if (timeS * 1_000 > latestMs)
    return { kind: 'passing', rejection: reject('CLOCK_AHEAD', { timeS, aheadMsMax: LIMITS.clockAheadMs }) };
  return { kind: 'verified', reading: { ...reading, contentDigest, isPersonal }, refusal };
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
