/** Alarms in JSON. Ids in hex, times milliseconds since 1970. */

import { ALARM_CALLED, ALARM_CAUSES, ALARM_RESPONSES, SEVERITIES } from '@oppidum/formats/alarm';
import { ALARM_STATES } from '@oppidum/formats/alarm-life';
import { z } from 'zod';
import { height, id, page, timeMs, whole } from './common.ts';

/** What says so: a signed reading, a transaction, the account of a cabinet as of a reading of its meter; or the anchor or checkpoint after which something was missed. */
const evidence = z.object({ kind: z.enum(['reading', 'transaction', 'account', 'anchor', 'checkpoint']), id: id() });

const alarm = z.object({
  id: id(),
  cause: z.enum(ALARM_CAUSES),
  severity: z.enum(SEVERITIES),
  state: z.enum(ALARM_STATES),
  /** `name`: what the ledger calls it, where it has a name. */
  subject: z.object({
    kind: z.enum(['device', 'zone', 'order', 'shard', 'validator', 'model']),
    id: id(),
    name: z.string().nullable(),
  }),
  ...{ zone: id().nullable(), zoneName: z.string().nullable() },
  /** A word or number that belongs to the cause. */
  detail: z.string().nullable(),
  openedMs: timeMs(),
  /** What opened it: an acknowledgement names this. */
  opening: evidence,
  lastMs: timeMs(),
  /** How often it was said since it was opened, and how often it was opened. */
  ...{ count: whole(), openingCount: whole() },
  /** Whom it calls while it is open, how often it went on to the next, and when it will. */
  ...{ called: z.enum(ALARM_CALLED).nullable(), escalations: whole(), nextMs: timeMs().nullable() },
  acknowledgement: z
    .object({
      ...{
        account: id(),
        accountName: z.string().nullable(),
        response: z.enum(ALARM_RESPONSES),
        atMs: timeMs(),
        height: height(),
      },
    })
    .nullable(),
  /** By whom or what: null where the acknowledgement closed it. */
  closed: z.object({ atMs: timeMs(), by: evidence.nullable() }).nullable(),
});
export type AlarmJson = z.infer<typeof alarm>;
export const alarmDetail = alarm;
export const alarmPage = page(alarm);

/** Of what is not closed. */
export const alarmCounts = z.object({
  ...{ open: whole(), acknowledged: whole(), escalated: whole() },
  /** Of the open ones. */
  bySeverity: z.object({ critical: whole(), major: whole(), minor: whole() }),
});
export type AlarmCountsJson = z.infer<typeof alarmCounts>;
