/**
 * The API key of a command line: from a file that only its owner may read, named by --key-file or OPPIDUM_API_KEY_FILE, never from a flag
 * or a variable itself, where the lists of processes show it to everybody on the machine.
 */

import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { formatError } from '@oppidum/formats/errors';

/** Bits of the mode that let the group or others in. */
const OTHERS = 0o077;
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

/** The key in a file. Throws KEY_FILE_MISSING, KEY_FILE_PERMISSIONS (modes mean nothing on Windows), API_KEY_INVALID. */
function readKeyFile(path: string): string {
  const descriptor = open(path);
  try {
    const { mode } = fstatSync(descriptor);
    if (process.platform !== 'win32' && (mode & OTHERS) !== 0)
      throw formatError('KEY_FILE_PERMISSIONS', { path, mode: (mode & 0o777).toString(8) });
    const text = readFileSync(descriptor, 'utf8').trim();
    if (!FORM.test(text)) throw formatError('API_KEY_INVALID', { path });
    return text;
  } finally {
    closeSync(descriptor);
  }
}

function open(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw formatError('KEY_FILE_MISSING', { path });
    if (code === 'EACCES' || code === 'EPERM') throw formatError('KEY_FILE_PERMISSIONS', { path });
    throw error;
  }
}
