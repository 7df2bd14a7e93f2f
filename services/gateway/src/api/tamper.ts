/** Answers of the tamper desk; forms as in `../api-types.ts`. */

import { z } from 'zod';
import { base64, id, whole } from './common.ts';

/** What is done to the copy, and how deep it goes (`services/telemetry/src/tamper/alterations.ts`). */
const what = z.enum(['alter', 'drop', 'reorder', 'checkpoint']);
const depth = z.enum(['bytes', 'shard', 'city']);

/** `value`: what an altered number becomes; ten more than it was without it. */
export const tamperRequest = z.strictObject({
  reading: id(),
  what,
  depth,
  value: z.number().min(-1e15).max(1e15).optional(),
});
export type TamperRequestJson = z.infer<typeof tamperRequest>;

const details = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));
/** Evidence that the dishonest operator now serves, or the code with which its own program refuses to make any. */
const served = z.object({ id: id(), file: base64().nullable(), refusal: z.object({ code: z.string() }).nullable() });
const twoHeads = z.object({
  log: z.enum(['city', 'shard']),
  /** The verifier key of the log (C2SP signed-note). */
  key: z.string(),
  before: base64(),
  after: base64(),
  /** `OK` where it cosigned the head after, else why not. */
  witness: z.object({ code: z.string(), details }),
  /** Two signed heads that cannot both be true: as `telemetry/report-fork` has it. */
  fork: z.object({ earlier: base64(), later: base64(), root: id(), consistency: z.array(id()) }).nullable(),
});
export type TwoHeadsJson = z.infer<typeof twoHeads>;

const played = z.object({
  index: whole(),
  number: whole(),
  shard: id(),
  /** Of the shard, hex: it signed the receipt. */
  receiptKey: id(),
  /** Stored bytes before and after, place by place; null where there is nothing. */
  changes: z.array(z.object({ place: z.string(), before: base64().nullable(), after: base64().nullable() })),
  /** The envelope as it was and as it is stored now. */
  before: base64(),
  after: base64().nullable(),
  /** What others may hold from before. */
  evidence: base64(),
  receipt: base64(),
  now: served,
  /** Of the entry beside a dropped one. */
  beside: served.nullable(),
  heads: z.array(twoHeads),
});
export type PlayedJson = z.infer<typeof played>;

const fsck = z.object({
  damages: z.array(z.object({ code: z.string(), file: z.string(), what: z.string(), action: z.string() })),
  /** So many of each kind were derived again and compared. */
  checked: z.record(z.string(), whole()),
  damaged: whole(),
  skipped: whole(),
});
export type FsckJson = z.infer<typeof fsck>;

export const tamperDesk = z
  .object({
    state: z.enum(['empty', 'working', 'done', 'failed']),
    stage: z.enum(['copy', 'alter', 'prove', 'witness', 'fsck']).nullable(),
    /** Of the check that runs now. */
    progress: z.object({ name: z.string(), total: whole(), done: whole() }).nullable(),
    request: tamperRequest.nullable(),
    refusal: z.object({ code: z.string(), detail: z.string() }).nullable(),
    /** Where the altered copy lies until it is put back: another data folder, for `oppidum fsck`. */
    folder: z.string().nullable(),
    played: played.nullable(),
    fsck: fsck.nullable(),
  })
  .meta({ id: 'TamperDesk' });
export type TamperDeskJson = z.infer<typeof tamperDesk>;
