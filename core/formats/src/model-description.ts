/**
 * What a model of device can be asked to do and what it measures, as its maker says: orders outside of it are refused, and a Thing
 * Description is written from it. Names are ASCII and ascend strictly, so that one description has one spelling.
 */

import { type Infer, list, optional, struct, text, uint } from './schema.ts';

/** A whole number, also below zero. */
const integer = () => uint({ min: Number.MIN_SAFE_INTEGER });

const byName = (a: { readonly name: string }, b: { readonly name: string }): number =>
  a.name < b.name ? -1 : a.name > b.name ? 1 : 0;

/** One argument of a command, in its place; `min` ≤ `max`, both allowed. */
const parameterSchema = struct({ name: text(32), min: integer(), max: integer(), unit: optional(text(16)) });

/** A command with its arguments in order, as in `light/level [60]`. */
const commandSchema = struct({ name: text(32, 3), parameters: list(parameterSchema, { max: 8 }) });
export type ModelCommand = Infer<typeof commandSchema>;

/** A sensor by the name that stands after the device's URN in SenML; `decimals`: how exactly it measures. */
const sensorSchema = struct({ name: text(64), unit: optional(text(16)), decimals: uint({ max: 9 }) });

/** Fields of a description, in actions and records. */
export const descriptionFields = {
  commands: list(commandSchema, { max: 32, order: byName }),
  sensors: list(sensorSchema, { max: 64, order: byName }),
} as const;

/** `area/verb` of lower-case letters, digits and hyphens. */
const COMMAND_NAME = /^[a-z][a-z0-9-]*\/[a-z][a-z0-9-]*$/;
const PARAMETER_NAME = /^[a-z][A-Za-z0-9]*$/;

/** True for what can name a command. */
export function isCommandName(name: string): boolean {
  return COMMAND_NAME.test(name);
}

/** True for what can name an argument of a command. */
export function isArgumentName(name: string): boolean {
  return PARAMETER_NAME.test(name);
}

/** What may follow a device's URN in a SenML name (RFC 8428 §4.5.1). */
const SENSOR_NAME = /^[A-Za-z0-9\-:./_]+$/;

/** True for what can name a sensor. */
export function isSensorName(name: string): boolean {
  return SENSOR_NAME.test(name);
}
