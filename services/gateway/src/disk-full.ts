/** Whether the disk had no more room, as files, LMDB and SQLite each say so. */

import { statfsSync } from 'node:fs';
import { type FormatError, formatError } from '@oppidum/formats/errors';

/** ENOSPC and EDQUOT as numbers: LMDB gives these (Linux, macOS). */
const FULL_NUMBERS: ReadonlySet<unknown> = new Set([28, 69, 122]);
const FULL_CODES: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT']);
const FULL_WORDS = /no space left on device|disk quota exceeded|database or disk is full/i;
const CAUSE_COUNT_MAX = 8;
/** With less than this, a commit may have found no room. */
const NO_ROOM_BYTES = 1 << 20;

/** DISK_FULL where that is why something failed, else null. `freeBytes`: on the disk that was written to. */
export function diskFull(error: unknown, freeBytes: () => number): FormatError | null {
  let reason = error;
  for (let count = 0; reason instanceof Error && count < CAUSE_COUNT_MAX; count++) {
    const { code, message, cause } = reason as NodeJS.ErrnoException;
    if (FULL_CODES.has(code) || FULL_NUMBERS.has(code) || FULL_WORDS.test(message)) return formatError('DISK_FULL', {});
    // LMDB tells the cause of a failed commit later, and to others.
    if ('commitError' in reason && freeBytes() < NO_ROOM_BYTES) return formatError('DISK_FULL', {});
    reason = cause;
  }
  return null;
}

/** Bytes free for this user on the disk of a folder. */
export function freeBytesOf(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}
