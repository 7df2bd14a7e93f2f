/**
 * The one form that nearly every reading has, read in place. The profile leaves little open: labels, their order and the sizes of their
 * values are fixed, so an envelope is a sequence of known bytes with gaps. What does not have this form is left to the general parser,
 * which says what is wrong with it, if anything; for what has it, both give the same.
 */

import type { Bytes } from './bytes.ts';
import { type Algorithm, EDDSA, ES256, ID_SIZE } from './ids.ts';

/** The parts of an envelope, as views of it. */
export type ReadingParts = {
  readonly audience: Bytes;
  readonly device: Bytes;
  readonly keyNumber: number;
  readonly algorithm: Algorithm;
  readonly sequence: number;
  readonly nonce: Bytes;
  readonly clockErrorMs: number | null;
  readonly protectedBytes: Bytes;
  readonly payload: Bytes;
  readonly signature: Bytes;
};

/** Tag 18, an array of four, a byte string of one length byte (the protected header): RFC 9052 §4.2. */
const BEGIN = [0xd2, 0x84, 0x58] as const;
/** After the length: a map of six, or of seven when the clock's error is stated; then label 1. */
const MAP_SIX = 0xa6;
const MAP_SEVEN = 0xa7;
const ALG = 0x01;
/** Label 3 with 112, label 4 with 36 bytes. */
const TYPE_AND_KID = [0x03, 0x18, 0x70, 0x04, 0x58, 0x24] as const;
/** Label −70001 with 32 bytes. */
const AUDIENCE = [0x3a, 0x00, 0x01, 0x11, 0x70, 0x58, 0x20] as const;
/** Label −70002. */
const SEQUENCE = [0x3a, 0x00, 0x01, 0x11, 0x71] as const;
/** Label −70003 with 16 bytes. */
const NONCE = [0x3a, 0x00, 0x01, 0x11, 0x72, 0x50] as const;
const NONCE_SIZE = 16;
/** Label −70004. */
const CLOCK_ERROR = [0x3a, 0x00, 0x01, 0x11, 0x73] as const;
/** The empty unprotected header. */
const UNPROTECTED = 0xa0;
/** A byte string of 64. */
const SIGNATURE = [0x58, 0x40] as const;
const SIGNATURE_SIZE = 64;

const PROTECTED_AT = BEGIN.length + 1;
const ALG_AT = PROTECTED_AT + 2;
const KID_AT = ALG_AT + 1 + TYPE_AND_KID.length;
const AUDIENCE_AT = KID_AT + ID_SIZE + 4 + AUDIENCE.length;
const SEQUENCE_AT = AUDIENCE_AT + ID_SIZE + SEQUENCE.length;

/** Size of a kid: device id ‖ key number. */
export const KID_SIZE = ID_SIZE + 4;

/** Where the kid of an envelope of the usual form stands, or −1: who is said to have signed it, before anything else is known of it. */
export function findKid(envelope: Bytes): number {
  return hasAt(envelope, ALG_AT + 1, TYPE_AND_KID) && envelope.length >= KID_AT + KID_SIZE ? KID_AT : -1;
}

/** The parts of an envelope of the usual form, or null for any other. */
export function readReadingForm(envelope: Bytes): ReadingParts | null {
  const algorithm = envelope[ALG_AT] === 0x27 ? EDDSA : envelope[ALG_AT] === 0x26 ? ES256 : null;
  if (algorithm === null || !isFrame(envelope)) return null;
  const sequence = readHead(envelope, SEQUENCE_AT, 0x00);
  if (sequence === null || sequence.value < 1) return null;
  const nonceAt = sequence.end + NONCE.length;
  if (!hasAt(envelope, sequence.end, NONCE)) return null;
  const clock = readClockError(envelope, nonceAt + NONCE_SIZE);
  if (clock === null) return null;
  const protectedEnd = clock.end;
  if (envelope[BEGIN.length] !== protectedEnd - PROTECTED_AT) return null;
  if (envelope[protectedEnd] !== UNPROTECTED) return null;
  const payload = readHead(envelope, protectedEnd + 1, 0x40);
  if (payload === null) return null;
  const payloadEnd = payload.end + payload.value;
  const signatureAt = payloadEnd + SIGNATURE.length;
  if (envelope.length !== signatureAt + SIGNATURE_SIZE || !hasAt(envelope, payloadEnd, SIGNATURE)) return null;
  const keyNumberAt = KID_AT + ID_SIZE;
  return {
    audience: envelope.subarray(AUDIENCE_AT, AUDIENCE_AT + ID_SIZE),
    device: envelope.subarray(KID_AT, keyNumberAt),
    keyNumber: bigEndian(envelope, keyNumberAt, 4),
    algorithm,
    sequence: sequence.value,
    nonce: envelope.subarray(nonceAt, nonceAt + NONCE_SIZE),
    clockErrorMs: clock.value,
    protectedBytes: envelope.subarray(PROTECTED_AT, protectedEnd),
    payload: envelope.subarray(payload.end, payloadEnd),
    signature: envelope.subarray(signatureAt),
  };
}

function isFrame(envelope: Bytes): boolean {
  return (
    hasAt(envelope, 0, BEGIN) &&
    (envelope[PROTECTED_AT] === MAP_SIX || envelope[PROTECTED_AT] === MAP_SEVEN) &&
    envelope[PROTECTED_AT + 1] === ALG &&
    hasAt(envelope, ALG_AT + 1, TYPE_AND_KID) &&
    hasAt(envelope, AUDIENCE_AT - AUDIENCE.length, AUDIENCE) &&
    hasAt(envelope, SEQUENCE_AT - SEQUENCE.length, SEQUENCE)
  );
}

/** The stated error of the clock, where the map has a seventh entry; null for bytes that are neither with it nor without. */
function readClockError(envelope: Bytes, at: number): { readonly value: number | null; readonly end: number } | null {
  if (envelope[PROTECTED_AT] === MAP_SIX) return { value: null, end: at };
  return hasAt(envelope, at, CLOCK_ERROR) ? readHead(envelope, at + CLOCK_ERROR.length, 0x00) : null;
}

function hasAt(bytes: Bytes, start: number, expected: readonly number[]): boolean {
  for (let i = 0; i < expected.length; i++) if (bytes[start + i] !== expected[i]) return false;
  return true;
}

/** An argument in its shortest form (RFC 8949 §4.2.1), below 2^32, behind an initial byte of this major type; else null. */
function readHead(bytes: Bytes, at: number, major: number): { readonly value: number; readonly end: number } | null {
  const info = (bytes[at] ?? 0xff) - major;
  if (info >= 0 && info < 24) return { value: info, end: at + 1 };
  if (info < 24 || info > 26 || at + 5 > bytes.length) return null;
  const width = info === 24 ? 1 : info === 25 ? 2 : 4;
  const value = bigEndian(bytes, at + 1, width);
  return value < (width === 1 ? 24 : 2 ** (4 * width)) ? null : { value, end: at + 1 + width };
}

function bigEndian(bytes: Bytes, at: number, width: number): number {
  let value = 0;
  for (let i = 0; i < width; i++) value = value * 256 + (bytes[at + i] as number);
  return value;
}
