/**
 * One process per folder: a file `lock` that names its holder. It is stale when the holder is gone: same machine, no such process
 * or one begun at another time (process numbers come again, in containers always); another machine, a holder that has not touched
 * the file for `HEARTBEAT_MAX_MS`.
 */

import { randomBytes } from 'node:crypto';
import {
  existsSync,
  linkSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { formatError } from '@oppidum/formats/errors';

const HEARTBEAT_MS = 5_000;
const HEARTBEAT_MAX_MS = 30_000;

/** Who holds a lock; `begun` tells two processes of one number apart where the system says when a process began. */
type Holder = { readonly pid: number; readonly host: string; readonly begun: string; readonly token: string };

/** A lock that is held until `release`, or until the process ends. */
export type FolderLock = { readonly release: () => void };

/** Takes the lock of a folder. Throws DATA_FOLDER_LOCKED while a living process holds it. */
export function lockFolder(folder: string): FolderLock {
  const file = join(folder, 'lock');
  const mine: Holder = {
    pid: process.pid,
    host: hostname(),
    begun: beginningOf(process.pid),
    token: randomBytes(8).toString('hex'),
  };
  takeLock(file, JSON.stringify(mine));
  const heartbeat = setInterval(() => touch(file), HEARTBEAT_MS).unref();
  return {
    release: () => {
      clearInterval(heartbeat);
      if (readText(file) === JSON.stringify(mine)) rmSync(file, { force: true });
    },
  };
}

/** Takes the locks of a data folder and of the folders of its shards, whose processes may outlive their city. Throws as `lockFolder`. */
export function lockWholeFolder(folder: string): FolderLock {
  const locks: FolderLock[] = [];
  const release = (): void => {
    for (const lock of locks.splice(0).reverse()) lock.release();
  };
  try {
    locks.push(lockFolder(folder));
    for (const shard of shardFolders(join(folder, 'shards'))) locks.push(lockFolder(shard));
    return { release };
  } catch (error) {
    release();
    throw error;
  }
}

function shardFolders(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const found = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return found.map(({ name }) => join(folder, name));
}

function takeLock(file: string, mine: string): void {
  const own = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  writeFileSync(own, mine);
  try {
    for (;;) {
      if (linkIfFree(own, file)) return;
      const seen = readText(file);
      if (seen === null) continue;
      if (isAlive(file, seen)) throw formatError('DATA_FOLDER_LOCKED', { file, ...facts(seen) });
      // Renaming is atomic: of several processes one removes the stale file, and a fresh one moved by mistake is put back.
      const moved = `${own}.stale`;
      if (!renameIfThere(file, moved)) continue;
      if (readText(moved) !== seen) linkIfFree(moved, file);
      rmSync(moved, { force: true });
    }
  } finally {
    rmSync(own, { force: true });
  }
}

/** True when the file now has the second name; false when that name is taken. */
function linkIfFree(existing: string, name: string): boolean {
  try {
    linkSync(existing, name);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function renameIfThere(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

function readText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function isAlive(file: string, text: string): boolean {
  const holder = parseHolder(text);
  if (holder === null) return false;
  if (holder.host !== hostname())
    return Date.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0) < HEARTBEAT_MAX_MS;
  return processExists(holder.pid) && holder.begun === beginningOf(holder.pid);
}

function parseHolder(text: string): Holder | null {
  try {
    const { pid, host, begun, token } = JSON.parse(text) as Record<string, unknown>;
    const isHolder = Number.isSafeInteger(pid) && typeof host === 'string' && typeof begun === 'string';
    return isHolder ? { pid: pid as number, host, begun, token: String(token) } : null;
  } catch {
    return null;
  }
}

function facts(text: string): { readonly pid?: number; readonly host?: string } {
  const holder = parseHolder(text);
  return holder === null ? {} : { pid: holder.pid, host: holder.host };
}

function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Boot and time since it at which a process began (proc(5): field 22 of stat); empty where the system has no /proc. */
function beginningOf(pid: number): string {
  const stat = readText(`/proc/${pid}/stat`);
  const boot = readText('/proc/sys/kernel/random/boot_id');
  // The second field is the program's name in parentheses and may itself contain spaces.
  const ticks = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  return ticks === undefined || boot === null ? '' : `${boot.trim()} ${ticks}`;
}

function touch(file: string): void {
  const now = new Date();
  try {
    utimesSync(file, now, now);
  } catch {
    // Somebody removed the file or the disk is gone: what this process writes next will say so better.
  }
}
