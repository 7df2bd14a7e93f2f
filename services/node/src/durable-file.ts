/**
 * Small files that survive power loss: written beside their place, fsynced, renamed, and the folder fsynced. A reader sees the old
 * bytes or the new ones, never a part. One writer per path.
 *
 * Only what may wait for the disk waits elsewhere, fsync and rename: opening and writing take microseconds, while every wait costs a turn
 * of a busy event loop.
 */

import { accessSync, closeSync, constants, fsync, fsyncSync, mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Bytes } from '@oppidum/formats/bytes';

/** Files of the city: readable by all, for the gateway that serves them may run as another user. */
const PUBLIC_MODE = 0o644;

const fsyncSoon = promisify(fsync);

/** Makes the names in a folder durable. */
export async function fsyncFolder(folder: string): Promise<void> {
  // Windows cannot open folders; NTFS journals names itself.
  if (process.platform === 'win32') return;
  const file = openSync(folder, 'r');
  try {
    await fsyncSoon(file);
  } finally {
    closeSync(file);
  }
}

/** The same where nobody can wait: of a folder whose names change once. */
export function fsyncFolderSync(folder: string): void {
  if (process.platform === 'win32') return;
  const file = openSync(folder, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Writes a file and fsyncs its bytes; its name is durable only after `fsyncFolder`. Replaces what is there, not atomically. */
export async function writeAndSync(path: string, bytes: Bytes, mode = PUBLIC_MODE): Promise<void> {
  await writeOpened(openSync(path, 'w', mode), bytes);
}

/** Closes it. */
async function writeOpened(file: number, bytes: Bytes): Promise<void> {
  try {
    writeFileSync(file, bytes);
    await fsyncSoon(file);
  } finally {
    closeSync(file);
  }
}

/** The same in a process that has nothing else to do. */
export function writeAndSyncNow(path: string, bytes: Bytes): void {
  const file = openSync(path, 'w', PUBLIC_MODE);
  try {
    writeFileSync(file, bytes);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Replaces a file atomically and durably; resolves when both bytes and name are on disk. */
export async function writeFileDurably(path: string, bytes: Bytes, mode = PUBLIC_MODE): Promise<void> {
  const fresh = `${path}.new`;
  await writeOpened(openFresh(fresh, mode), bytes);
  // FAULT POINT: written, not in its place
  await rename(fresh, path);
  // FAULT POINT: in its place, its name not on the disk
  await fsyncFolder(dirname(path));
}

/** A file that nobody else has open. One left over from a crash would keep its old mode; mostly there is none, and nothing to remove. */
function openFresh(path: string, mode: number): number {
  try {
    return openSync(path, 'wx', mode);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    rmSync(path);
    return openSync(path, 'wx', mode);
  }
}

/**
 * Makes a folder and its missing parents; gives those that hold names which need `fsyncFolder`: of folders made now, and of all below `root`,
 * for whoever made those that were there may have died before their names were durable.
 */
export async function makeFolder(folder: string, mode = 0o755, root = dirname(resolve(folder))): Promise<string[]> {
  const first = mkdirSync(folder, { recursive: true, mode });
  const top = first === undefined ? root : shorter(dirname(resolve(first)), root);
  const parents: string[] = [];
  for (let parent = dirname(resolve(folder)); parent.length >= top.length; parent = dirname(parent)) {
    // What was there, in a folder that this user may not read, somebody else has made.
    if (first !== undefined || isReadable(parent)) parents.push(parent);
    if (parent === top) break;
  }
  return parents;
}

/** The same, and their names are durable when it resolves. */
export async function makeFolderDurably(folder: string, mode?: number): Promise<void> {
  for (const parent of await makeFolder(folder, mode)) await fsyncFolder(parent);
}

function isReadable(folder: string): boolean {
  try {
    accessSync(folder, constants.R_OK);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES') return false;
    throw error;
  }
}

/** Of two folders above another the upper one. */
function shorter(one: string, other: string): string {
  return one.length < other.length ? one : other;
}
