/**
 * Which readings a shard takes. What may pass (an unknown, suspended or not yet active device, a clock that runs ahead, a signature
 * that does not verify) is never signed for: nobody may delete anything because of it. What is signed by an entitled device and can
 * never become acceptable is refused for good, with a receipt that says why.
 */

import { type Bytes, concatBytes, encodeUint32, equalBytes, toHex } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { type Rejection, reject } from '@oppidum/formats/errors';
import { LIMITS } from '@oppidum/formats/limits';
import { parseReading } from '@oppidum/formats/reading';
import { findKid } from '@oppidum/formats/reading-form';
import { HASH_SIZE } from '@oppidum/proofs/merkle-hash';
import type { CheckPool } from './check-pool.ts';
import { type EnvelopeJob, type Findings, OUTCOME, open, viewFindings } from './envelope-check.ts';
import type { Sender, Senders } from './senders.ts';

/** A reading signed by a key that was entitled when it came. */
export type VerifiedReading = {
  readonly sender: Sender;
  readonly sequence: number;
  /** SHA-256 of the envelope: the entry in the shard's log. */
  readonly digest: Bytes;
  /** SHA-256 of the payload: the same under another signature or other random bytes. Keyed before it is kept where it is about people. */
  readonly contentDigest: Bytes;
  readonly envelope: Bytes;
};

/** `refusal` is final; without it the content is acceptable, and only its place in the sequence is still to be judged. */
export type Admission =
  | { readonly kind: 'verified'; readonly reading: VerifiedReading; readonly refusal: Rejection | null }
  | { readonly kind: 'passing'; readonly rejection: Rejection };

export type AdmissionContext = {
  readonly crypto: Crypto;
  /** Genesis hash of the city. */
  readonly audience: Bytes;
  readonly senders: Senders;
  readonly pool: Pick<CheckPool, 'check'>;
  /** POSIX milliseconds. */
  readonly clock: () => number;
};

type Entitled = EnvelopeJob & { readonly sender: Sender };

/**
 * Judges envelopes; one admission each, in their order. Passing, in this order: what `parseReading` throws, WRONG_CITY, as
 * `Senders.find`, SIGNATURE_INVALID, then CLOCK_AHEAD, which is not asked of simulated models. Final: what `parseReadingRecords` throws.
 */
export async function admitReadings(context: AdmissionContext, envelopes: readonly Bytes[]): Promise<readonly Admission[]> {
  const entitled = envelopes.map((envelope) => entitle(context, envelope, findKid(envelope)));
  const jobs = entitled.filter((each) => !('code' in each)) as Entitled[];
  const found = conclude(jobs, await context.pool.check(context.audience, jobs), context.clock() + LIMITS.clockAheadMs);
  let next = 0;
  const admissions: (Admission | null)[] = [];
  for (const each of entitled) admissions.push('code' in each ? passing(each) : (found[next++] as Admission | null));
  // Whoever names one key where all others do, and another one where only the general parser looks, is judged by the general parser.
  for (const [i, admission] of admissions.entries())
    if (admission === null) admissions[i] = await admitAnyForm(context, envelopes[i] as Bytes);
  return admissions as Admission[];
}

/** Refuses a reading that was admitted and whose device may not send any more: as `Senders.find`, at the last durable block. */
export function checkStillEntitled({ senders }: Pick<AdmissionContext, 'senders'>, reading: VerifiedReading): Rejection | null {
  return senders.recheck(reading.sender);
}

async function admitAnyForm(context: AdmissionContext, envelope: Bytes): Promise<Admission> {
  const entitled = entitle(context, envelope, -1);
  if ('code' in entitled) return passing(entitled);
  const findings = await context.pool.check(context.audience, [entitled]);
  return conclude([entitled], findings, context.clock() + LIMITS.clockAheadMs)[0] as Admission;
}

/** `kidAt`: where the kid stands in an envelope of the usual form, else −1. */
function entitle(context: AdmissionContext, envelope: Bytes, kidAt: number): Entitled | Rejection {
  if (kidAt >= 0 && envelope.length <= LIMITS.readingSizeMax) {
    const sender = context.senders.find(envelope, kidAt);
    if (!('code' in sender)) return { envelope, kid: sender.kid, key: sender.key, sender };
  }
  const reading = open(() => parseReading(context.crypto, envelope));
  if ('code' in reading) return reading;
  if (!equalBytes(reading.audience, context.audience)) return reject('WRONG_CITY', { city: toHex(reading.audience) });
  const sender = context.senders.find(concatBytes(reading.device, encodeUint32(reading.keyNumber)), 0);
  return 'code' in sender ? sender : { envelope, kid: sender.kid, key: sender.key, sender };
}

/** Null for an envelope that is of another key than it seemed. */
function conclude(jobs: readonly Entitled[], findings: Findings, latestMs: number): (Admission | null)[] {
  const { numbers, hashes, outcomes } = viewFindings(findings);
  let nextRejection = 0;
  return jobs.map(({ sender, envelope }, i) => {
    const outcome = outcomes[i];
    if (outcome === OUTCOME.otherKey) return null;
    const rejection = outcome === OUTCOME.acceptable ? null : (findings.rejections[nextRejection++] as Rejection);
    if (outcome === OUTCOME.passing) return passing(rejection as Rejection);
    const timeS = numbers[2 * i + 1] as number;
    // A device whose clock runs ahead is right later: the reading stays with it.
    if (timeS * 1_000 > latestMs && !sender.isSimulated)
      return passing(reject('CLOCK_AHEAD', { timeS, aheadMsMax: LIMITS.clockAheadMs }));
    const digestAt = 2 * HASH_SIZE * i;
    const reading: VerifiedReading = {
      sender,
      sequence: numbers[2 * i] as number,
      digest: hashes.subarray(digestAt, digestAt + HASH_SIZE),
      contentDigest: hashes.subarray(digestAt + HASH_SIZE, digestAt + 2 * HASH_SIZE),
      envelope,
    };
    return { kind: 'verified', reading, refusal: rejection };
  });
}

function passing(rejection: Rejection): Admission {
  return { kind: 'passing', rejection };
}
