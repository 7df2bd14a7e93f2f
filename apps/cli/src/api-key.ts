/**
 * The API key of a command line: from a file that only its owner may read, named by --key-file or OPPIDUM_API_KEY_FILE, never from a flag
 * or a variable itself, where the lists of processes show it to everybody on the machine.
 */

import { readSecretFile } from '@oppidum/crypto/secret-file';
import { formatError } from '@oppidum/formats/errors';

const FORM = /^opk_[0-9a-f]{16}_[0-9a-f]{72}$/;

let file: string | undefined;

/** Names the file for all calls of this process; undefined: OPPIDUM_API_KEY_FILE. */
export function useKeyFile(path: string | undefined): void {
  file = path;
}

/** The key to send, or null where no file is named. Throws as `readKeyFile` does. */
export function apiKey(): string | null {
  const path = file ?? process.env['OPPIDUM_API_KEY_FILE'];
  return path === undefined || path === '' ? null : readKeyFile(path);
}

/** The key in a file. Throws as `readSecretFile` does, and API_KEY_INVALID. */
function readKeyFile(path: string): string {
  const text = new TextDecoder().decode(readSecretFile(path)).trim();
  if (!FORM.test(text)) throw formatError('API_KEY_INVALID', { path });
  return text;
}
