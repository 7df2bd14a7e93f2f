/** Listening on a port that somebody else may have. */

import { formatError } from '@oppidum/formats/errors';

/** What a failed `listen` means: PORT_TAKEN where that is why, else the error itself. */
export function portTaken(error: Error, { host, port }: { readonly host: string; readonly port: number }): Error {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'EADDRINUSE' || code === 'EACCES' ? formatError('PORT_TAKEN', { host, port, system: code }) : error;
}
