/** Small files of a data folder, read for what they are. */

import { readdirSync, readFileSync, statSync } from 'node:fs';
import type { Bytes } from '@oppidum/formats/bytes';

/** The bytes of a file, or null where there is none. */
export function readIfThere(path: string): Bytes | null {
  try {
    return new Uint8Array(readFileSync(path));
  } catch (error) {
    if (isAbsence(error)) return null;
    throw error;
  }
}

/** Names in a folder, sorted; empty where there is none. */
export function listNames(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    if (isAbsence(error)) return [];
    throw error;
  }
}

/** Permission bits of a file or folder, or null where there is none, or where the system has no such bits. */
export function modeOf(path: string): number | null {
  if (process.platform === 'win32') return null;
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? null : found.mode & 0o777;
}

function isAbsence(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
}
