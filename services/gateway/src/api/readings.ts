/** Answers about readings; forms as in `../api-types.ts`. */

import { z } from 'zod';
import { base64, grade, id, page, timeMs, whole } from './common.ts';

/** One SenML record. `value` is null in readings about people, beside a sum, and for bytes (which stand in `data`). */
export const record = z.object({
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

/** The entry of a shard's log that a value comes from: `GET /api/v1/readings?device=…` names its id. */
const sample = z.object({
  device: id(),
  label: z.string().nullable(),
  name: z.string(),
  unit: z.string().nullable(),
  value: z.union([z.number(), z.string(), z.boolean()]).nullable(),
  data: base64().nullable(),
  sum: z.number().nullable(),
  timeMs: timeMs(),
  shardNumber: whole(),
  index: whole(),
});
export type SampleJson = z.infer<typeof sample>;
export const samplePage = page(sample).meta({ id: 'SamplePage' });

/** The newest value of each series, by device and name. */
export const latestPage = page(sample)
  .extend({
    /** Devices among those asked for whose readings are about people: nothing of them is here. */
    personalDevices: whole(),
    /** Readings that the answer does not know yet. */
    behindReadings: whole(),
  })
  .meta({ id: 'LatestPage' });
export type LatestPageJson = z.infer<typeof latestPage>;

const number = () => z.number().nullable();
/** Samples from `fromMs` for `bucketMs`; `min` to `last` are about those `numbers` of them that are numbers or flags (0 and 1). */
const bucket = z.object({
  fromMs: timeMs(),
  count: whole(),
  numbers: whole(),
  min: number(),
  max: number(),
  mean: number(),
  last: number(),
  lastMs: timeMs().nullable(),
});
export const seriesSpan = z
  .object({
    device: id(),
    label: z.string().nullable(),
    name: z.string(),
    unit: z.string().nullable(),
    fromMs: timeMs(),
    toMs: timeMs(),
    bucketMs: whole(),
    /** Samples in all buckets. */
    count: whole(),
    /** Those with a sample in them; the first and the last may be cut by the span. */
    buckets: z.array(bucket),
    /** Stretches of whole buckets in which nothing was kept. */
    gaps: z.array(z.object({ fromMs: timeMs(), toMs: timeMs() })),
    behindReadings: whole(),
  })
  .meta({ id: 'SeriesSpan' });
export type SeriesSpanJson = z.infer<typeof seriesSpan>;

/** A receipt and what it says: `index` of what was kept, `refusal` of what was refused for good. */
const receipt = z.object({
  sequence: whole(),
  /** SHA-256 of the envelope. */
  id: id(),
  index: whole().nullable(),
  refusal: z.string().nullable(),
  receipt: base64(),
});
export type ReceiptJson = z.infer<typeof receipt>;
export const receiptPage = page(receipt).meta({ id: 'ReceiptPage' });
