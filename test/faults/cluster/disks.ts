/** Small disks of their own for the folders of a test, where this user may mount them. */

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Calls `use` with folders that exist, each the root of a disk of so many megabytes; null instead of a size leaves them on the disk of
 * the system. Everything is removed afterwards. False where disks are wanted and this user may not mount any.
 */
export async function onDisks(
  count: number,
  sizeMb: number | null,
  use: (folders: readonly string[]) => Promise<void>,
): Promise<boolean> {
  const root = mkdtempSync(join(tmpdir(), 'oppidum-cluster-'));
  const disks: string[] = [];
  try {
    const folders = Array.from({ length: count }, (_, i) => join(root, String(i + 1)));
    for (const folder of folders) {
      if (sizeMb === null) continue;
      mkdirSync(folder);
      if (spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMb}m`, 'oppidum-test', folder]).status !== 0) return false;
      disks.push(folder);
    }
    await use(folders);
    return true;
  } finally {
    for (const disk of disks) spawnSync('umount', ['-l', disk]);
    rmSync(root, { recursive: true, force: true });
  }
}

/** True where this user may mount a disk. */
export async function mayMount(): Promise<boolean> {
  return onDisks(1, 1, async () => undefined);
}
