/** Small files that survive power loss: written beside their place, fsynced, renamed, and the folder fsynced. */

import { randomUUID } from 'node:crypto';
import { link, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Bytes } from '@oppidum/formats/bytes';
import { makePrivateFolder } from './private-folder.ts';

const PRIVATE_FILE = 0o600;
/** What file systems say that give no file a second name: those of memory cards, some of networks. */
const NO_LINKS: ReadonlySet<string | undefined> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

/** Replaces a file atomically; resolves when bytes and name are on disk. Only the owner may read it unless `mode` says so. One writer per path. */
export async function writeFileDurably(path: string, bytes: Bytes, mode = PRIVATE_FILE): Promise<void> {
  const fresh = `${path}.new`;
  makePrivateFolder(dirname(path));
  // A file left over from a crash would keep its old mode.
  await rm(fresh, { force: true });
  await writeAndSync(fresh, bytes, { flag: 'w', mode });
  await rename(fresh, path);
  await fsyncFolder(dirname(path));
}

/**
 * Makes a file that must not be there, for its owner alone; false where it is, also for all but one of those who try at the same time.
 * It is there whole or not at all, but on file systems without second names, where a power loss may leave the beginning of it.
 */
export async function makeFileDurably(path: string, bytes: Bytes): Promise<boolean> {
  const fresh = `${path}.${randomUUID()}.new`;
  const options = { flag: 'wx', mode: PRIVATE_FILE };
  makePrivateFolder(dirname(path));
  try {
    await writeAndSync(fresh, bytes, options);
    // Unlike a rename, a second name replaces nothing.
    await link(fresh, path).catch((error: NodeJS.ErrnoException) => {
      if (!NO_LINKS.has(error.code)) throw error;
      return writeAndSync(path, bytes, options);
    });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  } finally {
    await rm(fresh, { force: true });
    await fsyncFolder(dirname(path));
  }
}

async function writeAndSync(path: string, bytes: Bytes, { flag, mode }: { flag: string; mode: number }): Promise<void> {
  const file = await open(path, flag, mode);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function fsyncFolder(folder: string): Promise<void> {
  // Windows cannot open folders; NTFS journals names itself.
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
