/** What a kind of device is, and what one of them does. */

import type { SensorValue } from '@oppidum/device/reading-pack';

/** `name`: its type on the ledger; with a number, the label of a device. */
export type DeviceKind = { readonly name: string; readonly modelName: string };

/** What a device measures at a moment of town time: a function of its place in the town and the moment, and of nothing else. */
export type Measure = (timeMs: number) => readonly SensorValue[];

/** A value with its unit of the SenML registry (RFC 8428 §12.1, RFC 8798 §3). */
export function quantity(sensor: string, value: number, unit: string): SensorValue {
  return { sensor, unit, value };
}

/** What is wrong with a part of the town just now, in words; null while all is well. */
export type TroubleAt = (timeMs: number) => string | null;
