/** Who holds a data folder, by its lock. Loads nothing else, for processes that stay small. */

import { existsSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';

/** `isAlive`: it is a living process of this machine. */
export type Holder = { readonly pid: number; readonly host: unknown; readonly isAlive: boolean };

/** The holder, or null; null also for what is no lock: the next start takes its place. */
export function holderOf(data: string): Holder | null {
  const file = join(data, 'lock');
  if (!existsSync(file)) return null;
  try {
    const { pid, host } = JSON.parse(readFileSync(file, 'utf8')) as { readonly pid?: unknown; readonly host?: unknown };
    return typeof pid === 'number' ? { pid, host, isAlive: host === hostname() && processExists(pid) } : null;
  } catch {
    return null;
  }
}

function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
