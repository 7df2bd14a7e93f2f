/**
 * What a gateway says to readings sent over HTTP (`POST /api/v1/readings`) and to passing refusals over MQTT: per envelope, in the
 * order sent, either the shard's receipt (final: kept, or refused for good) or the code of a refusal that may pass.
 * Nobody deletes a reading because of a code here; only a receipt says that it is settled.
 */

import { type Bytes, concatBytes } from './bytes.ts';
import { encodeCbor } from './cbor.ts';
import { CborWriter } from './cbor-writer.ts';
import { encodeBy, parseBy } from './common-schemas.ts';
import { formatError } from './errors.ts';
import { LIMITS } from './limits.ts';
import { blob, type Infer, list, optional, struct, text } from './schema.ts';

/** Envelopes of one request, and so answers to it. */
export const READING_BATCH_COUNT_MAX = 1_000;

const RECEIPT_SIZE_MAX = 8_192;

const readingAnswer = struct({
  /** `encodeReceipt` of core/formats/receipt.ts. */
  receipt: optional(blob(RECEIPT_SIZE_MAX, 1)),
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

/** The envelopes of a batch, as views of it where it is as plain as it may be. Throws FormatError. */
export function parseReadingBatch(data: Bytes): readonly Bytes[] {
  const head = readHead(data, 0, MAJOR_ARRAY);
  const items = head === null ? null : readItems(data, head.end, head.value);
  const isPlain = head !== null && items !== null && items.envelopes.length === head.value && items.end === data.length;
  // The general parser says what is wrong with anything else, if anything is.
  return isPlain && head.value > 0 ? items.envelopes : parseBy(batchSchema, data);
}

/** The body of a batch as a CBOR sequence (RFC 8742, `content-type: application/cbor-seq`): one envelope after the other. */
export function encodeReadingSequence(envelopes: readonly Bytes[]): Bytes {
  return concatBytes(...batchSchema.parse([...envelopes], '').map((envelope) => encodeCbor(envelope)));
}

/**
 * The envelopes of a CBOR sequence, which has nothing but byte strings, as views of it. Throws as `parseReadingBatch` does: LENGTH_WRONG
 * (none, too many, one that is empty), WRONG_TYPE, TOO_LARGE, TRUNCATED, NOT_CANONICAL.
 */
export function parseReadingSequence(data: Bytes): readonly Bytes[] {
  const { envelopes, end } = readItems(data, 0, READING_BATCH_COUNT_MAX);
  if (end === data.length && envelopes.length > 0) return envelopes;
  const want = { min: 1, max: READING_BATCH_COUNT_MAX };
  if (envelopes.length === 0 && data.length === 0) throw formatError('LENGTH_WRONG', { ...want, got: 0 });
  if (envelopes.length === READING_BATCH_COUNT_MAX)
    throw formatError('LENGTH_WRONG', { ...want, got: READING_BATCH_COUNT_MAX + 1 });
  // The first item that is not plainly an envelope, by whoever says what is wrong with it; what follows it is cut off or not its matter.
  const at = `/${envelopes.length}`;
  const head = readHead(data, end, MAJOR_BYTES);
  if (head !== null && head.end + head.value > data.length) throw formatError('TRUNCATED', { at });
  if (head !== null) blob(LIMITS.readingSizeMax, 1).parse(data.subarray(head.end, head.end + head.value), at);
  if ((data[end] as number) >> 5 !== MAJOR_BYTES) throw formatError('WRONG_TYPE', { at, want: 'a byte string' });
  throw formatError(data.length < end + 1 + widthOf((data[end] as number) % 32) ? 'TRUNCATED' : 'NOT_CANONICAL', { at });
}

const MAJOR_BYTES = 2;
const MAJOR_ARRAY = 4;

/** Byte strings from `start` on, at most `countMax`, up to the first that is no envelope of the shortest form. */
function readItems(data: Bytes, start: number, countMax: number): { readonly envelopes: Bytes[]; readonly end: number } {
  const envelopes: Bytes[] = [];
  let at = start;
  while (at < data.length && envelopes.length < countMax && countMax <= READING_BATCH_COUNT_MAX) {
    const head = readHead(data, at, MAJOR_BYTES);
    if (head === null || head.value < 1 || head.value > LIMITS.readingSizeMax || head.end + head.value > data.length) break;
    at = head.end + head.value;
    envelopes.push(data.subarray(head.end, at));
  }
  return { envelopes, end: at };
}

/** An argument in its shortest form (RFC 8949 §4.2.1), below 2^32, behind an initial byte of this major type; else null. */
function readHead(data: Bytes, at: number, major: number): { readonly value: number; readonly end: number } | null {
  const first = data[at] ?? 0xff;
  const info = first - major * 32;
  if (info >= 0 && info < 24) return { value: info, end: at + 1 };
  const width = widthOf(info);
  if (width === 0 || at + 1 + width > data.length) return null;
  let value = 0;
  for (let i = 0; i < width; i++) value = value * 256 + (data[at + 1 + i] as number);
  return value < (width === 1 ? 24 : 2 ** (4 * width)) ? null : { value, end: at + 1 + width };
}

/** Bytes of an argument behind its initial byte, up to 32 bits; 0 where it has none of them. */
function widthOf(info: number): number {
  return info === 24 ? 1 : info === 25 ? 2 : info === 26 ? 4 : 0;
}

const WRITER = new CborWriter();
const ONLY_RECEIPT = concatBytes(Uint8Array.of(0xa1), encodeCbor('receipt'));

/** Deterministic CBOR of the answers to a batch. */
export function encodeReadingAnswers(answers: readonly ReadingAnswer[]): Bytes {
  if (answers.length < 1 || answers.length > READING_BATCH_COUNT_MAX) return encodeBy(readingAnswersSchema, [...answers]);
  return WRITER.collect((writer) => {
    writer.head(MAJOR_ARRAY, answers.length);
    for (const answer of answers) {
      const { receipt, code, message } = answer;
      if (
        receipt === undefined ||
        receipt.length < 1 ||
        receipt.length > RECEIPT_SIZE_MAX ||
        code !== undefined ||
        message !== undefined
      )
        writer.bytes(encodeBy(readingAnswer, answer));
      else {
        writer.bytes(ONLY_RECEIPT);
        writer.head(MAJOR_BYTES, receipt.length);
        writer.bytes(receipt);
      }
    }
  });
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
