/**
 * What a gateway says to readings sent over HTTP (`POST /api/v1/readings`) and to passing refusals over MQTT: per envelope, in the
 * order sent, either the shard's receipt (final: kept, or refused for good) or the code of a refusal that may pass.
 * Nobody deletes a reading because of a code here; only a receipt says that it is settled.
 */

import type { Bytes } from './bytes.ts';
import { encodeBy, parseBy } from './common-schemas.ts';
import { formatError } from './errors.ts';
import { LIMITS } from './limits.ts';
import { blob, type Infer, list, optional, struct, text } from './schema.ts';

/** Envelopes of one request, and so answers to it. */
export const READING_BATCH_COUNT_MAX = 1_000;

const readingAnswer = struct({
  /** `encodeReceipt` of core/formats/receipt.ts. */
  receipt: optional(blob(8_192, 1)),
  /** A code of the error catalogue: try again later, oldest first. */
  code: optional(text(64, 3)),
  message: optional(text(1_024)),
});
/** Exactly one of `receipt` and `code` is present. */
export type ReadingAnswer = Infer<typeof readingAnswer>;

/** The answers of one batch, for `accept: application/cbor`; its JSON form is the schema's. */
export const readingAnswersSchema = list(readingAnswer, { min: 1, max: READING_BATCH_COUNT_MAX });

const batchSchema = list(blob(LIMITS.readingSizeMax, 1), { min: 1, max: READING_BATCH_COUNT_MAX });

/** The body of a batch (`content-type: application/cbor`): an array of envelopes. Throws LENGTH_WRONG. */
export function encodeReadingBatch(envelopes: readonly Bytes[]): Bytes {
  return encodeBy(batchSchema, [...envelopes]);
}

/** The envelopes of a batch. Throws FormatError. */
export function parseReadingBatch(data: Bytes): readonly Bytes[] {
  return parseBy(batchSchema, data);
}

/** Deterministic CBOR of the answers to a batch. */
export function encodeReadingAnswers(answers: readonly ReadingAnswer[]): Bytes {
  return encodeBy(readingAnswersSchema, [...answers]);
}

/** Parses the answers to a batch. Throws FormatError. */
export function parseReadingAnswers(data: Bytes): readonly ReadingAnswer[] {
  const answers = parseBy(readingAnswersSchema, data);
  answers.forEach(({ receipt, code }, i) => {
    if ((receipt === undefined) === (code === undefined))
      throw formatError('WRONG_TYPE', { at: `/${i}`, want: 'receipt or code' });
  });
  return answers;
}
