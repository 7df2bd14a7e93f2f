/** What lamps of a zone saved by what they said themselves, and which of them fail; forms as in `../api-types.ts`. */

import { z } from 'zod';
import { id, timeMs, whole } from './common.ts';

/** Means of an interval: brightness from 0 to 1, and power in W as it was, undimmed, and with half-night switching. */
const interval = z.object({
  ...{ fromMs: timeMs(), toMs: timeMs(), level: z.number(), powerW: z.number(), undimmedW: z.number(), halfNightW: z.number() },
});
export type LightingIntervalJson = z.infer<typeof interval>;

const namedLamp = z.object({ device: id(), label: z.string().nullable() });

export const lightingAccount = z
  .object({
    fromMs: timeMs(),
    toMs: timeMs(),
    /** Lamps of the zone, and those of them whose own readings are counted. Of many lamps `fromMs` is later than their first word. */
    lamps: whole(),
    counted: whole(),
    ...{ usedWh: z.number(), undimmedWh: z.number(), halfNightWh: z.number() },
    intervals: z.array(interval),
    /** Lamps whose newest word is that they are told to burn and do not: how many, and up to 256 of them. */
    faultCount: whole(),
    faults: z.array(namedLamp.extend({ sinceMs: timeMs() })),
  })
  .meta({ id: 'LightingAccount' });
export type LightingAccountJson = z.infer<typeof lightingAccount>;
