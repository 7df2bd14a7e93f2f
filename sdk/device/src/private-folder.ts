/** Folders of a device that only their owner may enter, and whose names survive power loss. */

import { accessSync, closeSync, constants, fsyncSync, mkdirSync, openSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

const PRIVATE_FOLDER = 0o700;

/** Those whose names this process has made durable: they are few. */
const settled = new Set<string>();

/**
 * Makes a folder and its missing parents; returns when their names are on disk. Also of a folder that is there, once in a process: whoever
 * made it may have died before that.
 */
export function makePrivateFolder(folder: string): void {
  const place = resolve(folder);
  const first = mkdirSync(place, { recursive: true, mode: PRIVATE_FOLDER });
  if (first === undefined && (settled.has(place) || !isReadable(dirname(place)))) return;
  const top = dirname(first === undefined ? place : resolve(first));
  let parent = dirname(place);
  for (; parent.length > top.length; parent = dirname(parent)) fsyncFolder(parent);
  fsyncFolder(parent);
  settled.add(place);
}

/** What is in a folder that this user may not read, somebody else has made. */
function isReadable(folder: string): boolean {
  try {
    accessSync(folder, constants.R_OK);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES') return false;
    throw error;
  }
}

/** Makes the names in a folder durable. */
export function fsyncFolder(folder: string): void {
  // Windows cannot open folders; NTFS journals names itself.
  if (process.platform === 'win32') return;
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
