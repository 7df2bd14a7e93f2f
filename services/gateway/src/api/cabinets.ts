/** Accounts of cabinets in JSON: energies in kWh, powers in W, times milliseconds since 1970. */

import { z } from 'zod';
import { id, timeMs, whole } from './common.ts';

const account = z.object({
  /** Intervals in which no lamp changed its level: only these are judged. */
  steadyCount: whole(),
  /** What the meter counted beyond what cabinet and lamps explain, and how far it may be from 0 for no reason. */
  residualW: z.number(),
  uncertaintyW: z.number(),
  /** Something is left that no finding explains. */
  unexplained: z.boolean(),
  /** `count` of these lamps take nothing. */
  dead: z.array(z.object({ count: whole(), lamps: z.array(id()) })),
  stolen: z.array(z.object({ powerW: z.number(), uncertaintyW: z.number(), fromMs: timeMs(), toMs: timeMs() })),
  /** What the bounds of the document hide. */
  hidden: z.object({ deadLamps: whole(), stolenW: z.number() }),
});

const cabinetAccount = z.object({
  ...{ name: z.string(), meter: id(), lampCount: whole(), fromMs: timeMs(), toMs: timeMs() },
  /** Intervals in which meter and all lamps spoke. */
  ...{ intervalMs: whole(), intervalCount: whole() },
  /** Over these intervals: at the meter, and by the same lamps never dimmed while they were lit. */
  ...{ measuredKwh: z.number(), undimmedKwh: z.number() },
  /** Negative where more was taken. Null where no lamp was lit, or nothing was heard. */
  savedPercent: z.number().nullable(),
  /** Null while there was no interval in which the levels stood still. */
  account: account.nullable(),
});
export type CabinetAccountJson = z.infer<typeof cabinetAccount>;

export const cabinetAccounts = z.object({
  /** The version of the zone document `cabinets` that this is by. */
  version: whole(),
  /** Cabinets of the document, and how many were shown up to here; null with the last of them. */
  ...{ count: whole(), next: whole().nullable() },
  items: z.array(cabinetAccount),
});
export type CabinetAccountsJson = z.infer<typeof cabinetAccounts>;
