/**
 * The part of judging a reading that costs most and needs nothing but the reading and its key: the signature, and whether the content is
 * acceptable. It may happen in any thread; both ends of the message between them are here.
 */

import { type Bytes, encodeUint32 } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { FormatError, type Rejection, reject } from '@oppidum/formats/errors';
import { EDDSA, ES256, ID_SIZE, type PublicKey } from '@oppidum/formats/ids';
import { type AllegedReading, latestTimeOf } from '@oppidum/formats/reading';
import { verifyReadingSignature } from '@oppidum/proofs/reading-signature';

/** A reading and the key that is said to have signed it. */
export type SignedJob = {
  readonly reading: Pick<AllegedReading, 'algorithm' | 'device' | 'protectedBytes' | 'payload' | 'signature'>;
  readonly key: PublicKey;
};

/** What was found; null when the key did not sign it. */
export type SignedFinding = {
  /** SHA-256 of the payload. */
  readonly contentDigest: Bytes;
  /** Time of its latest record, POSIX seconds; 0 where it is refused. */
  readonly latestTimeS: number;
  /** Why the content can never become acceptable, or null. */
  readonly refusal: Rejection | null;
} | null;

/** Verifies the signature, then reads the content; refusals are what `latestTimeOf` throws. */
export function checkSigned(crypto: Crypto, { reading, key }: SignedJob): SignedFinding {
  if (!verifyReadingSignature(crypto, reading, key)) return null;
  const contentDigest = crypto.sha256(reading.payload);
  try {
    return { contentDigest, latestTimeS: latestTimeOf(reading), refusal: null };
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return { contentDigest, latestTimeS: 0, refusal: reject(error.code, error.details) };
  }
}

const SIGNATURE_SIZE = 64;
const DIGEST_SIZE = 32;
const HEADER_SIZE = 11;

/** (alg: i8 ‖ key alg: i8 ‖ key size: u8 ‖ header size: u32 ‖ payload size: u32 ‖ device ‖ key ‖ header ‖ payload ‖ signature)* */
export function encodeSignedJobs(jobs: readonly SignedJob[]): Uint8Array<ArrayBuffer> {
  let size = 0;
  for (const { reading, key } of jobs)
    size +=
      HEADER_SIZE + ID_SIZE + key.publicKey.length + reading.protectedBytes.length + reading.payload.length + SIGNATURE_SIZE;
  const bytes = new Uint8Array(size);
  let at = 0;
  const put = (part: Bytes): void => {
    bytes.set(part, at);
    at += part.length;
  };
  for (const { reading, key } of jobs) {
    const { device, protectedBytes, payload, signature } = reading;
    bytes[at] = reading.algorithm & 0xff;
    bytes[at + 1] = key.algorithm & 0xff;
    bytes[at + 2] = key.publicKey.length;
    at += 3;
    for (const part of [encodeUint32(protectedBytes.length), encodeUint32(payload.length), device]) put(part);
    for (const part of [key.publicKey, protectedBytes, payload, signature]) put(part);
  }
  return bytes;
}

/** Opens what `encodeSignedJobs` wrote; the parts are views. */
export function* parseSignedJobs(bytes: Bytes): Generator<SignedJob> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length; ) {
    const [keySize, protectedSize, payloadSize] = [view.getUint8(at + 2), view.getUint32(at + 3), view.getUint32(at + 7)];
    const [algorithm, keyAlgorithm] = [algorithmOf(view.getInt8(at)), algorithmOf(view.getInt8(at + 1))];
    at += HEADER_SIZE;
    const take = (size: number): Bytes => {
      at += size;
      return bytes.subarray(at - size, at);
    };
    const device = take(ID_SIZE);
    const key = { algorithm: keyAlgorithm, publicKey: take(keySize) };
    const parts = { protectedBytes: take(protectedSize), payload: take(payloadSize), signature: take(SIGNATURE_SIZE) };
    yield { reading: { algorithm, device, ...parts }, key };
  }
}

function algorithmOf(label: number): PublicKey['algorithm'] {
  return label === ES256 ? ES256 : EDDSA;
}

/** Findings as they travel: 0 not signed, 1 acceptable, 2 refused, with what each needs. */
export type SignedFindings = {
  readonly outcomes: Uint8Array<ArrayBuffer>;
  /** 32 bytes each. */
  readonly contentDigests: Uint8Array<ArrayBuffer>;
  readonly latestTimesS: Float64Array<ArrayBuffer>;
  /** In the order of those refused. */
  readonly refusals: readonly Rejection[];
};

/** The way there: their buffers may be transferred. */
export function encodeFindings(findings: readonly SignedFinding[]): SignedFindings {
  const outcomes = new Uint8Array(findings.length);
  const contentDigests = new Uint8Array(findings.length * DIGEST_SIZE);
  const latestTimesS = new Float64Array(findings.length);
  const refusals: Rejection[] = [];
  for (const [i, finding] of findings.entries()) {
    if (finding === null) continue;
    outcomes[i] = finding.refusal === null ? 1 : 2;
    contentDigests.set(finding.contentDigest, i * DIGEST_SIZE);
    latestTimesS[i] = finding.latestTimeS;
    if (finding.refusal !== null) refusals.push(finding.refusal);
  }
  return { outcomes, contentDigests, latestTimesS, refusals };
}

/** The way back, in the same order. */
export function parseFindings({ outcomes, contentDigests, latestTimesS, refusals }: SignedFindings): SignedFinding[] {
  let refused = 0;
  return Array.from(outcomes, (outcome, i) => {
    if (outcome === 0) return null;
    const contentDigest = contentDigests.slice(i * DIGEST_SIZE, (i + 1) * DIGEST_SIZE);
    const refusal = outcome === 2 ? (refusals[refused++] as Rejection) : null;
    return { contentDigest, latestTimeS: latestTimesS[i] as number, refusal };
  });
}
