/**
 * The part of judging readings that costs most and needs nothing but their bytes, the city and their keys: form, digests, signature, and
 * whether the content is acceptable. It may happen in any thread; both ends of the messages between them are here.
 */

import { type Bytes, equalBytes, readUint32, toHex } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { FormatError, type Rejection, reject } from '@oppidum/formats/errors';
import { EDDSA, ES256, ID_SIZE, type PublicKey } from '@oppidum/formats/ids';
import { type AllegedReading, latestTimeOf, parseReading } from '@oppidum/formats/reading';
import { KID_SIZE } from '@oppidum/formats/reading-form';
import { HASH_SIZE } from '@oppidum/proofs/merkle-hash';
import { verifyReadingSignature } from '@oppidum/proofs/reading-signature';

/** An envelope, and by which key it is said to be signed. */
export type EnvelopeJob = { readonly envelope: Bytes; readonly kid: Bytes; readonly key: PublicKey };

/** What became of an envelope: acceptable; signed and never acceptable; not to be answered for; of another key than it was said to be. */
export const OUTCOME = { acceptable: 0, refused: 1, passing: 2, otherKey: 3 } as const;

/** What was found, one after the other, in the order of the jobs; `buffer` may be transferred. */
export type Findings = {
  readonly count: number;
  /** f64 per job: sequence, then latest time in POSIX seconds; then SHA-256 of envelope and of payload; then outcome: u8. */
  readonly buffer: ArrayBuffer;
  /** In the order of those refused or passing. */
  readonly rejections: readonly Rejection[];
};

const NUMBERS_SIZE = 16;

/** The parts of findings. */
export function viewFindings({ count, buffer }: Pick<Findings, 'count' | 'buffer'>) {
  return {
    numbers: new Float64Array(buffer, 0, 2 * count),
    hashes: new Uint8Array(buffer, count * NUMBERS_SIZE, 2 * HASH_SIZE * count),
    outcomes: new Uint8Array(buffer, count * (NUMBERS_SIZE + 2 * HASH_SIZE), count),
  };
}

/**
 * Judges envelopes. Passing, in this order: what `parseReading` throws, WRONG_CITY, SIGNATURE_INVALID. Refused: what `latestTimeOf`
 * throws.
 */
export function checkEnvelopes(crypto: Crypto, audience: Bytes, jobs: Iterable<EnvelopeJob>, count: number): Findings {
  const buffer = new ArrayBuffer(count * (NUMBERS_SIZE + 2 * HASH_SIZE + 1));
  const { numbers, hashes, outcomes } = viewFindings({ count, buffer });
  const rejections: Rejection[] = [];
  let i = 0;
  for (const { envelope, kid, key } of jobs) {
    const at = i++;
    const reading = open(() => parseReading(crypto, envelope));
    const passing = 'code' in reading ? reading : checkSigned(crypto, audience, reading, { kid, key });
    if (passing === 'other key') outcomes[at] = OUTCOME.otherKey;
    else if ('code' in reading || passing !== null) {
      outcomes[at] = OUTCOME.passing;
      rejections.push(passing as Rejection);
    } else {
      const timeS = open(() => latestTimeOf(reading));
      numbers[2 * at] = reading.sequence;
      hashes.set(reading.digest, 2 * HASH_SIZE * at);
      crypto.sha256Into(reading.payload, hashes, 2 * HASH_SIZE * at + HASH_SIZE);
      if (typeof timeS === 'number') numbers[2 * at + 1] = timeS;
      else {
        outcomes[at] = OUTCOME.refused;
        rejections.push(timeS);
      }
    }
  }
  return { count, buffer, rejections };
}

function checkSigned(
  crypto: Crypto,
  audience: Bytes,
  reading: AllegedReading,
  { kid, key }: Omit<EnvelopeJob, 'envelope'>,
): Rejection | 'other key' | null {
  if (!isOf(reading, kid)) return 'other key';
  if (!equalBytes(reading.audience, audience)) return reject('WRONG_CITY', { city: toHex(reading.audience) });
  return verifyReadingSignature(crypto, reading, key) ? null : reject('SIGNATURE_INVALID', { by: 'device key' });
}

/** The key was looked up by a kid: that the reading names the same is no matter of course. */
function isOf({ device, keyNumber }: AllegedReading, kid: Bytes): boolean {
  return readUint32(kid, ID_SIZE) === keyNumber && equalBytes(kid.subarray(0, ID_SIZE), device);
}

/** Bad bytes from outside become a refusal; anything else thrown is a fault of ours. */
export function open<T>(parse: () => T): T | Rejection {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return reject(error.code, error.details);
  }
}

/** Key's algorithm: i8 ‖ size of the key: u8 ‖ size of the envelope: u32. */
const HEADER_SIZE = 6;

/** audience ‖ (header ‖ kid ‖ key ‖ envelope)* */
export function encodeJobs(audience: Bytes, jobs: readonly EnvelopeJob[]): Uint8Array<ArrayBuffer> {
  let size = ID_SIZE;
  for (const { envelope, key } of jobs) size += HEADER_SIZE + KID_SIZE + key.publicKey.length + envelope.length;
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  bytes.set(audience);
  let at = ID_SIZE;
  for (const { envelope, kid, key } of jobs) {
    view.setInt8(at, key.algorithm);
    view.setUint8(at + 1, key.publicKey.length);
    view.setUint32(at + 2, envelope.length);
    bytes.set(kid, at + HEADER_SIZE);
    bytes.set(key.publicKey, at + HEADER_SIZE + KID_SIZE);
    at += HEADER_SIZE + KID_SIZE + key.publicKey.length;
    bytes.set(envelope, at);
    at += envelope.length;
  }
  return bytes;
}

/** Opens what `encodeJobs` wrote; the parts are views. */
export function parseJobs(bytes: Bytes): { readonly audience: Bytes; readonly jobs: readonly EnvelopeJob[] } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const jobs: EnvelopeJob[] = [];
  for (let at = ID_SIZE; at < bytes.length; ) {
    const kidAt = at + HEADER_SIZE;
    const keyAt = kidAt + KID_SIZE;
    const envelopeAt = keyAt + view.getUint8(at + 1);
    const end = envelopeAt + view.getUint32(at + 2);
    const algorithm = view.getInt8(at) === ES256 ? ES256 : EDDSA;
    const key = { algorithm, publicKey: bytes.subarray(keyAt, envelopeAt) } as const;
    jobs.push({ kid: bytes.subarray(kidAt, keyAt), key, envelope: bytes.subarray(envelopeAt, end) });
    at = end;
  }
  return { audience: bytes.subarray(0, ID_SIZE), jobs };
}
