/** Files that only their owner may read. What is in them enters no log line and no error. */

import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import type { Bytes } from '@oppidum/formats/bytes';
import { formatError } from '@oppidum/formats/errors';

/** Bits of the mode that let the group or others in. */
const OTHERS = 0o077;

/** What is in the file. Throws KEY_FILE_MISSING, and as `readSecretFileIfThere` does. */
export function readSecretFile(path: string): Bytes {
  const secret = readSecretFileIfThere(path);
  if (secret === null) throw formatError('KEY_FILE_MISSING', { path });
  return secret;
}

/**
 * The same, or null where there is no file.
 * Throws KEY_FILE_PERMISSIONS (group or others may read it, or we may not; modes mean nothing on Windows).
 */
export function readSecretFileIfThere(path: string): Bytes | null {
  const descriptor = openIfThere(path);
  if (descriptor === null) return null;
  try {
    const { mode } = fstatSync(descriptor);
    if (process.platform !== 'win32' && (mode & OTHERS) !== 0)
      throw formatError('KEY_FILE_PERMISSIONS', { path, mode: (mode & 0o777).toString(8) });
    return new Uint8Array(readFileSync(descriptor));
  } finally {
    closeSync(descriptor);
  }
}

function openIfThere(path: string): number | null {
  try {
    return openSync(path, 'r');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    if (code === 'EACCES' || code === 'EPERM') throw formatError('KEY_FILE_PERMISSIONS', { path });
    throw error;
  }
}
