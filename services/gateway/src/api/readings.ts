/** Answers about readings; forms as in `../api-types.ts`. */

import { z } from 'zod';
import { base64, grade, id, page, timeMs, whole } from './common.ts';

/** One SenML record. `value` is null in readings about people, beside a sum, and for bytes (which stand in `data`). */
const record = z.object({
  /** Below the device's URN. */
  name: z.string(),
  unit: z.string().nullable(),
  value: z.union([z.number(), z.string(), z.boolean()]).nullable(),
  data: base64().nullable(),
  sum: z.number().nullable(),
  timeMs: timeMs(),
});
export type RecordJson = z.infer<typeof record>;

const reading = z
  .object({
    /** SHA-256 of the envelope: the entry in the shard's log. */
    id: id(),
    device: id(),
    label: z.string().nullable(),
    shard: id(),
    index: whole(),
    sequence: whole(),
    keyNumber: whole(),
    receivedMs: timeMs(),
    /** Latest time of a record, as signed. */
    timeMs: timeMs(),
    /** How far the signer's clock may be from UTC, either way, in milliseconds, as signed; null when it does not say. */
    clockErrorMs: whole().nullable(),
    /** Who signed: the device itself, a bridge for a device that cannot, or whoever imported it; null of a key that is not the newest. */
    grade: grade.nullable(),
    /** True once an anchor on the ledger covers it: evidence can be had. */
    anchored: z.boolean(),
    personal: z.boolean(),
    /** The first records; `recordCount` says how many there are. */
    records: z.array(record),
    recordCount: whole(),
  })
  .meta({ id: 'Reading' });
export const readingPage = page(reading).meta({ id: 'ReadingPage' });
export const readingDetail = reading
  .extend({
    /** What the device sent; null for readings about people. */
    envelope: base64().nullable(),
  })
  .meta({ id: 'ReadingDetail' });
export type ReadingJson = z.infer<typeof reading>;
export type ReadingDetailJson = z.infer<typeof readingDetail>;

/** Per envelope sent, in order: a receipt (final), or the code of a refusal that may pass. */
export const readingAnswers = z
  .array(z.object({ receipt: base64().optional(), code: z.string().optional(), message: z.string().optional() }))
  .meta({ id: 'ReadingAnswers' });
export type ReadingAnswersJson = z.infer<typeof readingAnswers>;
