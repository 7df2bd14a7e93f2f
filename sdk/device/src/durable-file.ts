/** Small files that survive power loss: written beside their place, fsynced, renamed, and the folder fsynced. */

import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Bytes } from '@oppidum/formats/bytes';

const PRIVATE_FILE = 0o600;
const PRIVATE_FOLDER = 0o700;

/** Replaces a file atomically; resolves when bytes and name are on disk. Only the owner may read it unless `mode` says so. One writer per path. */
export async function writeFileDurably(path: string, bytes: Bytes, mode = PRIVATE_FILE): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true, mode: PRIVATE_FOLDER });
  const fresh = `${path}.new`;
  // A file left over from a crash would keep its old mode.
  await rm(fresh, { force: true });
  const file = await open(fresh, 'w', mode);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(fresh, path);
  await fsyncFolder(folder);
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
