/** What the settings of every kind of bridge hold. */

import { z } from 'zod';

/** A device's name is its label on the ledger and the name of its key file. */
export const deviceName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, 'letters, digits and . _ -, at most 63');

export const commonSettings = {
  /** Who tells the bridge the time: the machine itself, to this many milliseconds, or NTP servers of which a majority must agree. */
  clock: z.union([
    z.strictObject({ errorMs: z.int().min(0).max(60_000) }),
    z.strictObject({ ntp: z.array(z.string().min(1)).min(1).max(16) }),
  ]),
  /** What gives way while the city is away and the outbox is full; new values where nothing is said. */
  whenFull: z.enum(['refuse-new', 'drop-oldest']).optional(),
  /** As which model the devices are registered. */
  model: z.strictObject({ name: z.string().min(1).max(128), type: z.string().min(1).max(64), personal: z.boolean().optional() }),
};
export type ClockSettings = z.infer<typeof commonSettings.clock>;
export type ModelSettings = z.infer<typeof commonSettings.model>;
