/**
 * A complete range: evidence of every reading of one device key between two sequence numbers, so that a missing one shows
 * (specs/complete-ranges.md). Deterministic CBOR.
 */

import { type Bytes, encodeUtf8, equalBytes } from './bytes.ts';
import { parseCbor } from './cbor.ts';
import { encodeBy, id, timeMs, uint32 } from './common-schemas.ts';
import { formatError } from './errors.ts';
import { LIMITS } from './limits.ts';
import { blob, type Infer, list, oneOf, struct, uint } from './schema.ts';

/** The version this code writes and reads. */
export const COMPLETE_RANGE_VERSION = 1;
/** Readings of one range. */
export const RANGE_COUNT_MAX = 500;
const RANGE_SIZE_MAX = 64 * 2 ** 20;

const completeRangeSchema = struct({
  version: uint({ min: COMPLETE_RANGE_VERSION, max: COMPLETE_RANGE_VERSION }),
  fact: oneOf('readings'),
  device: id(),
  keyNumber: uint32(),
  /** What was asked for: times of readings, from (included) to (not included). */
  fromMs: timeMs(),
  toMs: timeMs(),
  /** CBOR evidence of each reading, ascending by sequence number. */
  evidence: list(blob(LIMITS.evidenceSizeMax, 1), { max: RANGE_COUNT_MAX }),
});
export type CompleteRange = Infer<typeof completeRangeSchema>;

/** How the file goes on after the head of its map: deterministic CBOR puts the fact first. */
const FACT_START = encodeUtf8('dfacthreadings');

/** Whether these bytes are meant as a range, for whoever takes evidence of any kind; the parser judges them. */
export function startsAsCompleteRange(data: Bytes): boolean {
  return equalBytes(data.subarray(1, 1 + FACT_START.length), FACT_START);
}

/** Deterministic CBOR of a range. */
export function encodeCompleteRange(range: CompleteRange): Bytes {
  return encodeBy(completeRangeSchema, range);
}

/** Throws FormatError. */
export function parseCompleteRange(data: Bytes): CompleteRange {
  if (data.length > RANGE_SIZE_MAX) throw formatError('TOO_LARGE', { sizeMax: RANGE_SIZE_MAX });
  return completeRangeSchema.parse(parseCbor(data), '');
}
