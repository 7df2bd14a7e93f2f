/** Files that a command makes and never replaces. */

import { writeFileSync } from 'node:fs';
import type { Bytes } from '@oppidum/formats/bytes';
import { usageFailure } from './failure.ts';

/** Writes a file that is not there yet; a link is there even where it names nothing, and is not followed. Throws exit code 2. */
export function writeNew(file: string, bytes: Bytes): void {
  try {
    writeFileSync(file, bytes, { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw usageFailure(`${file} is there already`, 'Name another file with --out FILE');
  }
}
