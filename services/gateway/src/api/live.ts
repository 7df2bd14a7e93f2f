/** The data of server-sent events, by topic. Ids and hashes in hex, times milliseconds since 1970. */

import { ALARM_CAUSES } from '@oppidum/formats/alarm';
import { z } from 'zod';
import type { Topic } from '../live/live-events.ts';
import { record } from './readings.ts';

const id = () => z.string().regex(/^[0-9a-f]{64}$/);
const whole = () => z.int().nonnegative();

/** A topic with its data. */
export const liveEvents = {
  readings: z.object({
    ...{ id: id(), device: id(), label: z.string().nullable(), deviceType: z.string().nullable(), shard: id(), index: whole() },
    ...{ sequence: whole(), receivedMs: whole(), timeMs: z.int(), clockErrorMs: whole().nullable() },
    /** `records`: the first of them; none of a reading about people. */
    ...{ personal: z.boolean(), recordCount: whole(), records: z.array(record) },
  }),
  blocks: z.object({
    ...{ height: whole(), timeMs: whole(), transactionCount: whole(), logSize: whole(), appHash: id() },
  }),
  transactions: z.object({
    ...{ id: id(), height: whole(), position: whole(), index: whole(), timeMs: whole(), code: z.string() },
    kinds: z.array(z.string()),
  }),
  anchors: z.object({ shard: id(), size: whole(), root: id(), height: whole(), timeMs: whole() }),
  /** `what`: the status of the ledger, or what a device signed: its answer, or `local` with `command` in its words. */
  orders: z.object({
    ...{ order: id().nullable(), zone: id().nullable(), device: id().nullable() },
    ...{ command: z.string().nullable(), arguments: z.array(z.int()).nullable() },
    ...{ what: z.string(), code: z.string().nullable(), signerCount: whole().nullable() },
    ...{ reading: id().nullable(), height: whole().nullable(), timeMs: z.int() },
  }),
  /** `what`: `raise` or `clear`, as a reading or transaction says; or `acknowledge`. What only time opens is not told here. */
  alarms: z.object({
    ...{ alarm: id(), cause: z.enum(ALARM_CAUSES), subject: id(), what: z.enum(['raise', 'clear', 'acknowledge']) },
    ...{ detail: z.string().nullable(), evidence: id(), height: whole().nullable(), timeMs: whole() },
  }),
  devices: z.object({
    ...{ device: id(), label: z.string().nullable(), status: z.string(), reason: z.string().nullable() },
    ...{ height: whole(), timeMs: whole() },
  }),
} as const satisfies Record<Topic, z.ZodType>;
export type LiveEventName = keyof typeof liveEvents;
