/** A lock by a file, for what several processes would otherwise make at the same time. */

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Longer than any work under a lock takes: whoever holds it for longer is gone. */
const LOCK_TIMEOUT_MS = 120_000;
const LOCK_CHECK_MS = 200;

/** Does the work while nobody else holds `path`.lock; waits for whoever does. A lock of a process that no longer lives is none. */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  const lock = `${path}.lock`;
  mkdirSync(dirname(lock), { recursive: true });
  const begun = Date.now();
  while (!isTaken(lock)) {
    if (!isHeld(lock) || Date.now() - begun > LOCK_TIMEOUT_MS) rmSync(lock, { force: true });
    else await new Promise((wait) => setTimeout(wait, LOCK_CHECK_MS));
  }
  try {
    return await work();
  } finally {
    rmSync(lock, { force: true });
  }
}

/** True when this process now holds it. */
function isTaken(lock: string): boolean {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  }
}

/** False when whoever took the lock no longer lives. */
function isHeld(lock: string): boolean {
  try {
    const pid = Number(readFileSync(lock, 'utf8'));
    if (pid > 0) process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
