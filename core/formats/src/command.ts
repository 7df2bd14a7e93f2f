/** Commands to actuators, as orders, envelopes and the capabilities of models spell them: a name and whole numbers. */

import { formatError } from './errors.ts';
import { LIMITS } from './limits.ts';
import { isCommandName } from './model-description.ts';
import { list, type Schema, text, uint } from './schema.ts';

/** The name of a command: at most 32 bytes. Throws TEXT_INVALID beside what a text throws. */
export function commandName(): Schema<string> {
  const inner = text(LIMITS.commandNameSizeMax, 3);
  const checked = (name: string, path: string): string => {
    if (!isCommandName(name)) throw formatError('TEXT_INVALID', { at: path, want: 'DOMAIN/VERB in lower case' });
    return name;
  };
  return {
    ...inner,
    parse: (value, path) => checked(inner.parse(value, path), path),
    fromJson: (json, path) => checked(inner.fromJson(json, path), path),
  };
}

/** One argument of a command, or a bound of it. */
export const commandArgument = (): Schema<number> => uint({ min: Number.MIN_SAFE_INTEGER });

/** All arguments of a command. */
export const commandArguments = (): Schema<number[]> => list(commandArgument(), { max: LIMITS.commandArgumentCountMax });

/** What an actuator is told. */
export type Command = { readonly command: string; readonly arguments: readonly number[] };
