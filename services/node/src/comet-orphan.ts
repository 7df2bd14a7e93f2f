/**
 * A CometBFT whose node was killed. It ends when it notices that its application is gone, but it may be at a place where it never does,
 * and then holds the databases of its home against every other. Whoever holds the data folder may end it.
 */

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { resolve } from 'node:path';

/** Ends every CometBFT that runs on this home, where the system tells of processes as Linux does. */
export function endOrphans(home: string): void {
  for (const pid of listNumbers('/proc')) {
    if (!runsOn(pid, resolve(home))) continue;
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It is gone already, or another user's.
    }
  }
}

function runsOn(pid: number, home: string): boolean {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    const at = words.findIndex((word, i) => word === 'node' && words[i + 1] === '--home');
    return at >= 0 && resolve(readlinkSync(`/proc/${pid}/cwd`), words[at + 2] ?? '') === home;
  } catch {
    return false;
  }
}

function listNumbers(folder: string): number[] {
  try {
    return readdirSync(folder)
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}
