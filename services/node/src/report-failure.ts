/** How an entry point of this house ends when it cannot do its work: one sentence, and the exit code of the catalogue. */

import { ERRORS } from '@oppidum/formats/error-catalogue';
import { describeError, FormatError } from '@oppidum/formats/errors';

/** Runs an entry point; a FormatError becomes a sentence on standard error and an exit code, anything else is a fault and stays one. */
export async function reportFailure(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    process.stderr.write(`oppidum: ${describeError(error.code, error.details)}\n`);
    process.exitCode = ERRORS[error.code].exitCode;
  }
}
