/** How the entry points of services begin and end: options or one sentence, the work, and the exit code of the catalogue. */

import { ERRORS } from '@oppidum/formats/error-catalogue';
import { describeError, FormatError } from '@oppidum/formats/errors';

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

export type Entry<T> = {
  /** One line after the sentence about a wrong option. */
  readonly usage: string;
  /** The options, or what is wrong with them; what `parseArgs` throws counts as that. */
  readonly readOptions: () => T | string;
  /** The work; a FormatError becomes a sentence on standard error and its exit code, anything else is a fault and stays one. */
  readonly run: (options: T) => Promise<void>;
};

/** Runs an entry point to its end. */
export async function runEntry<T extends object>({ usage, readOptions, run }: Entry<T>): Promise<void> {
  const options = readOrExplain(readOptions);
  if (typeof options === 'string') {
    process.stderr.write(`${options}\n${usage}\n`);
    process.exitCode = EXIT_USAGE;
    return;
  }
  try {
    await run(options);
  } catch (error) {
    const isOurs = error instanceof FormatError;
    // A fault keeps its stack; a file that cannot be read or a port that is taken has a sentence of the system.
    if (!isOurs && (error as NodeJS.ErrnoException).syscall === undefined) throw error;
    // Facts of a refusal may be another node's own words.
    const said = isOurs ? describeError(error.code, error.details) : (error as Error).message;
    process.stderr.write(`oppidum: ${printable(said)}\n`);
    process.exitCode = isOurs ? ERRORS[error.code].exitCode : EXIT_FAILED;
  }
}

/** Controls and other characters without a mark as escapes: they would move the cursor of whoever reads, or turn the text around. */
function printable(text: string): string {
  const escapeUnit = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => character.split('').map(escapeUnit).join(''));
}

function readOrExplain<T>(readOptions: () => T | string): T | string {
  try {
    return readOptions();
  } catch (error) {
    return (error as Error).message;
  }
}
