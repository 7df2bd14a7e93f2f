/** Settings of the bridge that follows a CSV file. */

import { z } from 'zod';
import { commonSettings, deviceName } from './common-settings.ts';
import { sensorSettings } from './values.ts';

export const csvSettings = z.strictObject({
  bridge: z.literal('csv'),
  ...commonSettings,
  /** The file that grows; - is standard input, which has no place to resume at. */
  file: z.string().min(1),
  delimiter: z.string().length(1).optional(),
  /** Column that names the device; without it there is one device, and every row is its. */
  deviceColumn: z.string().min(1).optional(),
  /** Column of the time, RFC 3339 with an offset, and how well it is kept; without it rows happen when they come. */
  time: z.strictObject({ column: z.string().min(1), errorMs: z.int().min(0).max(4_294_967_295) }).optional(),
  columns: z
    .array(z.strictObject({ column: z.string().min(1), ...sensorSettings }))
    .min(1)
    .max(256),
  devices: z
    .array(z.strictObject({ name: deviceName }))
    .min(1)
    .max(10_000),
});
export type CsvSettings = z.infer<typeof csvSettings>;
