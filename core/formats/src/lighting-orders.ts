/**
 * Commands to lamps (specs/lighting.md §5), read once for the ledger, which checks them against the programme and the sensors it knows, and
 * for lamps, which check them again against their own.
 */

import { type Rejection, reject } from './errors.ts';

/** By name: its arguments with their least and greatest values. Levels are whole percent of the full luminous flux. */
const LIGHT_COMMANDS = {
  /** So bright until dawn, in every section of the zone; never less than its class needs at any moment. */
  'light/level': [{ name: 'percent', min: 1, max: 100 }],
  /** The same for one section, counted from 0 in the programme. */
  'light/section-level': [
    { name: 'section', min: 0, max: 63 },
    { name: 'percent', min: 1, max: 100 },
  ],
  /** Full light until dawn, or from the next dusk on: the safe direction. */
  'light/full': [],
  /** Back to the programme. */
  'light/programme': [],
  /** Full light for so many minutes, also by day. */
  'light/maintenance': [{ name: 'minutes', min: 1, max: 480 }],
} as const satisfies Readonly<Record<string, readonly { readonly name: string; readonly min: number; readonly max: number }[]>>;

export type LightCommandName = keyof typeof LIGHT_COMMANDS;

/** A command with its arguments named. `section`: null for all. */
export type LightCommand =
  | { readonly name: 'level'; readonly section: number | null; readonly percent: number }
  | { readonly name: 'full' }
  | { readonly name: 'programme' }
  | { readonly name: 'maintenance'; readonly minutes: number };

/** Reads a command, or says why it is none: COMMAND_UNKNOWN, ARGUMENT_RANGE. */
export function readLightCommand(command: string, values: readonly number[]): LightCommand | Rejection {
  if (!Object.hasOwn(LIGHT_COMMANDS, command)) return reject('COMMAND_UNKNOWN', { command });
  const name = command as LightCommandName;
  const parameters: readonly { name: string; min: number; max: number }[] = LIGHT_COMMANDS[name];
  if (values.length !== parameters.length)
    return reject('ARGUMENT_RANGE', { command, want: parameters.length, got: values.length });
  for (const [i, { name: argument, min, max }] of parameters.entries()) {
    const value = values[i] as number;
    if (!(Number.isSafeInteger(value) && value >= min && value <= max))
      return reject('ARGUMENT_RANGE', { command, argument, min, max });
  }
  const [first, second] = values as readonly [number, number];
  switch (name) {
    case 'light/level':
      return { name: 'level', section: null, percent: first };
    case 'light/section-level':
      return { name: 'level', section: first, percent: second };
    case 'light/full':
      return { name: 'full' };
    case 'light/programme':
      return { name: 'programme' };
    case 'light/maintenance':
      return { name: 'maintenance', minutes: first };
  }
}
