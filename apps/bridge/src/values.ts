/** What a bridge makes of foreign data: a field, scaled, as the value of a sensor. Declared in the settings, never code that came along. */

import type { SensorValue } from '@oppidum/device/reading-pack';
import { z } from 'zod';

/** Which sensor a foreign value becomes: `value × scale + offset` in `unit`. */
export const sensorSettings = {
  sensor: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9\-:./_]*$/, 'letters, digits and - : . / _'),
  unit: z.string().min(1).max(32).optional(),
  scale: z.number().optional(),
  offset: z.number().optional(),
};
type SensorSettings = z.infer<z.ZodObject<typeof sensorSettings>>;

/**
 * The value of a sensor; null for what is no number, boolean or text, or no finite number once scaled, and for a text where the settings
 * have a unit, scale or offset: nothing is "n/a" metres.
 */
export function makeValue(settings: SensorSettings, value: unknown): SensorValue | null {
  const { sensor, unit, scale = 1, offset = 0 } = settings;
  const place = { sensor, ...(unit === undefined ? {} : { unit }) };
  if (typeof value === 'boolean') return { ...place, value };
  const isMeasured = unit !== undefined || settings.scale !== undefined || settings.offset !== undefined;
  if (typeof value === 'string') return isMeasured || value.length > TEXT_LENGTH_MAX ? null : { ...place, value };
  if (typeof value !== 'number') return null;
  const scaled = roundOff(value * scale + offset);
  return Number.isFinite(scaled) ? { ...place, value: scaled } : null;
}

const TEXT_LENGTH_MAX = 1_024;

/** 1423 × 0.001 is 1.423, not 1.4230000000000003: what binary arithmetic adds beyond 15 digits is cut off. */
function roundOff(value: number): number {
  return Number(value.toPrecision(15));
}

/** How numbers stand in bytes or registers, and how many bytes they take. */
export const NUMBER_TYPES = { u8: 1, i8: 1, u16: 2, i16: 2, u32: 4, i32: 4, f32: 4 } as const;
export type NumberType = keyof typeof NUMBER_TYPES;

/** The number at a place, big-endian unless `isLittle`; null where the bytes end before it does. */
export function readNumber(bytes: Uint8Array, at: number, type: NumberType, isLittle = false): number | null {
  if (at + NUMBER_TYPES[type] > bytes.length) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const read = {
    u8: 'getUint8',
    i8: 'getInt8',
    u16: 'getUint16',
    i16: 'getInt16',
    u32: 'getUint32',
    i32: 'getInt32',
    f32: 'getFloat32',
  } as const;
  return view[read[type]](at, isLittle);
}
