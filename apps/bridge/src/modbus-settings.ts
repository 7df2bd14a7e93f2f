/** Settings of the bridge for Modbus TCP. */

import { z } from 'zod';
import { commonSettings, deviceName } from './common-settings.ts';
import { sensorSettings } from './values.ts';

/** `bit`: a coil or discrete input; the others stand in holding or input registers, the more significant one first unless `order` is little. */
const register = z.strictObject({
  table: z.enum(['holding', 'input', 'coil', 'discrete']),
  address: z.int().min(0).max(65_535),
  type: z.enum(['u16', 'i16', 'u32', 'i32', 'f32', 'bit']),
  order: z.enum(['big', 'little']).optional(),
  ...sensorSettings,
});
export type Register = z.infer<typeof register>;

const modbusDevice = z.strictObject({
  name: deviceName,
  host: z.string().min(1),
  port: z.int().min(1).max(65_535).optional(),
  unit: z.int().min(0).max(255).optional(),
  registers: z
    .array(
      register.refine(
        ({ table, type }) => (type === 'bit') === (table === 'coil' || table === 'discrete'),
        'bits stand in coil and discrete, numbers in holding and input',
      ),
    )
    .min(1)
    .max(256),
});
export type ModbusDevice = z.infer<typeof modbusDevice>;

export const modbusSettings = z.strictObject({
  bridge: z.literal('modbus'),
  ...commonSettings,
  intervalMs: z.int().min(100).max(86_400_000),
  timeoutMs: z.int().min(50).max(60_000).optional(),
  devices: z.array(modbusDevice).min(1).max(1_000),
});
export type ModbusSettings = z.infer<typeof modbusSettings>;
