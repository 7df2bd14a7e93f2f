/**
 * What a device is told where its receipts come, when a message was not taken in and is to be sent again or sent otherwise: deterministic
 * CBOR of two or three fields, which no receipt can be taken for (a receipt has four). It is signed by nobody and settles nothing.
 */

import { type Bytes, concatBytes } from './bytes.ts';
import { encodeBy, parseBy } from './common-schemas.ts';
import { type Infer, optional, struct, text, uint } from './schema.ts';

const TEXT_SIZE_MAX = 1_024;

/** `sequence` is of the refused message, where it could be read. */
export const passingRefusalSchema = struct({
  code: text(64, 3),
  message: text(TEXT_SIZE_MAX),
  sequence: optional(uint({ min: 1 })),
});
export type PassingRefusal = Infer<typeof passingRefusalSchema>;

/** CBOR heads of maps of two and three pairs (RFC 8949 §3.1, major type 5). */
const MAP_HEADS: ReadonlySet<number | undefined> = new Set([0xa2, 0xa3]);

/** Deterministic CBOR of a refusal. */
export function encodePassingRefusal(refusal: PassingRefusal): Bytes {
  return encodeBy(passingRefusalSchema, refusal);
}

/** The refusal, or null for what is none: a receipt. Throws FormatError for a refusal that is malformed. */
export function parsePassingRefusal(message: Bytes): PassingRefusal | null {
  return MAP_HEADS.has(message[0]) ? parseBy(passingRefusalSchema, message) : null;
}

/** CBOR head of an array of one (RFC 8949 §3.1, major type 4): on a topic of orders, by which a refusal is told from an order, a map. */
const ARRAY_OF_ONE = 0x81;

/** A refusal where orders come: of a challenge. */
export function encodeChallengeRefusal(refusal: PassingRefusal): Bytes {
  return concatBytes(Uint8Array.of(ARRAY_OF_ONE), encodePassingRefusal(refusal));
}

/** The refusal, or null for what is none: an order. Throws FormatError for a refusal that is malformed. */
export function parseChallengeRefusal(message: Bytes): PassingRefusal | null {
  return message[0] === ARRAY_OF_ONE ? parseBy(passingRefusalSchema, message.subarray(1)) : null;
}
