/** Listening on a port that somebody else may have. */

import { formatError } from '@oppidum/formats/errors';

/** Connections that wait to be accepted: every device of a city comes back at once after a restart, and strangers come in thousands. */
export const LISTEN_BACKLOG = 4_096;

/** What a failed `listen` means: PORT_TAKEN where that is why, else the error itself. */
export function portTaken(error: Error, { host, port }: { readonly host: string; readonly port: number }): Error {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'EADDRINUSE' || code === 'EACCES' ? formatError('PORT_TAKEN', { host, port, system: code }) : error;
}
