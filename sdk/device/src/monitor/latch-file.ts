/**
 * The latch of a conflict monitor on disk: one small file that is there while it is tripped. Written beside its place, fsynced, renamed and
 * the folder fsynced before `write` returns, so that a loss of power finds it or finds nothing. What cannot be read counts as tripped.
 */

import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { encodeBy, parseBy } from '@oppidum/formats/common-schemas';
import { list, oneOf, struct, uint } from '@oppidum/formats/schema';
import { fsyncFolder, makePrivateFolder } from '../private-folder.ts';
import type { Latch, Trip } from './conflict-monitor.ts';

const PRIVATE_FILE = 0o600;

const tripSchema = struct({
  reason: oneOf('conflict', 'redFail', 'dualIndication', 'shortYellow', 'shortClearance', 'watchdog', 'unreadable'),
  phases: list(uint({ min: 1, max: 32 }), { max: 2 }),
});

/** The latch in this file. */
export function latchFile(path: string): Latch {
  return {
    read(): Trip | null {
      const bytes = readIfThere(path);
      return bytes === null ? null : parseBy(tripSchema, bytes);
    },
    write(trip): void {
      makePrivateFolder(dirname(path));
      const fresh = `${path}.new`;
      const file = openSync(fresh, 'w', PRIVATE_FILE);
      try {
        writeSync(file, encodeBy(tripSchema, { reason: trip.reason, phases: [...trip.phases] }));
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(fresh, path);
      fsyncFolder(dirname(path));
    },
    clear(): void {
      rmSync(path, { force: true });
      fsyncFolder(dirname(path));
    },
  };
}

function readIfThere(path: string): Uint8Array | null {
  try {
    return new Uint8Array(readFileSync(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
