/** Arguments that name records of the state: a kind, and the leading parts of a key. */

import { stateKinds } from '@oppidum/formats/state-registry';
import { usageFailure } from './failure.ts';

/** The name of a kind of record. Throws exit code 2, with the nearest name. */
export function kindArgument(name: string): string {
  const names = stateKinds.map((kind) => kind.name);
  if (names.includes(name)) return name;
  const near = names.find(
    (known) => known.toLowerCase() === name.toLowerCase() || known.startsWith(name) || name.startsWith(known),
  );
  throw usageFailure(
    `${name} is no kind of record`,
    near === undefined ? `Kinds are ${names.join(', ')}` : `Did you mean ${near}? Kinds are ${names.join(', ')}`,
  );
}

/** One more part of a key: 64 hex digits or a whole number. Throws exit code 2. */
export function segmentArgument(text: string, before: readonly string[] = []): readonly string[] {
  const isNumber = /^(0|[1-9][0-9]{0,15})$/.test(text) && Number.isSafeInteger(Number(text));
  if (!isNumber && !/^[0-9a-f]{64}$/.test(text))
    throw usageFailure(`A part of a key is 64 digits 0-9 a-f or a number, not ${text}`);
  return [...before, text];
}
