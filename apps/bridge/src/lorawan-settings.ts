/** Settings of the bridge for LoRaWAN network servers. */

import { z } from 'zod';
import { commonSettings, deviceName } from './common-settings.ts';
import { NUMBER_TYPES, type NumberType, sensorSettings } from './values.ts';

/** `field`: a name in the object that the network server decoded, with dots for objects within. `at`: a number in the raw bytes. */
const uplinkField = z.union([
  z.strictObject({ field: z.string().min(1).max(128), ...sensorSettings }),
  z.strictObject({
    at: z.int().min(0).max(255),
    type: z.enum(Object.keys(NUMBER_TYPES) as [NumberType, ...NumberType[]]),
    order: z.enum(['big', 'little']).optional(),
    ...sensorSettings,
  }),
]);
export type UplinkField = z.infer<typeof uplinkField>;

export const lorawanSettings = z.strictObject({
  bridge: z.literal('lorawan'),
  ...commonSettings,
  /** Address and port of the listener; port 0 takes any. */
  listen: z.string().regex(/^(\d+\.\d+\.\d+\.\d+|\[[0-9a-f:]+\]):\d{1,5}$/, 'an address and a port, as 127.0.0.1:8424'),
  /** File of the secret that the network server sends as `authorization: Bearer …`, at least 16 characters, readable by its owner alone. */
  tokenFile: z.string().min(1),
  devices: z
    .array(
      z.strictObject({
        name: deviceName,
        devEui: z.string().regex(/^[0-9a-fA-F]{16}$/, '16 hex digits'),
        /** By fPort. Uplinks on other ports are passed over. */
        ports: z.record(z.string().regex(/^\d{1,3}$/), z.array(uplinkField).min(1).max(64)),
      }),
    )
    .min(1)
    .max(10_000),
});
export type LorawanSettings = z.infer<typeof lorawanSettings>;
